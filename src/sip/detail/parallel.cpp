// One call to all addresses of a phone at once: the first to answer has it, the others stop ringing
// as soon as it does, and only when nobody is left has the call failed.

#include <algorithm>
#include <utility>

#include "sip/detail/impl.h"
#include "sip/detail/text.h"

namespace escucha::sip {

using namespace detail;

namespace {

/// A phone that has not said a word by then, after another has refused, is not there.
constexpr std::chrono::seconds kSilentBranch{2};

/// What a person did outweighs what a machine says, and anything outweighs silence. RFC 3261 §16.7
/// takes 6xx first, then the lowest class.
int weight(int status) {
    constexpr int kBusy = 486;
    constexpr int kTimeout = 408;
    if (status >= 600) return 5;
    if (status == kBusy) return 4;
    if (status == kTimeout) return 0;
    if (status >= 500) return 1;
    return status >= 400 ? 3 : 2;
}

}  // namespace

Result<void> Stack::Impl::invite_phone(const InviteRequest& request, Io& io) {
    const auto& username = std::get<PhoneTarget>(request.target).username;
    const auto bindings = registrar_.find_all(username, io.now.mono);
    if (bindings.empty()) return fail(Errc::NotRegistered, "phone");
    if (transactions_.size() + bindings.size() > settings_.limits.transactions) {
        return fail(Errc::Overloaded, "transactions");
    }
    Ringing ringing;
    for (const Binding& binding : bindings) {
        Leg leg;
        leg.id = request.leg;
        leg.dialog.is_outgoing = true;
        leg.dialog.remote_target = binding.uri;
        leg.dialog.remote = "<sip:" + escape_user(username) + "@" + settings_.domain + ">";
        leg.dialog.flow = binding.flow;
        leg.dialog.is_phone = true;
        const Handle handle = add_leg(std::move(leg));
        ringing.branches.push_back(handle);
        ringing.deadline = start_invite(handle, *legs_.get(handle), request, io);
    }
    if (bindings.size() > 1) ringing_.emplace(request.leg, std::move(ringing));
    return ok();
}

void Stack::Impl::release_others(Handle kept, Elsewhere why, Io& io) {
    const LegId id = legs_.get(kept)->id;
    const auto ringing = ringing_.extract(id);
    if (ringing.empty()) return;
    ids_[id] = kept;
    for (const Handle other : ringing.mapped().branches) {
        if (other == kept) continue;
        const Handle txn = std::get<Calling>(legs_.get(other)->state).txn;
        if (Txn* invite = transactions_.get(txn)) {
            invite->is_answered_elsewhere = why == Elsewhere::Answered;
        }
        abandon(txn, io);
        drop_branch(other);
    }
}

bool Stack::Impl::is_carried_on(Handle handle, Failed& failed, Io& io) {
    const auto found = ringing_.find(failed.leg);
    if (found == ringing_.end()) return false;
    Ringing& ringing = found->second;
    const bool is_heavier =
        !ringing.failure || weight(failed.status) > weight(ringing.failure->status);
    if (is_heavier) ringing.failure = failed;
    const bool is_last = ringing.branches.size() == 1;
    if (is_last || failed.status >= 600) {
        failed = *ringing.failure;
        release_others(handle, Elsewhere::Refused, io);
        return false;
    }
    std::erase(ringing.branches, handle);
    ids_[failed.leg] = ringing.branches.front();
    drop_branch(handle);
    for (const Handle other : ringing.branches) {
        Leg& branch = *legs_.get(other);
        if (!is_silent(branch)) continue;
        const Instant soon = io.now.mono + kSilentBranch;
        leg_timers_.set(other, branch.alarm, std::min(soon, ringing.deadline));
    }
    return true;
}

bool Stack::Impl::is_silent(const Leg& branch) {
    const Txn* txn = transactions_.get(std::get<Calling>(branch.state).txn);
    return txn != nullptr && txn->state == TxnState::Trying;
}

// Hurried while it was silent, and it has spoken since.
bool Stack::Impl::rings_on(Handle handle, Leg& branch, Io& io) {
    const auto found = ringing_.find(branch.id);
    if (found == ringing_.end()) return false;
    if (io.now.mono >= found->second.deadline || is_silent(branch)) return false;
    leg_timers_.set(handle, branch.alarm, found->second.deadline);
    return true;
}

void Stack::Impl::drop_branch(Handle handle) {
    const Leg& branch = *legs_.get(handle);
    dialogs_.erase(dialog_key(branch.dialog.call_id, branch.dialog.local_tag));
    legs_.erase(handle);
}

Result<void> Stack::Impl::lift(LegId id, Io& io) {
    ESC_TRY(const FoundLeg found, find_leg(id));
    const auto ringing = ringing_.find(id);
    const auto branches =
        ringing == ringing_.end() ? std::vector{found.handle} : ringing->second.branches;
    bool is_done = false;
    for (const Handle branch : branches) {
        Leg& leg = *legs_.get(branch);
        const auto* calling = std::get_if<Calling>(&leg.state);
        if (calling == nullptr || !calling->early) continue;
        const std::string headers = contact_line(next_hop(*calling->early)) +
                                    "Event: talk\r\nSubscription-State: active\r\n";
        send_early(
            leg, *calling->early, Counters::Notify, {.method = "NOTIFY", .headers = headers}, io);
        is_done = true;
    }
    if (!is_done) return fail(Errc::WrongState, "lift");
    return ok();
}

}  // namespace escucha::sip
