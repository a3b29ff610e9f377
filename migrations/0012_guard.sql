-- Who read more than the work explains, and the planted customers: docs/guard.md. Projections, as
-- the rest of what is read: no foreign keys, because the journal is never refused.

-- `blocks`: the reader sees only work until `lifted_at_us`. `customers` are ids, one space between.
-- `contact_id`, `number` (shortened) and `how` are of a canary that somebody was in contact with.
CREATE TABLE alert (
    id TEXT PRIMARY KEY,
    company_id TEXT NOT NULL,
    signal TEXT NOT NULL,
    severity TEXT NOT NULL,
    reader_kind TEXT NOT NULL,
    reader_id TEXT NOT NULL,
    other_id TEXT NOT NULL,
    at_us BIGINT NOT NULL,
    counted BIGINT NOT NULL,
    allowed BIGINT NOT NULL,
    window_s BIGINT NOT NULL,
    handled BIGINT NOT NULL,
    blocks BIGINT NOT NULL,
    customers TEXT NOT NULL,
    contact_id TEXT NOT NULL,
    number TEXT NOT NULL,
    how TEXT NOT NULL,
    acknowledged_at_us BIGINT,
    acknowledged_by TEXT NOT NULL DEFAULT '',
    acknowledged_why TEXT NOT NULL DEFAULT '',
    lifted_at_us BIGINT,
    lifted_by TEXT NOT NULL DEFAULT '',
    lifted_why TEXT NOT NULL DEFAULT ''
);
CREATE INDEX alert_by_company ON alert (company_id, id);
CREATE INDEX alert_open ON alert (company_id, id) WHERE acknowledged_at_us IS NULL;
CREATE INDEX alert_blocking ON alert (company_id, reader_id) WHERE blocks = 1;

-- Which customers are canaries, beside the customer's own row, which is like any other.
CREATE TABLE canary (
    id TEXT PRIMARY KEY,
    company_id TEXT NOT NULL,
    customer_id TEXT NOT NULL UNIQUE,
    number TEXT NOT NULL,
    email TEXT NOT NULL,
    planted_at_us BIGINT NOT NULL,
    planted_by TEXT NOT NULL
);
CREATE INDEX canary_by_company ON canary (company_id, id);
