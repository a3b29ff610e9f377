#include "exports/columns.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/check.h"

namespace escucha::exports {
namespace {

using enum Sensitivity;
using enum identity::Permission;

constexpr std::array<std::pair<What, std::string_view>, 6> kWords{{
    {What::Customers, "customers"},
    {What::Contacts, "contacts"},
    {What::Cases, "cases"},
    {What::Audit, "audit"},
    {What::Recording, "recording"},
    {What::ContactRecordings, "contact_recordings"},
}};

constexpr std::string_view kNumber =
    "(SELECT MIN(p.value) FROM contact_point p WHERE p.company_id = c.company_id"
    " AND p.customer_id = c.id AND p.kind = 'number')";

constexpr auto kCustomers = What::Customers;
constexpr auto kContacts = What::Contacts;
constexpr auto kCases = What::Cases;
constexpr auto kAudit = What::Audit;

// clang-format off: a table reads better as one.
constexpr Column kColumns[] = {
    {kCustomers, "id", "Id", "Id", "c.id"},
    {kCustomers, "name", "Nombre", "Name", "c.name", Cell::Text, Personal},
    {kCustomers,
     "document",
     "Documento",
     "Document",
     "c.document_id",
     Cell::Text,
     Personal,
     SeePersonal,
     true},
    {kCustomers, "number", "Teléfono", "Phone", kNumber, Cell::Text, Personal, SeePersonal, true},
    {kCustomers, "address", "Dirección", "Address", "c.address", Cell::Text, Personal, SeePersonal},
    {kCustomers,
     "born_on",
     "Nacimiento",
     "Born on",
     "c.born_on",
     Cell::Text,
     Personal,
     SeePersonal},
    {kCustomers, "language", "Idioma", "Language", "c.language"},
    {kCustomers, "notes", "Observaciones", "Notes", "c.notes", Cell::Text, Personal},
    {kCustomers, "created_at", "Alta", "Created at", "c.created_at_us", Cell::Time},

    {kContacts, "id", "Id", "Id", "t.id"},
    {kContacts,
     "arrived_at",
     "Llegada",
     "Arrived at",
     "t.arrived_at_us",
     Cell::Time,
     Internal,
     ReadCustomers,
     true},
    {kContacts, "channel", "Canal", "Channel", "t.channel"},
    {kContacts, "direction", "Sentido", "Direction", "t.direction"},
    {kContacts, "caller", "Número", "Number", "t.caller", Cell::Text, Personal, SeePersonal, true},
    {kContacts, "customer", "Cliente", "Customer", "c.name", Cell::Text, Personal},
    {kContacts, "case", "Caso", "Case", "f.reference"},
    {kContacts, "queue", "Cola", "Queue", "q.name"},
    {kContacts, "agent", "Agente", "Agent", "u.name"},
    {kContacts, "outcome", "Resultado", "Outcome", "t.outcome"},
    {kContacts, "wait_s", "Espera (s)", "Wait (s)", "t.wait_ms / 1000", Cell::Number},
    {kContacts, "talk_s", "Conversación (s)", "Talk (s)", "t.talk_ms / 1000", Cell::Number},

    {kCases,
     "reference",
     "Referencia",
     "Reference",
     "f.reference",
     Cell::Text,
     Internal,
     ReadCustomers,
     true},
    {kCases, "status", "Estado", "Status", "f.status"},
    {kCases, "kind", "Clase", "Kind", "f.kind"},
    {kCases, "topic", "Tema", "Topic", "f.topic"},
    {kCases, "subject", "Asunto", "Subject", "f.subject", Cell::Text, Personal},
    {kCases, "customer", "Cliente", "Customer", "c.name", Cell::Text, Personal},
    {kCases, "owner", "Responsable", "Owner", "COALESCE(u.name, m.name, f.owner)"},
    {kCases, "next_step", "Próximo paso", "Next step", "f.next_step", Cell::Text, Personal},
    {kCases, "due", "Plazo", "Due", "f.due"},
    {kCases, "outcome", "Resultado", "Outcome", "f.outcome"},
    {kCases, "opened_at", "Apertura", "Opened at", "f.opened_at_us", Cell::Time},
    {kCases, "closed_at", "Cierre", "Closed at", "f.closed_at_us", Cell::Time},

    {kAudit, "number", "Número", "Number", "e.number", Cell::Number, Internal, ReadAudit, true},
    {kAudit, "at", "Momento", "At", "e.at_us", Cell::Time, Internal, ReadAudit},
    {kAudit,
     "actor",
     "Quién",
     "Who",
     "COALESCE(u.name, e.actor_kind)",
     Cell::Text,
     Internal,
     ReadAudit},
    {kAudit, "action", "Acción", "Action", "e.action", Cell::Text, Internal, ReadAudit},
    {kAudit, "outcome", "Resultado", "Outcome", "e.outcome", Cell::Text, Internal, ReadAudit},
    {kAudit, "object_kind", "Objeto", "Object", "e.object_kind", Cell::Text, Internal, ReadAudit},
    {kAudit,
     "object_id",
     "Id del objeto",
     "Object id",
     "e.object_id",
     Cell::Text,
     Internal,
     ReadAudit},
    {kAudit,
     "customers",
     "Ids de clientes",
     "Customer ids",
     "e.customers",
     Cell::Text,
     Internal,
     ReadAudit},
    {kAudit, "reason", "Motivo", "Reason", "e.reason", Cell::Text, Personal, ReadAudit},
    {kAudit, "details", "Detalles", "Details", "e.details", Cell::Text, Internal, ReadAudit},
};

constexpr Condition kConditions[] = {
    {kCustomers,
     "text",
     "(c.search_key LIKE ? ESCAPE '!' OR c.id IN (SELECT p.customer_id FROM contact_point p WHERE "
     "p.company_id = c.company_id AND p.kind = 'number' AND p.value LIKE ? ESCAPE '!'))",
     Condition::Kind::TextOrNumber},
    {kContacts, "customer_id", "t.customer_id = ?", Condition::Kind::Id},
    {kContacts, "agent_id", "t.agent_id = ?", Condition::Kind::Id},
    {kContacts, "outcome", "t.outcome = ?"},
    {kContacts, "from", "t.arrived_at_us >= ?", Condition::Kind::Time},
    {kContacts, "to", "t.arrived_at_us < ?", Condition::Kind::Time},
    {kCases, "status", "f.status = ?"},
    {kCases, "live", "f.status NOT IN ('resolved', 'closed') AND ? = 'yes'"},
    {kCases, "owner", "f.owner = ?", Condition::Kind::Id},
    {kCases, "reference", "f.reference = ?", Condition::Kind::Digits},
    {kCases, "customer_id", "f.customer_id = ?", Condition::Kind::Id},
    {kCases,
     "text",
     "(f.search_key || ' | ' || COALESCE(c.search_key, '')) LIKE ? ESCAPE '!'",
     Condition::Kind::Text},
    {kAudit,
     "customer_id",
     "e.number IN (SELECT s.number FROM audit_subject s WHERE s.company_id = e.company_id AND "
     "s.customer_id = ?)",
     Condition::Kind::Id},
    {kAudit, "user_id", "e.actor_id = ?", Condition::Kind::Id},
    {kAudit, "from", "e.at_us >= ?", Condition::Kind::Time},
    {kAudit, "to", "e.at_us < ?", Condition::Kind::Time},
    {What::Recording, "recording_id", "r.id = ?", Condition::Kind::Id},
    {What::ContactRecordings, "contact_id", "r.contact_id = ?", Condition::Kind::Id},
};
// clang-format on

constexpr Source kCustomerSource{"customer c WHERE c.company_id = ?", "c.id", "c.id"};
constexpr Source kContactSource{
    "contact t LEFT JOIN customer c ON c.id = t.customer_id"
    " LEFT JOIN case_file f ON f.id = t.case_id LEFT JOIN queue q ON q.id = t.queue_id"
    " LEFT JOIN agent a ON a.id = t.agent_id LEFT JOIN app_user u ON u.id = a.user_id"
    " WHERE t.company_id = ?",
    "t.id",
    "t.customer_id"};
constexpr Source kCaseSource{
    "case_file f LEFT JOIN customer c ON c.id = f.customer_id"
    " LEFT JOIN app_user u ON u.id = f.owner LEFT JOIN team m ON m.id = f.owner"
    " WHERE f.company_id = ?",
    "f.id",
    "f.customer_id"};
constexpr Source kAuditSource{
    "audit_entry e LEFT JOIN app_user u ON u.id = e.actor_id WHERE e.company_id = ?",
    "e.number",
    "",
    ReadAudit};

}  // namespace

std::string_view word(What what) { return kWords[static_cast<std::size_t>(what)].second; }

std::optional<What> parse_what(std::string_view word) {
    for (const auto& [what, known] : kWords) {
        if (known == word) return what;
    }
    return std::nullopt;
}

std::string_view word(Sensitivity sensitivity) {
    switch (sensitivity) {
        case Public:
            return "public";
        case Internal:
            return "internal";
        case Personal:
            return "personal";
        case Financial:
            return "financial";
        case Secret:
            return "secret";
    }
    return {};
}

std::span<const Column> columns() { return kColumns; }

const Column* find_column(What what, std::string_view key) {
    const auto* found = std::ranges::find_if(
        kColumns, [&](const Column& column) { return column.what == what && column.key == key; });
    return found == std::end(kColumns) ? nullptr : found;
}

std::vector<const Column*> columns_for(What what, const identity::Permissions& permissions) {
    std::vector<const Column*> found;
    for (const Column& column : kColumns) {
        if (column.what == what && permissions.has(column.needs)) found.push_back(&column);
    }
    return found;
}

std::span<const Condition> conditions() { return kConditions; }

const Condition* find_condition(What what, std::string_view key) {
    const auto* found = std::ranges::find_if(kConditions, [&](const Condition& condition) {
        return condition.what == what && condition.key == key;
    });
    return found == std::end(kConditions) ? nullptr : found;
}

const Source& source_of(What what) {
    ESC_CHECK(!is_sound(what));
    switch (what) {
        case What::Contacts:
            return kContactSource;
        case What::Cases:
            return kCaseSource;
        case What::Audit:
            return kAuditSource;
        case What::Customers:
        case What::Recording:
        case What::ContactRecordings:
            return kCustomerSource;
    }
    return kCustomerSource;
}

}  // namespace escucha::exports
