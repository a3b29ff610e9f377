-- Whether the caller of a contact is known to be its customer, and how often a question was answered
-- wrong.
CREATE TABLE contact_verification (
    contact_id TEXT PRIMARY KEY,
    company_id TEXT NOT NULL,
    customer_id TEXT,
    verified_at_us BIGINT,
    right_questions TEXT NOT NULL DEFAULT '',
    wrong BIGINT NOT NULL DEFAULT 0
);

-- The class of what a caller gave; that of older data is not known, so they are taken as personal.
ALTER TABLE case_datum ADD COLUMN sensitivity TEXT NOT NULL DEFAULT 'personal';
