-- Roles of a company's own making beside the ten that every company has (src/identity/roles.cpp).

CREATE TABLE own_role (
    company_id TEXT NOT NULL REFERENCES company (id) ON DELETE CASCADE,
    key TEXT NOT NULL,
    name_es TEXT NOT NULL,
    name_en TEXT NOT NULL,
    permissions TEXT NOT NULL,
    PRIMARY KEY (company_id, key)
);

-- The list of roles was a CHECK of the column; the column is made again without it.
ALTER TABLE app_user ADD COLUMN role_key TEXT NOT NULL DEFAULT 'agent';
UPDATE app_user SET role_key = role;
ALTER TABLE app_user DROP COLUMN role;
ALTER TABLE app_user RENAME COLUMN role_key TO role;
