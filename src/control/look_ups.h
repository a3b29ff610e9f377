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

// The door to what is stored: questions with a token, answers with the same token. An answer that
// comes after its call ended, or twice, is dropped.

struct KnownCase {
    CaseId id;
    std::string reference;
    std::string kind;
    std::string topic;
    std::string status;
    std::string subject;
    std::string next_step;
    WallTime opened;
    std::optional<WallTime> due;
};

struct KnownCustomer {
    CustomerId id;
    std::string name;
    std::string language;
    std::string label;  ///< What this number's owner is to the line: "grandchild"; often empty.
};

/// Who may be calling and what is open. A number shared by several customers identifies nobody.
struct CallerFacts {
    std::optional<KnownCustomer> customer;
    std::vector<KnownCase> open_cases;  ///< Newest first, at most kMostKnownCases.
};
inline constexpr std::size_t kMostKnownCases = 20;

struct FindCaller { std::string number; };
struct FindByDocument { std::string document; };
struct FindCase { std::string reference; };
struct AskConnector {
    std::string connector;
    std::string operation;
    std::vector<std::pair<std::string, std::string>> params;
    std::optional<CustomerId> customer;
    Duration deadline;
};
using Question = std::variant<FindCaller, FindByDocument, FindCase, AskConnector>;

/// `status`: ok, stale, not_found, failed, timeout (docs/flows.md).
struct ConnectorAnswer {
    std::string status;
    std::vector<std::pair<std::string, std::string>> fields;
    std::string source;
    std::optional<WallTime> as_of;
};
struct NotAvailable { std::string why; };
using Answer = std::variant<CallerFacts, std::optional<KnownCase>, ConnectorAnswer, NotAvailable>;

}  // namespace escucha::control
