-- Who works for several companies has an account in the one where they sign in, and in each of the others a
-- membership: a user of that company, with a role, an agent and a history there, who opens no session alone.
ALTER TABLE app_user ADD COLUMN account_id TEXT REFERENCES app_user (id) ON DELETE CASCADE;
CREATE INDEX app_user_by_account ON app_user (account_id, company_id);

-- As whom the session acts; null is the account itself.
ALTER TABLE session ADD COLUMN acting_id TEXT REFERENCES app_user (id) ON DELETE CASCADE;

-- Queues that somebody stopped: they take nobody new. Projection.
CREATE TABLE queue_stop (
    queue_id TEXT PRIMARY KEY,
    company_id TEXT NOT NULL,
    at_us BIGINT NOT NULL,
    reason TEXT NOT NULL,
    user_id TEXT NOT NULL
);

-- Companies beside its own whose lines are dialled through a trunk: an outsourcer has one carrier for all.
CREATE TABLE trunk_company (
    trunk_id TEXT NOT NULL REFERENCES trunk (id) ON DELETE CASCADE,
    company_id TEXT NOT NULL REFERENCES company (id) ON DELETE CASCADE,
    PRIMARY KEY (trunk_id, company_id)
);
