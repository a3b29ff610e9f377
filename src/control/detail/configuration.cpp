// What the centre knows of companies, lines, queues, agents and case numbers.

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
    agent_by_phone_.clear();
    for (const Agent& agent : config_.agents) {
        if (!acd_.put_agent(agent.profile, turn.now, effects)) continue;
        const auto known = agents_.find(agent.profile.id);
        agents.emplace(agent.profile.id,
                       AgentInfo{.config = agent,
                                 .is_phone_registered =
                                     known != agents_.end() && known->second.is_phone_registered,
                                 .signalling = known == agents_.end() ? Signalling::Clear
                                                                      : known->second.signalling});
        if (!agent.phone.empty()) agent_by_phone_.emplace(agent.phone, agent.profile.id);
    }
    for (const auto& [id, agent] : agents_) {
        if (!agents.contains(id) && !acd_.remove_agent(id, turn.now, effects)) {
            agents.emplace(id, agent);
        }
    }
    agents_ = std::move(agents);
    carry_out(std::move(effects), turn);
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
    std::optional<CompanyId> company;
    std::visit(overloaded{[&](const TrunkId& trunk) {
                              const auto found = trunks_.find(trunk);
                              if (found != trunks_.end()) company = found->second.company;
                          },
                          [&](const AgentId& agent) {
                              const auto found = agents_.find(agent);
                              if (found != agents_.end()) {
                                  company = found->second.config.profile.company;
                              }
                          }},
               call.source);
    if (!company) return nullptr;
    const auto exact = lines_.find(call.dialled);
    if (exact != lines_.end()) {
        return exact->second->company->id == *company ? exact->second : nullptr;
    }
    for (const auto& [dialled, line] : lines_) {
        if (line->company->id != *company || !dialled.starts_with('+')) continue;
        const auto number = PhoneNumber::parse(call.dialled, line->company->calling_code);
        if (number && number->e164() == dialled) return line;
    }
    return nullptr;
}

}  // namespace escucha::control
