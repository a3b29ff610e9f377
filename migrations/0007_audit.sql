-- Who saw and changed what: docs/audit.md. Rows are added and never changed; src/audit writes them.

-- `customers` holds ids separated by spaces, in the order in which they were shown. `hash` answers
-- for the row and, by the hash of the row before, for all rows of the company up to it.
CREATE TABLE audit_entry (
    company_id TEXT NOT NULL,
    number BIGINT NOT NULL,
    at_us BIGINT NOT NULL,
    actor_kind TEXT NOT NULL,
    actor_id TEXT NOT NULL,
    session TEXT NOT NULL,
    action TEXT NOT NULL,
    outcome TEXT NOT NULL,
    object_kind TEXT NOT NULL,
    object_id TEXT NOT NULL,
    customers TEXT NOT NULL,
    contact_id TEXT NOT NULL,
    reason TEXT NOT NULL,
    details TEXT NOT NULL,
    hash BYTEA NOT NULL,
    PRIMARY KEY (company_id, number)
-- only sqlite
) STRICT, WITHOUT ROWID;
-- end only
-- only postgres
);
-- end only
-- What somebody did; the instant is in it so that a range of time is found without the rows.
CREATE INDEX audit_entry_by_actor ON audit_entry (company_id, actor_id, number, at_us);
CREATE INDEX audit_entry_by_time ON audit_entry (company_id, at_us, number);

-- Who has seen a customer: one row for each customer of an entry.
CREATE TABLE audit_subject (
    company_id TEXT NOT NULL,
    customer_id TEXT NOT NULL,
    number BIGINT NOT NULL,
    PRIMARY KEY (company_id, customer_id, number)
-- only sqlite
) STRICT, WITHOUT ROWID;
-- end only
-- only postgres
);
-- end only

-- The hash of entry `number`, signed. `ordinal` counts a company's checkpoints from 1.
CREATE TABLE audit_checkpoint (
    company_id TEXT NOT NULL,
    ordinal BIGINT NOT NULL,
    number BIGINT NOT NULL,
    at_us BIGINT NOT NULL,
    hash BYTEA NOT NULL,
    key_id TEXT NOT NULL,
    signature BYTEA NOT NULL,
    PRIMARY KEY (company_id, ordinal)
);

-- Against mistakes; the chain is for who takes these away first.
-- only sqlite
CREATE TRIGGER audit_entry_unchanged BEFORE UPDATE ON audit_entry
BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END;
CREATE TRIGGER audit_entry_kept BEFORE DELETE ON audit_entry
BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END;
CREATE TRIGGER audit_subject_unchanged BEFORE UPDATE ON audit_subject
BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END;
CREATE TRIGGER audit_subject_kept BEFORE DELETE ON audit_subject
BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END;
CREATE TRIGGER audit_checkpoint_unchanged BEFORE UPDATE ON audit_checkpoint
BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END;
CREATE TRIGGER audit_checkpoint_kept BEFORE DELETE ON audit_checkpoint
BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END;
-- end only
-- only postgres
CREATE FUNCTION audit_is_only_added_to() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is only added to' USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER audit_entry_unchanged BEFORE UPDATE OR DELETE ON audit_entry
    FOR EACH ROW EXECUTE FUNCTION audit_is_only_added_to();
CREATE TRIGGER audit_entry_kept BEFORE TRUNCATE ON audit_entry
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_only_added_to();
CREATE TRIGGER audit_subject_unchanged BEFORE UPDATE OR DELETE ON audit_subject
    FOR EACH ROW EXECUTE FUNCTION audit_is_only_added_to();
CREATE TRIGGER audit_subject_kept BEFORE TRUNCATE ON audit_subject
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_only_added_to();
CREATE TRIGGER audit_checkpoint_unchanged BEFORE UPDATE OR DELETE ON audit_checkpoint
    FOR EACH ROW EXECUTE FUNCTION audit_is_only_added_to();
CREATE TRIGGER audit_checkpoint_kept BEFORE TRUNCATE ON audit_checkpoint
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_only_added_to();
-- end only
