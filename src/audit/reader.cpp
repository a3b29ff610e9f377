#include <limits>

#include "audit/detail/index_check.h"
#include "audit/detail/rows.h"
#include "audit/log.h"

namespace escucha::audit {
namespace {

/// Entries read at once while verifying.
constexpr std::int64_t kPage = 4'000;

/// Where the walk ends, and the checkpoints that stood then.
struct Standing {
    std::int64_t last = 0;
    std::vector<Checkpoint> checkpoints;
};

Result<Standing> read_standing(store::Connection& connection, CompanyId company) {
    ESC_TRY(auto tx, store::Tx::begin(connection, store::TxKind::Snapshot));
    Standing standing;
    ESC_TRY(standing.checkpoints, read_checkpoints(connection, company));
    ESC_TRY(const auto row,
            connection.query_one("SELECT MAX(number) FROM audit_entry WHERE company_id = ?",
                                 {company}));
    ESC_TRY(const auto last, row->get<std::optional<std::int64_t>>(0));
    standing.last = last.value_or(0);
    return standing;
}

}  // namespace

Result<std::vector<Linked>> read_links(store::Connection& connection,
                                       CompanyId company,
                                       std::int64_t after,
                                       std::int64_t through,
                                       std::int64_t limit) {
    static const std::string kSql = "SELECT " + std::string{detail::kEntryColumns} +
                                    " FROM audit_entry e WHERE e.company_id = ? AND e.number > ?"
                                    " AND e.number <= ? ORDER BY e.number LIMIT ?";
    ESC_TRY(const auto rows, connection.query(kSql, {company, after, through, limit}));
    std::vector<Linked> links;
    links.reserve(rows.size());
    for (const store::Row& row : rows) {
        ESC_TRY(auto link, detail::read_link(row, company));
        links.push_back(std::move(link));
    }
    return links;
}

Result<Head> read_head(store::Connection& connection, CompanyId company) {
    static const std::string kSql = "SELECT " + std::string{detail::kEntryColumns} +
                                    " FROM audit_entry e WHERE e.company_id = ?"
                                    " ORDER BY e.number DESC LIMIT 1";
    ESC_TRY(const auto row, connection.query_one(kSql, {company}));
    if (!row) return Head{};
    ESC_TRY(const auto link, detail::read_link(*row, company));
    return Head{link.entry.number, link.hash};
}

Result<std::vector<Checkpoint>> read_checkpoints(store::Connection& connection, CompanyId company) {
    ESC_TRY(const auto rows,
            connection.query("SELECT ordinal, number, at_us, hash, key_id, signature"
                             " FROM audit_checkpoint WHERE company_id = ? ORDER BY ordinal",
                             {company}));
    std::vector<Checkpoint> checkpoints;
    for (const store::Row& row : rows) {
        ESC_TRY(auto checkpoint, detail::read_checkpoint(row, company));
        checkpoints.push_back(std::move(checkpoint));
    }
    return checkpoints;
}

Result<std::vector<CompanyId>> audited_companies(store::Connection& connection) {
    // From one company to the next by the key: DISTINCT would read every entry.
    ESC_TRY(const auto rows,
            connection.query("WITH RECURSIVE each_one (id) AS ("
                             "SELECT MIN(company_id) FROM audit_entry UNION ALL"
                             " SELECT (SELECT MIN(e.company_id) FROM audit_entry e"
                             " WHERE e.company_id > each_one.id) FROM each_one"
                             " WHERE each_one.id IS NOT NULL)"
                             " SELECT id FROM each_one WHERE id IS NOT NULL"
                             " UNION SELECT company_id FROM audit_checkpoint"));
    std::vector<CompanyId> companies;
    for (const store::Row& row : rows) {
        ESC_TRY(const auto id, row.get<CompanyId>(0));
        companies.push_back(id);
    }
    return companies;
}

Result<Report> verify(store::Connection& connection, CompanyId company, const SigningKeys* keys) {
    ESC_TRY(auto standing, read_standing(connection, company));
    Verification walk{company, std::move(standing.checkpoints), keys};
    detail::IndexCheck index{standing.last};
    for (std::int64_t after = 0; after < standing.last;) {
        ESC_TRY(const auto page, read_links(connection, company, after, standing.last, kPage));
        if (page.empty()) break;
        for (const Linked& link : page) {
            if (!walk.take(link)) return walk.finish();
            index.add(link.entry);
        }
        after = page.back().entry.number;
    }
    Report report = walk.finish();
    if (report.first) return report;
    ESC_TRY(const auto unindexed, index.compare(connection, company));
    if (unindexed) report.first = Finding{Fault::Unindexed, *unindexed};
    return report;
}

Result<std::vector<Entry>> search(store::Connection& connection, const Search& what) {
    const std::string columns = "SELECT " + std::string{detail::kEntryColumns};
    std::string sql, order;
    std::vector<store::Param> params{what.company};
    const auto add = [&](const std::string& condition, store::Param param) {
        sql += condition;
        params.push_back(std::move(param));
    };
    const auto below = what.below.value_or(std::numeric_limits<std::int64_t>::max());
    // By the index in whose order the page is: it then reads its own rows only. What SQLite is not
    // to go by is wrapped, and CROSS says which table comes first.
    std::string instant = "COALESCE(e.at_us, 0)";
    if (what.customer) {
        sql = columns +
              " FROM audit_subject s CROSS JOIN audit_entry e WHERE s.company_id = ?"
              " AND e.company_id = s.company_id AND e.number = s.number";
        add(" AND s.customer_id = ?", *what.customer);
        add(" AND s.number < ?", below);
        order = "s.number DESC";
    } else if (what.actor) {
        // The numbers first, from the index alone: it has the instants of all that a range leaves
        // out.
        sql = columns + " FROM audit_entry e WHERE e.company_id = ?";
        add(" AND e.number IN (SELECT x.number FROM audit_entry x WHERE x.company_id = ?",
            what.company);
        add(" AND x.actor_id = ?", *what.actor);
        add(" AND x.number < ?", below);
        if (what.from) add(" AND COALESCE(x.at_us, 0) >= ?", *what.from);
        if (what.to) add(" AND COALESCE(x.at_us, 0) < ?", *what.to);
        add(" ORDER BY x.number DESC LIMIT ?)", what.limit);
        order = "e.number DESC";
    } else if (!what.from && !what.to) {
        sql = columns + " FROM audit_entry e WHERE e.company_id = ?";
        add(" AND e.number < ?", below);
        order = "e.number DESC";
    } else {
        instant = "e.at_us";
        sql = columns + " FROM audit_entry e WHERE e.company_id = ?";
        if (what.below) {
            add(" AND (e.at_us, e.number) < (SELECT b.at_us, b.number FROM audit_entry b"
                " WHERE b.company_id = ?",
                what.company);
            add(" AND b.number = ?)", *what.below);
        }
        order = "e.at_us DESC, e.number DESC";
    }
    if (what.actor && what.customer) add(" AND COALESCE(e.actor_id, '') = ?", *what.actor);
    if (what.from) add(" AND " + instant + " >= ?", *what.from);
    if (what.to) add(" AND " + instant + " < ?", *what.to);
    params.emplace_back(what.limit);
    ESC_TRY(const auto rows, connection.query(sql + " ORDER BY " + order + " LIMIT ?", params));
    std::vector<Entry> entries;
    for (const store::Row& row : rows) {
        ESC_TRY(auto link, detail::read_link(row, what.company));
        entries.push_back(std::move(link.entry));
    }
    return entries;
}

}  // namespace escucha::audit
