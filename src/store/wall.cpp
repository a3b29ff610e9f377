#include "store/wall.h"

namespace escucha::store {
namespace {

// The settings are asked for in sub-queries, once a statement instead of once a row. A recovery
// code is its user's, and whose that is the wall around users says.
constexpr std::string_view kRaise = R"(
DO $$
DECLARE
    one RECORD;
    sees_all CONSTANT TEXT := '(SELECT current_setting(''escucha.sees'', true)) = ''everything''';
    sees_own CONSTANT TEXT := '(SELECT current_setting(''escucha.company'', true))';
    rule TEXT;
BEGIN
    FOR one IN
        SELECT c.relname AS name, a.attname AS owner_column
        FROM pg_catalog.pg_class c
        JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND NOT a.attisdropped
        WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')
            AND (a.attname = 'company_id' OR (c.relname, a.attname) IN
                 (('company', 'id'), ('recovery_code', 'user_id')))
            AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_policy p WHERE p.polrelid = c.oid)
    LOOP
        rule := format('%I = %s OR %s', one.owner_column, sees_own, sees_all);
        IF one.name = 'recovery_code' THEN
            rule := 'EXISTS (SELECT 1 FROM app_user WHERE app_user.id = user_id)';
        END IF;
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', one.name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', one.name);
        EXECUTE format('CREATE POLICY company_wall ON %I USING (%s)', one.name, rule);
    END LOOP;
END
$$)";

}  // namespace

Result<void> raise_wall(Connection& connection) {
    if (connection.engine() != Engine::Postgres) return ok();
    return connection.run_script(kRaise);
}

Result<bool> holds_wall(Connection& connection) {
    if (connection.engine() != Engine::Postgres) return true;
    ESC_TRY(const auto row,
            connection.query_one("SELECT rolsuper OR rolbypassrls FROM pg_catalog.pg_roles"
                                 " WHERE rolname = current_user"));
    if (!row) return true;
    ESC_TRY(const auto passes, row->get<std::int64_t>(0));
    return passes == 0;
}

}  // namespace escucha::store
