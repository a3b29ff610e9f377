#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/sensitivity.h"
#include "base/time.h"
#include "speech/utterance.h"

namespace escucha::flow {

/// The type of a variable; decides how a value is parsed, compared and spoken.
enum class Type { Text, Digits, Money, Date, Time, Number, Reference, Phone };

/// Financial and secret values are masked everywhere but in the caller's ear; personal ones are
/// kept out of the journal.
using escucha::Sensitivity;

enum class GivenBy { Caller, Number, System, Agent };

/// A typed value. Text, digits, reference and phone are strings.
using Value =
    std::variant<std::string, std::int64_t, speech::Money, speech::Date, speech::TimeOfDay>;

std::string_view to_text(Type type);
std::string_view to_text(GivenBy given_by);
std::optional<Type> parse_type(std::string_view text);
std::optional<GivenBy> parse_given_by(std::string_view text);

/// The canonical text of a value, as it stands in JSON: money "1205 EUR" in minor units, date
/// "2026-11-23", time "15:20", number "-5", the rest as they are. The inverse of `parse_value`.
std::string to_text(const Value& value);
/// At most `kMaxValueBytes`. `Errc::InvalidArgument` says which form was expected.
Result<Value> parse_value(Type type, std::string_view text);

inline constexpr std::size_t kMaxValueBytes = 500;

/// One thing known about the caller: what, from whom, when and how surely.
struct Datum {
    std::string name;
    Type type = Type::Text;
    Value value;
    GivenBy given_by = GivenBy::Caller;
    WallTime at;
    std::string verified;  ///< The method ("document", "number"); empty when nobody verified it.
    Sensitivity sensitivity = Sensitivity::Internal;
    std::string source;             ///< The connector it came from; empty otherwise.
    std::optional<WallTime> as_of;  ///< When the source knew it to be true.

    /// The canonical text, or "•••" for financial and secret data.
    [[nodiscard]] std::string shown() const;
    /// Whether the journal must leave the value out: personal, financial or secret.
    [[nodiscard]] bool is_sensitive() const { return sensitivity >= Sensitivity::Personal; }
    /// Whether people must not see it: financial or secret.
    [[nodiscard]] bool is_masked() const { return sensitivity >= Sensitivity::Financial; }

    bool operator==(const Datum&) const = default;
};

/// What the caller has given once and nobody may ask again (docs/glossary.md, "Context"). It goes
/// with the contact from the flow to the queue, the agent, every transfer and the case.
///
/// Pure value, owned by the contact. Data keep the order in which they were first given; a later
/// value of the same name replaces the earlier one in its place.
class Context {
public:
    static constexpr std::size_t kMaxData = 100;

    /// Errors: `TooLarge` at the limit of data, `InvalidArgument` for an empty name.
    Result<void> give(Datum datum);
    /// nullptr when not known.
    [[nodiscard]] const Datum* find(std::string_view name) const;
    void forget(std::string_view name);
    [[nodiscard]] const std::vector<Datum>& data() const { return data_; }

    /// A datum already known was asked for again.
    void count_reask() { ++reasks_; }
    [[nodiscard]] std::uint32_t reasks() const { return reasks_; }

    /// JSON for the live row, with every value in clear: it never leaves the store.
    [[nodiscard]] std::string save() const;
    static Result<Context> restore(std::string_view json);

    bool operator==(const Context&) const = default;

private:
    std::vector<Datum> data_;
    std::uint32_t reasks_ = 0;
};

}  // namespace escucha::flow
