-- Lists are read newest first by id (ids sort by creation), page by page, within one company. Without
-- statistics the planner would rather walk a whole company than a customer's few rows, so each of
-- these begins with the company.
CREATE INDEX contact_by_id ON contact (company_id, id);
CREATE INDEX contact_of_customer ON contact (company_id, customer_id, id) WHERE customer_id IS NOT NULL;
CREATE INDEX case_file_by_id ON case_file (company_id, id);
CREATE INDEX case_file_of_customer ON case_file (company_id, customer_id, id) WHERE customer_id IS NOT NULL;
