#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/sensitivity.h"
#include "base/time.h"

namespace escucha::privacy {

/// Whose data a value is, as far as it is known.
struct Subject {
    std::optional<CustomerId> customer{};
    std::optional<ContactId> contact{};
};

/// When the contact that somebody has in hand lets them see a personal or financial value.
enum class InHand {
    Never,     ///< Only a permission or a reveal does.
    Always,    ///< What one needs to talk with whoever calls.
    Verified,  ///< Once it is known to be the right party.
};

/// A value of an answer as its contract declares it.
struct Field {
    Sensitivity sensitivity = Sensitivity::Public;
    InHand in_hand = InHand::Never;
    bool is_question = false;   ///< Callers are asked for it to prove who they are.
    std::string revealed_by{};  ///< The field whose reveal shows this one; empty: none does.
};

/// How long a reveal lasts.
struct RevealLimits {
    static constexpr std::chrono::minutes kShortest{1}, kUsual{10}, kLongest{60};
};

/// One field of one customer, shown for a while to the session that gave a reason.
struct Reveal {
    CustomerId customer;
    std::string field;
    WallTime until{};
};

/// The live contact of an agent, or the one of their wrap-up.
struct ContactInHand {
    ContactId contact;
    std::optional<CustomerId> customer{};
    bool is_verified = false;  ///< The caller is known to be this customer.
};

enum class Sight {
    Whole,
    Masked,  ///< In the form that still helps.
    Hidden,  ///< Not even that: it would tell the answer of an identity question.
};

/// What one session may see at one moment. A pure value.
///
/// Public and internal values: whoever may ask at all. Personal ones: who has `see_personal`, who
/// has the contact in hand and needs them, who revealed them. Financial ones: who has the verified
/// contact in hand, who revealed them; no permission shows them unasked. Secret ones: nobody.
///
/// While an agent's own contact is not verified, what identity questions ask for is hidden from
/// them, whatever they may see otherwise: the answer must come from the caller.
struct Clearance {
    bool sees_personal = false;
    std::optional<ContactInHand> in_hand{};
    std::vector<Reveal> reveals{};  ///< Those that have not ended.

    [[nodiscard]] Sight of(const Field& field, const Subject& subject) const;
    /// The reveal that shows this field, if one does.
    [[nodiscard]] const Reveal* reveal_of(const Field& field, const Subject& subject) const;
    /// Whether the subject is whom the agent talks with.
    [[nodiscard]] bool is_in_hand(const Subject& subject) const;
};

}  // namespace escucha::privacy
