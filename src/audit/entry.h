#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/time.h"

namespace escucha::audit {

/// Who did it. Stored by their words, so the words are never changed.
enum class ActorKind {
    User,
    Operator,  ///< Whoever bears the operator token: escuchactl.
    ApiKey,
};
struct Actor {
    ActorKind kind = ActorKind::User;
    std::string id;  ///< The user's or the key's; empty of the operator.
    bool operator==(const Actor&) const = default;
};

enum class Outcome {
    Allowed,  ///< What was asked for was shown, or the change was let through.
    Refused,  ///< Not allowed, or not there for who asked.
};

std::string_view word(ActorKind kind);
std::string_view word(Outcome outcome);
std::optional<ActorKind> parse_actor_kind(std::string_view word);
std::optional<Outcome> parse_outcome(std::string_view word);

inline constexpr std::size_t kMaxCustomers = 256;  ///< More than a page of any list.
inline constexpr std::size_t kMaxWordBytes = 100;  ///< Of ids, kinds and the session.
inline constexpr std::size_t kMaxReasonBytes = 500;
inline constexpr std::size_t kMaxDetailsBytes = 1'000;

/// One read or change of a company's data, as the audit log keeps it (docs/audit.md).
struct Entry {
    CompanyId company{};
    std::int64_t number = 0;  ///< From 1, without holes; given by the log. It orders, not `at`.
    WallTime at{};            ///< By the clock of the machine, also when that goes backwards.
    Actor who{};
    std::string session{};  ///< Names a session without opening it; empty when there is none.
    std::string action{};   ///< The operationId of openapi.yaml.
    Outcome outcome = Outcome::Allowed;
    std::string object_kind{};            ///< openapi.yaml's x-audit: "customer"
    std::string object_id{};              ///< As it was asked for; empty of lists.
    std::vector<CustomerId> customers{};  ///< Whose data it was, in the order shown.
    std::optional<ContactId> contact{};
    std::string reason{};        ///< What the person said it was for.
    std::string details = "{}";  ///< A JSON object; kept and hashed to the letter.

    bool operator==(const Entry&) const = default;
};

using Hash = std::array<std::uint8_t, 32>;

/// The end of a company's chain: the last entry's number and hash; 0 and zeros when it is empty.
struct Head {
    std::int64_t number = 0;
    Hash hash{};
    bool operator==(const Head&) const = default;
};

}  // namespace escucha::audit
