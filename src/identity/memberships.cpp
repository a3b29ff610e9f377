#include "identity/memberships.h"

#include "base/errc.h"
#include "identity/errc.h"
#include "identity/passwords.h"

namespace escucha::identity {
namespace {

// No login is written so, and no hash is empty: nobody signs in as a membership.
std::string login_of(UserId member) { return "=" + member.to_string(); }
constexpr std::string_view kNoPassword;

struct Person {
    CompanyId company;
    std::string name, language;
};

Result<Person> find_person(store::Connection& connection, UserId account) {
    ESC_TRY(const auto row,
            connection.query_one("SELECT company_id, name, language FROM app_user"
                                 " WHERE id = ? AND account_id IS NULL AND is_active = 1",
                                 {account}));
    if (!row) return fail(escucha::Errc::NotFound, "account");
    ESC_TRY(auto fields, (row->as<CompanyId, std::string, std::string>()));
    auto& [company, name, language] = fields;
    return Person{company, std::move(name), std::move(language)};
}

/// The ended membership, if there is one; an unfinished one is `Unique`.
Result<std::optional<UserId>> find_ended(store::Connection& connection,
                                         const NewMembership& membership) {
    ESC_TRY(const auto row,
            connection.query_one("SELECT id, is_active FROM app_user"
                                 " WHERE account_id = ? AND company_id = ?",
                                 {membership.account, membership.company}));
    if (!row) return std::optional<UserId>{};
    ESC_TRY(const auto fields, (row->as<UserId, bool>()));
    if (std::get<1>(fields)) return fail(store::Errc::Unique, "membership");
    return std::optional{std::get<0>(fields)};
}

Result<void> check_count(store::Connection& connection, UserId account) {
    ESC_TRY(const auto row,
            connection.query_one("SELECT COUNT(*) FROM app_user WHERE account_id = ?", {account}));
    ESC_TRY(const auto count, row->get<std::int64_t>(0));
    if (static_cast<std::size_t>(count) >= kMaxMemberships) {
        return fail(escucha::Errc::TooLarge, "memberships");
    }
    return ok();
}

Result<void> make_agent(store::Connection& connection, UserId user, CompanyId company) {
    ESC_TRY(const auto row, connection.query_one("SELECT id FROM agent WHERE user_id = ?", {user}));
    if (row) return ok();
    ESC_TRY(connection.execute("INSERT INTO agent (id, company_id, user_id) VALUES (?, ?, ?)",
                               {AgentId{user.value()}, company, user}));
    return ok();
}

}  // namespace

Result<std::vector<Membership>> memberships_of(store::Connection& connection, UserId account) {
    ESC_TRY(const auto rows,
            connection.query("SELECT u.id, c.id, c.key, c.name, u.role FROM app_user u"
                             " JOIN company c ON c.id = u.company_id"
                             " WHERE (u.id = ? OR u.account_id = ?) AND u.is_active = 1"
                             " ORDER BY u.account_id IS NOT NULL, c.name, c.id",
                             {account, account}));
    std::vector<Membership> found;
    for (const store::Row& row : rows) {
        ESC_TRY(auto fields, (row.as<UserId, CompanyId, std::string, std::string, std::string>()));
        auto& [user, company, key, name, role] = fields;
        ESC_TRY(const auto permissions, find_permissions(connection, company, role));
        found.push_back({.user = user,
                         .company = company,
                         .company_key = std::move(key),
                         .company_name = std::move(name),
                         .role = std::move(role),
                         .permissions = permissions.value_or(Permissions{})});
    }
    return found;
}

Result<UserId> add_membership(store::Connection& connection,
                              const NewMembership& membership,
                              UserId id,
                              WallTime now) {
    ESC_TRY(auto tx, store::Tx::begin(connection));
    ESC_TRY(const auto member, insert_membership(connection, membership, id, now));
    ESC_TRY(tx.commit());
    return member;
}

Result<UserId> insert_membership(store::Connection& connection,
                                 const NewMembership& membership,
                                 UserId id,
                                 WallTime now) {
    ESC_TRY(const auto person, find_person(connection, membership.account));
    if (person.company == membership.company) return fail(store::Errc::Unique, "membership");
    ESC_TRY(const auto permissions,
            permissions_of(connection, membership.company, membership.role));
    ESC_TRY(const auto ended, find_ended(connection, membership));
    if (ended) {
        id = *ended;
        ESC_TRY(
            connection.execute("UPDATE app_user SET is_active = 1, role = ?, name = ?"
                               " WHERE id = ?",
                               {membership.role, person.name, id}));
    } else {
        ESC_TRY(check_count(connection, membership.account));
        ESC_TRY(connection.execute(
            "INSERT INTO app_user (id, company_id, login, name, role, password_hash, language,"
            " created_at_us, account_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            {id,
             membership.company,
             login_of(id),
             person.name,
             membership.role,
             kNoPassword,
             person.language,
             now,
             membership.account}));
    }
    if (permissions.has(Permission::TakeContacts)) {
        ESC_TRY(make_agent(connection, id, membership.company));
    }
    return id;
}

Result<void> act_in(store::Connection& connection, std::string_view token, CompanyId company) {
    const std::string hash = sha256_hex(token);
    ESC_TRY(auto tx, store::Tx::begin(connection));
    ESC_TRY(const auto session,
            connection.query_one("SELECT user_id FROM session WHERE token_hash = ?", {hash}));
    if (!session) return fail(Errc::NoSession);
    ESC_TRY(const auto account, session->get<UserId>(0));
    ESC_TRY(const auto row,
            connection.query_one("SELECT id FROM app_user WHERE (id = ? OR account_id = ?)"
                                 " AND company_id = ? AND is_active = 1",
                                 {account, account, company}));
    if (!row) return fail(escucha::Errc::NotFound, "company");
    ESC_TRY(const auto user, row->get<UserId>(0));
    const auto acting = user == account ? std::optional<UserId>{} : std::optional{user};
    ESC_TRY(
        connection.execute("UPDATE session SET acting_id = ?, company_id = ? WHERE token_hash = ?",
                           {acting, company, hash}));
    return tx.commit();
}

}  // namespace escucha::identity
