#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/ids.h"
#include "base/time.h"

namespace escucha::control {

// The door to what is stored: questions with a ticket, answers with the same ticket. An answer that
// comes after its call ended, or twice, is dropped.

enum class Ticket : std::uint64_t {};

struct KnownCase {
    CaseId id;
    std::string reference;
    std::string kind;
    std::string topic;
    std::string status;  ///< A word of cases/status.h.
    std::string subject;
    WallTime opened;
    WallTime last_contact;
    std::optional<CustomerId> customer;
    std::string caller;  ///< The number that opened it; empty when withheld.
    std::string due;     ///< "2026-11-30" or empty.
};

struct KnownCustomer {
    CustomerId id;
    std::string name;
    std::string language;
    std::string label;  ///< What the owner of this number is to the line: "grandchild"; or empty.
};

/// Who may be calling, and what is open for them or for their number.
struct CallerFacts {
    std::vector<KnownCustomer> customers;  ///< Several share a number: it identifies nobody.
    std::vector<KnownCase> open_cases;     ///< Latest contact first, at most kMostKnownCases.
};
inline constexpr std::size_t kMostKnownCases = 20;

/// By the caller's number. Answer: CallerFacts.
struct FindCaller {
    std::string number;
};
/// By document or customer number. Answer: CallerFacts.
struct FindByDocument {
    std::string digits;
};
/// By reference. Answer: CaseFound.
struct FindCase {
    std::string reference;
};
/// A connector (docs/flows.md). Answer: ConnectorAnswer.
struct AskConnector {
    std::string connector;
    std::string operation;
    std::vector<std::pair<std::string, std::string>> params;
    std::optional<CustomerId> customer;
    std::chrono::milliseconds deadline;
};
using Question = std::variant<FindCaller, FindByDocument, FindCase, AskConnector>;

struct CaseFound {
    std::optional<KnownCase> found;
};
struct ConnectorAnswer {
    enum class Status { Ok, Stale, NotFound, Failed, Timeout };
    Status status = Status::Failed;
    std::vector<std::pair<std::string, std::string>> fields;  ///< Canonical texts of flow values.
    std::string source;
    std::optional<WallTime> as_of;
};
/// The store could not be asked.
struct NotAvailable {
    std::string why;
};
using Answer = std::variant<CallerFacts, CaseFound, ConnectorAnswer, NotAvailable>;

}  // namespace escucha::control
