#include "store/journal.h"

#include "base/errc.h"
#include "store/detail/journal_writer.h"
#include "store/detail/rows.h"
#include "store/projections.h"

namespace escucha::store {
namespace detail {

Result<StoredEvent> read_event(const Row& row) {
    ESC_TRY(auto fields,
            (row.as<std::int64_t,
                    WallTime,
                    CompanyId,
                    std::string,
                    std::optional<ContactId>,
                    std::optional<CaseId>,
                    std::optional<CustomerId>,
                    std::optional<AgentId>,
                    std::optional<QueueId>,
                    std::string>()));
    auto& [seq, at, company, type, contact, case_id, customer, agent, queue, data] = fields;
    return StoredEvent{.seq = seq,
                       .at = at,
                       .company = company,
                       .type = std::move(type),
                       .contact = contact,
                       .case_id = case_id,
                       .customer = customer,
                       .agent = agent,
                       .queue = queue,
                       .data = std::move(data)};
}

Result<std::vector<StoredEvent>> read_events(const Rows& rows) {
    std::vector<StoredEvent> events;
    events.reserve(rows.size());
    for (const Row& row : rows) {
        ESC_TRY(auto event, read_event(row));
        events.push_back(std::move(event));
    }
    return events;
}

Result<void> insert_event(Connection& connection, const StoredEvent& event) {
    ESC_TRY(
        connection.execute("INSERT INTO event (seq, at_us, company_id, type, contact_id, case_id,"
                           " customer_id, agent_id, queue_id, data)"
                           " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                           {event.seq,
                            event.at,
                            event.company,
                            event.type,
                            event.contact,
                            event.case_id,
                            event.customer,
                            event.agent,
                            event.queue,
                            event.data}));
    return ok();
}

}  // namespace detail

Result<std::unique_ptr<Journal>> Journal::open(const Database& database, JournalOptions options) {
    ESC_TRY(auto writer, detail::JournalWriter::open(database, options));
    return std::unique_ptr<Journal>{std::move(writer)};
}

Result<std::vector<StoredEvent>> read_since(Connection& connection,
                                            CompanyId company,
                                            std::int64_t after,
                                            std::int64_t limit) {
    static const std::string sql = "SELECT " + std::string{detail::kEventColumns} +
                                   " FROM event WHERE company_id = ? AND seq > ?"
                                   " ORDER BY seq LIMIT ?";
    ESC_TRY(const auto rows, connection.query(sql, {company, after, limit}));
    return detail::read_events(rows);
}

Result<std::vector<StoredEvent>> read_contact_events(Connection& connection,
                                                     CompanyId company,
                                                     ContactId contact) {
    static const std::string sql = "SELECT " + std::string{detail::kEventColumns} +
                                   " FROM event WHERE contact_id = ? AND company_id = ?"
                                   " ORDER BY seq";
    ESC_TRY(const auto rows, connection.query(sql, {contact, company}));
    return detail::read_events(rows);
}

Result<std::int64_t> last_seq(Connection& connection) {
    ESC_TRY(const auto row, connection.query_one("SELECT COALESCE(MAX(seq), 0) FROM event"));
    return row->get<std::int64_t>(0);
}

Result<Live> load_live(Connection& connection) {
    // One moment for both tables: a contact and the queue that holds it must agree.
    ESC_TRY(auto tx, Tx::begin(connection, TxKind::Snapshot));
    Live live;
    ESC_TRY(const auto contacts,
            connection.query("SELECT contact_id, company_id, blob FROM live_contact"
                             " ORDER BY contact_id"));
    for (const Row& row : contacts) {
        ESC_TRY(auto fields, (row.as<ContactId, CompanyId, std::string>()));
        auto& [contact, company, blob] = fields;
        live.contacts.push_back({contact, company, std::move(blob)});
    }
    ESC_TRY(const auto states, connection.query("SELECT name, blob FROM live_state ORDER BY name"));
    for (const Row& row : states) {
        ESC_TRY(auto fields, (row.as<std::string, std::string>()));
        live.states.push_back({std::move(std::get<0>(fields)), std::move(std::get<1>(fields))});
    }
    ESC_TRY(tx.commit());
    return live;
}

Result<std::int64_t> reserve_reference_block(Connection& connection,
                                             CompanyId company,
                                             std::int64_t count) {
    if (count < 1 || count > kMaxReferenceBlock) {
        return escucha::fail(escucha::Errc::InvalidArgument, "a block is 1 to 10,000 references");
    }
    ESC_TRY(const auto row,
            connection.query_one("UPDATE company SET reference_next = reference_next + ?"
                                 " WHERE id = ? RETURNING reference_next",
                                 {count, company}));
    if (!row) return escucha::fail(escucha::Errc::NotFound, "company");
    ESC_TRY(const auto next, row->get<std::int64_t>(0));
    return next - count;
}

std::array<std::uint8_t, 16> reference_key_bits(std::int64_t reference_key) {
    std::array<std::uint8_t, 16> bits{};
    auto word = static_cast<std::uint64_t>(reference_key);
    for (std::uint8_t& byte : bits) {
        word = word * 6364136223846793005ULL + 1442695040888963407ULL;
        byte = static_cast<std::uint8_t>(word >> 56U);
    }
    return bits;
}

Result<std::int64_t> import_events(Connection& connection, std::span<const Event> events) {
    ESC_TRY(auto seq, last_seq(connection));
    Projector projector;
    for (const Event& event : events) {
        const auto fields = fields_of(event);
        const StoredEvent stored = encode(event, ++seq, fields);
        ESC_TRY(detail::insert_event(connection, stored));
        ESC_TRY(projector.apply(connection, stored, fields));
    }
    ESC_TRY(projector.write_counters(connection));
    return seq;
}

}  // namespace escucha::store
