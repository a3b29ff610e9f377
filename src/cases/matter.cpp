#include "cases/matter.h"

namespace escucha::cases {

namespace {

bool is_same_person(const Matter& a, const Matter& b) {
    if (a.customer && b.customer) return a.customer == b.customer;
    return !a.caller.empty() && a.caller == b.caller;
}

bool is_same_topic(const Matter& a, const Matter& b) {
    return a.kind == b.kind && (a.topic == b.topic || a.topic.empty() || b.topic.empty());
}

}  // namespace

Decision open_or_reuse(const Matter& matter,
                       std::span<const KnownCase> known,
                       WallTime now,
                       std::chrono::hours window) {
    const KnownCase* best = nullptr;
    for (const KnownCase& one : known) {
        if (!is_live(one.status) || now - one.last_contact > window) continue;
        if (!is_same_person(matter, one.matter) || !is_same_topic(matter, one.matter)) continue;
        if (best == nullptr || one.last_contact > best->last_contact ||
            (one.last_contact == best->last_contact && one.id < best->id)) {
            best = &one;
        }
    }
    if (best == nullptr) return OpenCase{};
    return ReuseCase{.id = best->id, .reference = best->reference, .status = best->status};
}

}  // namespace escucha::cases
