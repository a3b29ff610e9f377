-- What leaves as a file: who asked for what and why, who let it, what was made of it. src/exports writes it.

-- `filter` is a JSON object of texts, `columns` words with spaces between. Until `expires_at_us` it may be
-- decided, made or fetched, as its state says. `mark_key` makes this export's hidden marks and finds them again;
-- the passphrase of the file is nowhere.
CREATE TABLE export_request (
    id TEXT PRIMARY KEY,
    company_id TEXT NOT NULL REFERENCES company (id) ON DELETE CASCADE,
    what TEXT NOT NULL,
    filter TEXT NOT NULL,
    columns TEXT NOT NULL,
    language TEXT NOT NULL,
    reason TEXT NOT NULL,
    asked_by TEXT NOT NULL,
    asked_at_us BIGINT NOT NULL,
    expected_rows BIGINT NOT NULL,
    state TEXT NOT NULL,
    expires_at_us BIGINT NOT NULL,
    mark_key BYTEA NOT NULL,
    decided_by TEXT,
    decided_at_us BIGINT,
    decision_reason TEXT NOT NULL DEFAULT '',
    failure TEXT NOT NULL DEFAULT '',
    ready_at_us BIGINT,
    row_count BIGINT NOT NULL DEFAULT 0,
    customer_count BIGINT NOT NULL DEFAULT 0,
    bytes BIGINT NOT NULL DEFAULT 0,
    downloads BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX export_request_by_company ON export_request (company_id, id);
CREATE INDEX export_request_by_expiry ON export_request (state, expires_at_us);
