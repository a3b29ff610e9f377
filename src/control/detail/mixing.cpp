// How more than two people hear each other, and how all of them are recorded. Two are bridged; with
// somebody else there, all are in one mix. What is wanted is worked out from the call, and media is
// told the difference to what it was told before.

#include <algorithm>

#include "control/detail/impl.h"

namespace escucha::control {

namespace {

/// One mix a call at most, so the number of its group, which no other call has, is its number.
media::MixId mix_of(const Call& call) {
    return media::MixId{static_cast<std::uint64_t>(call.group)};
}

bool holds(const std::vector<media::MixMember>& members, media::EndpointId endpoint) {
    return std::ranges::find(members, endpoint, &media::MixMember::endpoint) != members.end();
}

}  // namespace

// A phone that holds its side sends its own music, or nothing.
bool Centre::Impl::is_away(const Leg& leg) {
    return leg.agreed && (leg.agreed->direction == sdp::Direction::RecvOnly ||
                          leg.agreed->direction == sdp::Direction::Inactive);
}

bool Centre::Impl::is_mixed(const Call& call) {
    return std::holds_alternative<InTalk>(call.stage) &&
           std::ranges::any_of(call.members,
                               [](const Member& one) { return one.joined_at.has_value(); });
}

// While the caller is on hold the agent is alone with the others, or asks a colleague: the caller
// hears music. Who keys a secret is heard by nobody. Who holds with their own phone is out until they are back.
std::vector<media::MixMember> Centre::Impl::wanted_mix(Call& call) const {
    std::vector<media::MixMember> wanted;
    if (!is_mixed(call) || !call.agent) return wanted;
    const auto add = [&](const Leg& leg) {
        if (!leg.is_reviving) wanted.push_back({.endpoint = leg.endpoint});
    };
    const bool is_asking = call.consultation && call.consultation->answered_at;
    if (!std::get<InTalk>(call.stage).held && !call.secure) add(call.caller_leg);
    const Leg& agent = is_asking ? call.consultation->asking(*call.agent) : call.agent->leg;
    if (is_asking || !is_away(agent)) add(agent);
    if (is_asking) add(call.asked_leg());
    const bool is_agent_there = holds(wanted, agent.endpoint);
    for (const Member& one : call.members) {
        if (!one.joined_at || one.leg.is_reviving || is_away(one.leg)) continue;
        media::MixMember member{.endpoint = one.leg.endpoint, .role = one.role};
        if (one.role == media::MixRole::Whisperer) {
            if (is_agent_there) {
                member.whisper_to = agent.endpoint;
            } else {
                member.role = media::MixRole::Listener;
            }
        }
        wanted.push_back(member);
    }
    return wanted;
}

void Centre::Impl::arrange_mix(Call& call, Turn turn) {
    if (!is_media_up_) return;  // Once it is, all is compared and arranged.
    arrange_voices(call, turn);
    const auto wanted = wanted_mix(call);
    // Media mixes nobody who is bridged with another.
    if (!wanted.empty()) leave_early_sound(call, turn);
    auto& mixed = call.mixed;
    // Who was destroyed has left by that.
    std::erase_if(mixed, [&](const auto& one) { return !by_endpoint_.contains(one.endpoint); });
    const bool goes_on =
        std::ranges::any_of(mixed, [&](const auto& one) { return holds(wanted, one.endpoint); });
    if (!goes_on) {
        end_mix(call, turn);
        if (!wanted.empty()) {
            turn.act(media::Command{media::Mix{.mix = mix_of(call), .members = wanted}});
        }
    } else {
        for (const auto& one : mixed) {
            if (holds(wanted, one.endpoint)) continue;
            turn.act(
                media::Command{media::LeaveMix{.mix = mix_of(call), .endpoint = one.endpoint}});
        }
        for (const auto& one : wanted) {
            if (std::ranges::find(mixed, one) != mixed.end()) continue;
            turn.act(media::Command{media::JoinMix{.mix = mix_of(call), .member = one}});
        }
    }
    mixed = wanted;
}

// Two members leave a mix for their bridge without losing a word; one member cannot.
void Centre::Impl::pair(Call& call, media::EndpointId a, media::EndpointId b, Turn turn) {
    auto& mixed = call.mixed;
    std::erase_if(mixed, [&](const auto& one) { return !by_endpoint_.contains(one.endpoint); });
    const bool are_both_in = holds(mixed, a) && holds(mixed, b);
    if (!are_both_in) end_mix(call, turn);
    turn.act(media::Bridge{.a = a, .b = b});
    if (mixed.size() > 2) end_mix(call, turn);
    mixed.clear();
}

// The last member is gone.
void Centre::Impl::unmix(Call& call, Turn turn) {
    if (!is_media_up_) return;
    arrange_voices(call, turn);
    const auto* talk = std::get_if<InTalk>(&call.stage);
    if (talk == nullptr || !call.agent) return end_mix(call, turn);
    if (call.consultation && call.consultation->answered_at) {
        const Leg& asking = call.consultation->asking(*call.agent);
        const Leg& asked = call.asked_leg();
        if (asking.is_reviving || asked.is_reviving) return end_mix(call, turn);
        return pair(call, asking.endpoint, asked.endpoint, turn);
    }
    const bool is_revived = call.caller_leg.is_reviving || call.agent->leg.is_reviving;
    if (talk->held || call.secure || is_revived) return end_mix(call, turn);
    pair(call, call.caller_leg.endpoint, call.agent->leg.endpoint, turn);
}

void Centre::Impl::end_mix(Call& call, Turn turn) {
    if (call.mixed.empty()) return;
    turn.act(media::Command{media::EndMix{.mix = mix_of(call)}});
    call.mixed.clear();
}

// The caller is the recording's left channel and the agent its right; whoever else is heard by all
// is on the right too. Who listens or whispers is in no recording.
void Centre::Impl::arrange_voices(Call& call, Turn turn) {
    if (!call.recording || call.recording->kind != media::RecordingKind::Call) {
        return call.recorded.clear();
    }
    const RecordingId recording = call.recording->id;
    std::vector<media::EndpointId> wanted;
    for (const Member& one : call.members) {
        if (one.joined_at && one.role == media::MixRole::Full) wanted.push_back(one.leg.endpoint);
    }
    for (const auto endpoint : call.recorded) {
        const bool is_wanted = std::ranges::find(wanted, endpoint) != wanted.end();
        if (is_wanted || !by_endpoint_.contains(endpoint)) continue;
        turn.act(media::Command{media::LeaveRecord{.recording = recording, .endpoint = endpoint}});
    }
    for (const auto endpoint : wanted) {
        if (std::ranges::find(call.recorded, endpoint) != call.recorded.end()) continue;
        turn.act(media::Command{media::JoinRecord{.recording = recording, .endpoint = endpoint}});
    }
    call.recorded = std::move(wanted);
}

void Centre::Impl::compare_mixes(const media::Listing& listing, Turn turn) {
    for (const auto& [id, call] : calls_) {
        call->mixed.clear();
        // Media may record who does not belong there, or not record who does: both are said anew.
        call->recorded.clear();
        for (const Member& one : call->members) {
            if (one.role != media::MixRole::Full) call->recorded.push_back(one.leg.endpoint);
        }
    }
    for (const auto& listed : listing.mixes) {
        Call* call = nullptr;
        for (const auto& one : listed.members) {
            if (call == nullptr) call = find_by_endpoint(one.endpoint);
        }
        if (call != nullptr && is_mixed(*call) && listed.mix == mix_of(*call)) {
            call->mixed = listed.members;
        } else {
            turn.act(media::Command{media::EndMix{.mix = listed.mix}});
        }
    }
}

}  // namespace escucha::control
