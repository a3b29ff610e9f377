#include "api/detail/viewer.h"

#include <algorithm>

#include "api/detail/columns.h"
#include "base/errc.h"
#include "base/log.h"

namespace escucha::api {

void Reveals::forget_ended(WallTime now) {
    std::erase_if(kept_, [now](const Kept& kept) { return kept.reveal.until <= now; });
}

bool Reveals::add(const std::string& session, privacy::Reveal reveal, WallTime now) {
    const std::scoped_lock lock{mutex_};
    forget_ended(now);
    const auto same = std::ranges::find_if(kept_, [&](const Kept& kept) {
        return kept.session == session && kept.reveal.customer == reveal.customer &&
               kept.reveal.field == reveal.field;
    });
    if (same != kept_.end()) {
        same->reveal.until = reveal.until;
        return true;
    }
    const auto of_session = std::ranges::count(kept_, session, &Kept::session);
    if (kept_.size() >= kMost || static_cast<std::size_t>(of_session) >= kMostOfSession) {
        return false;
    }
    kept_.push_back({session, std::move(reveal)});
    return true;
}

std::vector<privacy::Reveal> Reveals::of(const std::string& session, WallTime now) {
    std::vector<privacy::Reveal> found;
    if (session.empty()) return found;
    const std::scoped_lock lock{mutex_};
    for (const Kept& kept : kept_) {
        if (kept.session == session && now < kept.reveal.until) found.push_back(kept.reveal);
    }
    return found;
}

namespace {

Attempt<std::optional<privacy::ContactInHand>> find_in_hand(Call& call) {
    using Found = std::optional<privacy::ContactInHand>;
    ESC_TRY(const auto agent, call.services.port.agent(call.company(), call.who.agent));
    if (!agent.contact) return Found{};
    privacy::ContactInHand in_hand{.contact = *agent.contact};
    ESC_TRY(const auto row,
            call.db.query_one("SELECT t.customer_id, v.verified_at_us FROM contact t"
                              " LEFT JOIN contact_verification v ON v.contact_id = t.id"
                              " AND v.customer_id = t.customer_id"
                              " WHERE t.company_id = ? AND t.id = ?",
                              {call.company(), *agent.contact}));
    if (row) {
        ESC_TRY(in_hand.customer, row->get<std::optional<CustomerId>>(0));
        ESC_TRY(const auto verified_at, row->get<std::optional<std::int64_t>>(1));
        in_hand.is_verified = verified_at.has_value();
        return Found{in_hand};
    }
    // So new that its row is only being written.
    ESC_TRY(const auto live, call.services.port.contact(call.company(), *agent.contact));
    in_hand.customer = live.customer;
    return Found{in_hand};
}

}  // namespace

std::optional<privacy::ContactInHand> contact_in_hand(Call& call) {
    if (call.who.agent.is_nil()) return std::nullopt;
    auto found = find_in_hand(call);
    if (found) return std::move(found).value();
    // Without it less is shown, and the answer still comes.
    if (found.error().code != Code::NotFound) {
        log::warn("contact_in_hand_not_found", {{"agent", call.who.agent.to_string()}});
    }
    return std::nullopt;
}

bool CallViewer::sees_all(Sensitivity sensitivity) const {
    // An agent may have an unverified caller, from whom alone the answers must come.
    return sensitivity <= Sensitivity::Personal && call_.who.agent.is_nil() &&
           call_.may(identity::Permission::SeePersonal);
}

std::optional<std::string> CallViewer::path_value(std::string_view name) const {
    const std::size_t at = pattern_.find(name);
    if (at == std::string::npos) return std::nullopt;
    const auto before =
        std::count(pattern_.begin(), pattern_.begin() + static_cast<std::ptrdiff_t>(at), '{');
    return call_.path.at(static_cast<std::size_t>(before));
}

// Not from the query nor the body: those say what the caller of the API likes. What cannot be read
// is nobody's, and less is shown.
privacy::Subject CallViewer::named() {
    privacy::Subject subject;
    const auto customer_of = [this](const char* sql, const std::string& id) {
        const auto row = call_.db.query_one(sql, {call_.company(), id});
        if (!row || !row.value()) return std::optional<CustomerId>{};
        const auto customer = row.value()->get<std::optional<CustomerId>>(0);
        return customer ? customer.value() : std::nullopt;
    };
    if (const auto id = path_value("{customer_id}")) {
        subject.customer = CustomerId::parse(*id);
    } else if (const auto contact = path_value("{contact_id}")) {
        subject.contact = ContactId::parse(*contact);
        if (!subject.contact) return subject;
        subject.customer =
            customer_of("SELECT customer_id FROM contact WHERE company_id = ? AND id = ?",
                        subject.contact->to_string());
    } else if (const auto matter = path_value("{case_id}")) {
        const auto parsed = CaseId::parse(*matter);
        if (!parsed) return subject;
        subject.customer =
            customer_of("SELECT customer_id FROM case_file WHERE company_id = ? AND id = ?",
                        parsed->to_string());
    }
    return subject;
}

const privacy::Clearance& CallViewer::clearance() {
    if (!clearance_) {
        clearance_ = privacy::Clearance{
            .sees_personal = call_.may(identity::Permission::SeePersonal),
            .in_hand = contact_in_hand(call_),
            .reveals = call_.services.reveals.of(call_.session_token, call_.now)};
    }
    return *clearance_;
}

}  // namespace escucha::api
