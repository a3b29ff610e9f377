// What the centre knows of companies, lines, queues, agents and case numbers.

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "base/overloaded.h"
#include "base/phone_number.h"
#include "control/detail/impl.h"

namespace escucha::control {

std::int64_t ReferenceBlock::left() const {
    std::int64_t count = end - next;
    for (const auto& [first, last] : spare) count += last - first;
    return count;
}

void Centre::Impl::configure(Config config, Turn turn) {
    if (endpoints_ == 0) {
        // Ids must not meet those a media process kept from before a restart.
        const auto seconds = static_cast<std::uint64_t>(to_micros(turn.now.wall) / 1'000'000);
        endpoints_ = groups_ = seconds << 20U;
        reconcile_at_ = turn.now.mono + kReconcileEvery;
    }
    config_ = std::move(config);
    lines_.clear();
    for (const auto& line : config_.lines) {
        lines_.emplace(line->dialled, line);
        if (references_[line->company->id].left() < kReferencesLow) {
            auto& block = references_[line->company->id];
            if (!block.is_asked) {
                block.is_asked = true;
                turn.out.actions.emplace_back(
                    WantReferences{.company = line->company->id, .count = kReferenceBlock});
            }
        }
    }
    trunks_.clear();
    for (const Trunk& trunk : config_.trunks) trunks_.emplace(trunk.id, trunk);
    outside_.clear();
    for (const Outside& outside : config_.outside) outside_.emplace(outside.company, outside);
    secure_sinks_.clear();
    for (const SecureSink& sink : config_.secure_sinks) secure_sinks_.emplace(sink.company, sink);

    std::unordered_map<QueueId, Queue> queues;
    for (const Queue& queue : config_.queues) {
        if (acd_.put_queue(queue.acd)) queues.emplace(queue.acd.id, queue);
    }
    for (const auto& [id, queue] : queues_) {
        // One with callers in it stays until they are served.
        if (!queues.contains(id) && !acd_.remove_queue(id)) queues.emplace(id, queue);
    }
    queues_ = std::move(queues);

    acd::Effects effects;
    std::unordered_map<AgentId, AgentInfo> agents;
    agents_by_phone_.clear();
    for (const Agent& agent : config_.agents) {
        if (!acd_.put_agent(agent.profile, turn.now, effects)) continue;
        AgentInfo info{.config = agent};
        if (const auto known = agents_.find(agent.profile.id); known != agents_.end()) {
            info.is_phone_registered = known->second.is_phone_registered;
            info.signalling = known->second.signalling;
        }
        agents.emplace(agent.profile.id, std::move(info));
        if (!agent.phone.empty()) agents_by_phone_[agent.phone].push_back(agent.profile.id);
    }
    for (const auto& [phone, sharing] : agents_by_phone_) share_phone(sharing, agents);
    for (const auto& [id, agent] : agents_) {
        if (!agents.contains(id) && !acd_.remove_agent(id, turn.now, effects)) {
            agents.emplace(id, agent);
        }
    }
    agents_ = std::move(agents);
    carry_out(std::move(effects), turn);
}

// Who becomes another company's agent too has a telephone that registered long ago.
void Centre::Impl::share_phone(std::span<const AgentId> sharing,
                               std::unordered_map<AgentId, AgentInfo>& agents) {
    const auto registered = std::ranges::find_if(
        sharing, [&](AgentId id) { return agents.at(id).is_phone_registered; });
    if (registered == sharing.end()) return;
    for (const AgentId id : sharing) {
        agents.at(id).is_phone_registered = true;
        agents.at(id).signalling = agents.at(*registered).signalling;
    }
}

void Centre::Impl::add_references(CompanyId company, std::int64_t first, std::int64_t count) {
    ReferenceBlock& block = references_[company];
    block.is_asked = false;
    if (block.next == block.end) {
        block.next = first;
        block.end = first + count;
    } else {
        block.spare.emplace_back(first, first + count);
    }
}

std::optional<std::string> Centre::Impl::take_reference(const Company& company, Turn turn) {
    ReferenceBlock& block = references_[company.id];
    if (block.next == block.end && !block.spare.empty()) {
        std::tie(block.next, block.end) = block.spare.front();
        block.spare.pop_front();
    }
    if (block.left() < kReferencesLow && !block.is_asked) {
        block.is_asked = true;
        turn.out.actions.emplace_back(
            WantReferences{.company = company.id, .count = kReferenceBlock});
    }
    if (block.next == block.end) return std::nullopt;
    auto reference =
        cases::make_reference(company.reference_key, static_cast<std::uint64_t>(block.next++));
    // Kept with the case it was given to, so that calls which end with the process have numbers.
    turn.out.live.emplace_back(
        StateRow{.name = std::string{kReferencesRow} + company.id.to_string(),
                 .state = fmt::format("{} {}", block.next, block.end)});
    if (!reference) return std::nullopt;
    return std::move(reference).value();
}

void Centre::Impl::restore_references(std::string_view name, std::string_view state) {
    const auto company = CompanyId::parse(name.substr(kReferencesRow.size()));
    const auto space = state.find(' ');
    if (!company || space == std::string_view::npos) return;
    std::int64_t first = 0;
    std::int64_t end = 0;
    std::from_chars(state.data(), state.data() + space, first);
    std::from_chars(state.data() + space + 1, state.data() + state.size(), end);
    if (first >= end) return;
    ReferenceBlock& block = references_[*company];
    if (block.next != block.end) block.spare.emplace_back(block.next, block.end);
    block.next = first;
    block.end = end;
}

// The dialled number decides the line; the line's company must be the one whose trunk or phone the
// call came by. Calls of another company's trunk find nothing here.
std::shared_ptr<const Line> Centre::Impl::find_line(const IncomingCall& call) const {
    std::vector<CompanyId> companies;
    std::visit(overloaded{[&](const TrunkId& trunk) {
                              const auto found = trunks_.find(trunk);
                              if (found == trunks_.end()) return;
                              companies = found->second.others;
                              companies.push_back(found->second.company);
                          },
                          [&](const AgentId& agent) {
                              for (const AgentId chair : acd_.same_person(agent)) {
                                  const auto found = agents_.find(chair);
                                  if (found == agents_.end()) continue;
                                  companies.push_back(found->second.config.profile.company);
                              }
                          }},
               call.source);
    const auto is_reached = [&](const Line& line) {
        return std::ranges::find(companies, line.company->id) != companies.end();
    };
    const auto exact = lines_.find(call.dialled);
    if (exact != lines_.end()) {
        return is_reached(*exact->second) ? exact->second : nullptr;
    }
    for (const auto& [dialled, line] : lines_) {
        if (!dialled.starts_with('+') || !is_reached(*line)) continue;
        const auto number = PhoneNumber::parse(call.dialled, line->company->calling_code);
        if (number && number->e164() == dialled) return line;
    }
    return nullptr;
}

}  // namespace escucha::control
