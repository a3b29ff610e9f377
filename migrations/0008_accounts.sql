-- A password that an administrator made up: good until another is chosen, and until then. 0: one's own.
ALTER TABLE app_user ADD COLUMN one_time_until_us BIGINT NOT NULL DEFAULT 0;
-- Where a session was opened, for its owner to recognise: the address without its last part.
ALTER TABLE session ADD COLUMN user_agent TEXT NOT NULL DEFAULT '';
ALTER TABLE session ADD COLUMN address TEXT NOT NULL DEFAULT '';

-- Counts from when it is confirmed. The secret is sealed by a key of the key file.
CREATE TABLE second_factor (
    user_id TEXT PRIMARY KEY REFERENCES app_user (id) ON DELETE CASCADE,
    company_id TEXT NOT NULL,
    sealed_secret BYTEA NOT NULL,
    last_step BIGINT NOT NULL DEFAULT 0,
    created_at_us BIGINT NOT NULL,
    confirmed_at_us BIGINT NOT NULL DEFAULT 0
);

-- Each opens once: used is gone.
CREATE TABLE recovery_code (
    user_id TEXT NOT NULL REFERENCES app_user (id) ON DELETE CASCADE,
    code_hash TEXT NOT NULL,
    PRIMARY KEY (user_id, code_hash)
);

-- permissions: their words, separated by spaces. created_by is null for one of the operator's.
CREATE TABLE api_key (
    id TEXT PRIMARY KEY,
    company_id TEXT NOT NULL REFERENCES company (id) ON DELETE CASCADE,
    created_by TEXT REFERENCES app_user (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    key_hash TEXT NOT NULL UNIQUE,
    permissions TEXT NOT NULL,
    created_at_us BIGINT NOT NULL,
    expires_at_us BIGINT NOT NULL,
    last_used_at_us BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX api_key_by_company ON api_key (company_id, id);
