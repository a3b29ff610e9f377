#include "audit/detail/rows.h"

#include <algorithm>
#include <optional>
#include <set>
#include <span>

namespace escucha::audit::detail {
namespace {

std::string join(const std::vector<CustomerId>& customers) {
    std::string text;
    for (const CustomerId& customer : customers) {
        if (!text.empty()) text += ' ';
        text += customer.to_string();
    }
    return text;
}

std::optional<std::vector<CustomerId>> split(std::string_view text) {
    std::vector<CustomerId> customers;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(' '), text.size());
        const auto id = CustomerId::parse(text.substr(0, end));
        if (!id) return std::nullopt;
        customers.push_back(*id);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return customers;
}

template <std::size_t N>
Bytes to_bytes(const std::array<std::uint8_t, N>& from) {
    const auto view = std::as_bytes(std::span{from});
    return Bytes{view.begin(), view.end()};
}

constexpr std::size_t kEntryWidth = 15;
constexpr std::size_t kSubjectWidth = 3;
/// Rows of one statement, for PostgreSQL answers each statement over a socket.
constexpr std::size_t kTogether = 32;

std::string places(std::size_t rows, std::size_t width) {
    std::string one = "(";
    for (std::size_t i = 0; i < width; ++i) one += i == 0 ? "?" : ", ?";
    one += ")";
    std::string all;
    for (std::size_t i = 0; i < rows; ++i) all += (i == 0 ? "" : ", ") + one;
    return all;
}

/// In two sizes only, so that both stay prepared.
Result<void> insert_rows(store::Connection& connection,
                         const std::string& head,
                         std::size_t width,
                         std::span<const store::Param> params) {
    while (!params.empty()) {
        const std::size_t rows = params.size() >= kTogether * width ? kTogether : 1;
        ESC_TRY(connection.execute(head + places(rows, width), params.first(rows * width)));
        params = params.subspan(rows * width);
    }
    return ok();
}

/// Bytes of another length leave the zeros, which answer for nothing.
template <std::size_t N>
void fill(const Bytes& from, std::array<std::uint8_t, N>& to) {
    if (from.size() != N) return;
    std::ranges::transform(
        from, to.begin(), [](std::byte one) { return std::to_integer<std::uint8_t>(one); });
}

}  // namespace

Result<Linked> read_link(const store::Row& row, CompanyId company) {
    using std::string;
    ESC_TRY(auto fields,
            (row.as<std::int64_t,
                    WallTime,
                    string,
                    string,
                    string,
                    string,
                    string,
                    string,
                    string,
                    string,
                    string,
                    string,
                    string,
                    Bytes>()));
    auto& [number,
           at,
           actor_kind,
           actor_id,
           session,
           action,
           outcome,
           object_kind,
           object_id,
           customers,
           contact,
           reason,
           details,
           hash] = fields;
    Linked link;
    Entry& entry = link.entry;
    entry.company = company;
    entry.number = number;
    entry.at = at;
    entry.who = {parse_actor_kind(actor_kind).value_or(ActorKind::User), std::move(actor_id)};
    entry.session = std::move(session);
    entry.action = std::move(action);
    entry.outcome = parse_outcome(outcome).value_or(Outcome::Allowed);
    entry.object_kind = std::move(object_kind);
    entry.object_id = std::move(object_id);
    const auto ids = split(customers);
    entry.customers = ids.value_or(std::vector<CustomerId>{});
    entry.contact = ContactId::parse(contact);
    entry.reason = std::move(reason);
    entry.details = std::move(details);
    // What no entry can hold was not written by us, and no hash may answer for it.
    const bool is_ours = ids && word(entry.who.kind) == actor_kind &&
                         word(entry.outcome) == outcome &&
                         contact.empty() != entry.contact.has_value();
    if (is_ours) fill(hash, link.hash);
    return link;
}

Result<void> insert_links(store::Connection& connection, std::span<const Linked> links) {
    std::vector<store::Param> entries, subjects;
    for (const Linked& link : links) {
        const Entry& entry = link.entry;
        const std::string company = entry.company.to_string();
        entries.insert(entries.end(),
                       {company,
                        entry.number,
                        entry.at,
                        word(entry.who.kind),
                        entry.who.id,
                        entry.session,
                        entry.action,
                        word(entry.outcome),
                        entry.object_kind,
                        entry.object_id,
                        join(entry.customers),
                        entry.contact ? entry.contact->to_string() : std::string{},
                        entry.reason,
                        entry.details,
                        to_bytes(link.hash)});
        for (const CustomerId& customer :
             std::set<CustomerId>{entry.customers.begin(), entry.customers.end()}) {
            subjects.insert(subjects.end(), {company, customer, entry.number});
        }
    }
    ESC_TRY(insert_rows(
        connection,
        "INSERT INTO audit_entry (company_id, number, at_us, actor_kind, actor_id, session, action,"
        " outcome, object_kind, object_id, customers, contact_id, reason, details, hash) VALUES ",
        kEntryWidth,
        entries));
    return insert_rows(connection,
                       "INSERT INTO audit_subject (company_id, customer_id, number) VALUES ",
                       kSubjectWidth,
                       subjects);
}

Result<void> insert_checkpoint(store::Connection& connection, const Checkpoint& checkpoint) {
    ESC_TRY(connection.execute(
        "INSERT INTO audit_checkpoint (company_id, ordinal, number, at_us, hash, key_id, signature)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        {checkpoint.company,
         checkpoint.ordinal,
         checkpoint.head.number,
         checkpoint.at,
         to_bytes(checkpoint.head.hash),
         checkpoint.key,
         to_bytes(checkpoint.signature)}));
    return ok();
}

Result<Checkpoint> read_checkpoint(const store::Row& row, CompanyId company) {
    ESC_TRY(auto fields,
            (row.as<std::int64_t, std::int64_t, WallTime, Bytes, std::string, Bytes>()));
    auto& [ordinal, number, at, hash, key, signature] = fields;
    Checkpoint checkpoint{.company = company, .ordinal = ordinal, .at = at, .key = std::move(key)};
    checkpoint.head.number = number;
    fill(hash, checkpoint.head.hash);
    fill(signature, checkpoint.signature);
    return checkpoint;
}

}  // namespace escucha::audit::detail
