#include "privacy/clearance.h"

#include <algorithm>

namespace escucha::privacy {

bool Clearance::is_in_hand(const Subject& subject) const {
    if (!in_hand) return false;
    if (subject.contact == in_hand->contact) return true;
    return subject.customer && subject.customer == in_hand->customer;
}

const Reveal* Clearance::reveal_of(const Field& field, const Subject& subject) const {
    if (field.revealed_by.empty() || !subject.customer) return nullptr;
    const auto found = std::ranges::find_if(reveals, [&](const Reveal& reveal) {
        return reveal.customer == *subject.customer && reveal.field == field.revealed_by;
    });
    return found == reveals.end() ? nullptr : &*found;
}

Sight Clearance::of(const Field& field, const Subject& subject) const {
    const bool is_own = is_in_hand(subject);
    const bool is_verified = is_own && in_hand->is_verified;
    if (field.sensitivity <= Sensitivity::Internal) return Sight::Whole;
    if (field.sensitivity == Sensitivity::Secret) return Sight::Hidden;
    if (is_own && !is_verified && field.is_question) return Sight::Hidden;
    if (reveal_of(field, subject) != nullptr) return Sight::Whole;
    const bool is_needed = is_own && (field.in_hand == InHand::Always ||
                                      (field.in_hand == InHand::Verified && is_verified));
    if (field.sensitivity == Sensitivity::Financial) {
        return is_needed && is_verified ? Sight::Whole : Sight::Masked;
    }
    return is_needed || sees_personal ? Sight::Whole : Sight::Masked;
}

}  // namespace escucha::privacy
