-- Contacts are listed by id since 0002 and found by caller nowhere; every call paid for both.
DROP INDEX contact_by_arrival;
DROP INDEX contact_by_caller;
-- A case's last change moves with each contact; its status seldom does, and lists go by id.
DROP INDEX case_file_by_update;
CREATE INDEX case_file_by_status ON case_file (company_id, status, id);
