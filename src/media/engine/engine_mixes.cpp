#include <algorithm>
#include <utility>

#include "media/engine/engine.h"

// The part of the engine that keeps conferences: who is in which, in what role.

namespace escucha::media {
namespace {

MixFailed failed(const Command& command,
                 MixId mix,
                 FailureCode code,
                 EndpointId endpoint = {},
                 std::string detail = {}) {
    return {.command = wire_type(command),
            .mix = mix,
            .endpoint = endpoint,
            .code = code,
            .detail = std::move(detail)};
}

using Members = std::vector<MixMember>;

Members::iterator find_member(Members& members, EndpointId endpoint) {
    return std::find_if(members.begin(), members.end(), [&](const MixMember& member) {
        return member.endpoint == endpoint;
    });
}

bool holds(const Members& members, EndpointId endpoint) {
    return std::any_of(members.begin(), members.end(), [&](const MixMember& member) {
        return member.endpoint == endpoint;
    });
}

}  // namespace

// `all` are those of the mix with this one. Bridged legs come with their bridge or not at all.
Engine::Fault Engine::fault_of(const MixMember& member, MixId mix, const Members& all) {
    const Known* known = find(member.endpoint);
    if (known == nullptr) return {FailureCode::NotFound, "endpoint"};
    if (known->group != find(all.front().endpoint)->group) return {FailureCode::WrongGroup, ""};
    if (known->mix && known->mix != mix) return {FailureCode::Busy, "in another mix"};
    if (known->bridged_to && !holds(all, *known->bridged_to)) return {FailureCode::Busy, "bridged"};
    const bool is_whisperer = member.role == MixRole::Whisperer;
    if (is_whisperer != member.whisper_to.has_value()) {
        return {FailureCode::InvalidArgument, "role"};
    }
    if (!is_whisperer) return {};
    if (member.whisper_to == member.endpoint) return {FailureCode::InvalidArgument, "to itself"};
    if (!holds(all, *member.whisper_to)) return {FailureCode::NotFound, "whisper_to"};
    return {};
}

void Engine::on(const Mix& command, Now, Out& out) {
    const auto refuse = [&](FailureCode code, EndpointId endpoint, const char* detail) {
        out.push_back(failed(command, command.mix, code, endpoint, detail));
    };
    const Members& members = command.members;
    if (command.mix == MixId{0}) return refuse(FailureCode::InvalidArgument, {}, "mix 0");
    if (members.empty()) return refuse(FailureCode::InvalidArgument, {}, "nobody");
    if (members.size() > kMaxMixMembers) return refuse(FailureCode::TooMany, {}, "members");
    if (mixes_.contains(command.mix)) return refuse(FailureCode::AlreadyExists, {}, "mix");
    const EndpointId first = members.front().endpoint;
    if (find(first) == nullptr) return refuse(FailureCode::NotFound, first, "endpoint");
    for (auto member = members.begin(); member != members.end(); ++member) {
        if (holds({members.begin(), member}, member->endpoint)) {
            return refuse(FailureCode::InvalidArgument, member->endpoint, "twice");
        }
        const Fault fault = fault_of(*member, command.mix, members);
        if (fault.code != FailureCode::None) {
            return refuse(fault.code, member->endpoint, fault.detail);
        }
    }
    StartMix start{.room = std::make_unique<Room>(command.mix)};
    for (const MixMember& member : members) {
        start.room->seats.push_back({.is = member});
        if (!equip_for_mix(member.endpoint)) {
            return refuse(FailureCode::Overloaded, member.endpoint, "");
        }
    }
    if (!send(*find(first), std::move(start))) return refuse(FailureCode::Overloaded, first, "");
    for (const MixMember& member : members) {
        Known& known = *find(member.endpoint);
        known.mix = command.mix;
        known.bridged_to.reset();
    }
    mixes_.emplace(command.mix, members);
}

void Engine::on(const JoinMix& command, Now, Out& out) {
    const EndpointId endpoint = command.member.endpoint;
    const auto refuse = [&](FailureCode code, const char* detail) {
        out.push_back(failed(command, command.mix, code, endpoint, detail));
    };
    const auto found = mixes_.find(command.mix);
    if (found == mixes_.end()) return refuse(FailureCode::NotFound, "mix");
    Members all = found->second;
    const auto before = find_member(all, endpoint);
    if (before != all.end()) {
        *before = command.member;
    } else {
        all.push_back(command.member);
    }
    const Fault fault = fault_of(command.member, command.mix, all);
    if (fault.code != FailureCode::None) return refuse(fault.code, fault.detail);
    if (all.size() > kMaxMixMembers) return refuse(FailureCode::TooMany, "members");
    Known& known = *find(endpoint);
    if (!equip_for_mix(endpoint) || !send(known, command)) {
        return refuse(FailureCode::Overloaded, "");
    }
    known.mix = command.mix;
    found->second = std::move(all);
}

void Engine::on(const LeaveMix& command, Now, Out& out) {
    const Known* known = find(command.endpoint);
    if (known == nullptr || known->mix != command.mix) {
        out.push_back(failed(command, command.mix, FailureCode::NotFound, command.endpoint));
    } else if (!send(*known, command)) {
        out.push_back(failed(command, command.mix, FailureCode::Overloaded, command.endpoint));
    } else {
        forget_member(command.endpoint);
    }
}

void Engine::on(const EndMix& command, Now, Out& out) {
    const auto found = mixes_.find(command.mix);
    if (found == mixes_.end()) {
        out.push_back(failed(command, command.mix, FailureCode::NotFound));
        return;
    }
    const Members members = found->second;
    if (!send(*find(members.front().endpoint), command)) {
        out.push_back(failed(command, command.mix, FailureCode::Overloaded));
        return;
    }
    for (const MixMember& member : members) forget_member(member.endpoint);
}

bool Engine::equip_for_mix(EndpointId endpoint) {
    return equip(endpoint, *find(endpoint), Reason::Mixed);
}

// The worker does the same on its own: the last one takes the mix with it.
void Engine::forget_member(EndpointId endpoint) {
    Known& known = endpoints_.at(endpoint);
    if (!known.mix) return;
    const auto found = mixes_.find(*known.mix);
    known.mix.reset();
    found->second.erase(find_member(found->second, endpoint));
    if (found->second.empty()) mixes_.erase(found);
}

}  // namespace escucha::media
