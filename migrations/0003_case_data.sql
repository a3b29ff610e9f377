-- What the caller gave and the flow's author put into the case; the last value of each name.
CREATE TABLE case_datum (
    case_id TEXT NOT NULL,
    name TEXT NOT NULL,
    company_id TEXT NOT NULL,
    type TEXT NOT NULL,
    value TEXT,
    given_by TEXT NOT NULL DEFAULT '',
    verified TEXT NOT NULL DEFAULT '',
    contact_id TEXT,
    first_seq BIGINT NOT NULL,
    recorded_at_us BIGINT NOT NULL,
    PRIMARY KEY (case_id, name)
);
