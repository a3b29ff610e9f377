#include <fmt/format.h>

#include "base/check.h"
#include "sim/detail/config.h"

namespace escucha::sim {

namespace {

template <typename Id>
Id numbered(std::uint64_t kind, std::uint64_t number) {
    return Id{Uuid{kind, number + 1}};
}

std::shared_ptr<const calendar::OpeningHours> always_open() {
    constexpr std::chrono::minutes kDay{24 * 60};
    calendar::CalendarConfig config;
    config.zone = kZone;
    config.week.fill({calendar::Interval{.opens = {}, .closes = kDay}});
    auto hours = calendar::OpeningHours::make(std::move(config));
    ESC_CHECK(hours.has_value());
    return std::make_shared<const calendar::OpeningHours>(std::move(hours).value());
}

}  // namespace

CompanyId company_id() { return numbered<CompanyId>(1, 0); }
TrunkId trunk_id() { return numbered<TrunkId>(2, 0); }
QueueId queue_id(std::uint32_t number) { return numbered<QueueId>(3, number); }
AgentId agent_id(std::uint32_t number) { return numbered<AgentId>(4, number); }
std::string phone_of(std::uint32_t number) { return fmt::format("{}", 1000 + number); }

control::Config make_config(const Options& options, const Flows& flows) {
    auto company = std::make_shared<control::Company>();
    company->id = company_id();
    company->name = "Luz del Valle";
    company->calling_code = "34";
    company->zone = kZone;
    company->reference_key.fill(7);
    const auto hours = always_open();
    for (const char* key : {"atencion", "abuelos"}) company->calendars.emplace(key, hours);

    control::Config config;
    std::uint64_t number = 0;
    for (const auto& [dialled, document] :
         {std::pair{"100", flows.service}, std::pair{"200", flows.grandparents}}) {
        auto line = std::make_shared<control::Line>();
        line->id = numbered<LineId>(5, number);
        line->flow = numbered<FlowId>(6, number++);
        line->flow_version = 1;
        line->company = company;
        line->name = document->name;
        line->dialled = dialled;
        line->document = document;
        config.lines.push_back(std::move(line));
    }
    number = 0;
    for (const char* key : {"atencion", "abuelos"}) {
        control::Queue queue;
        queue.acd = {.id = queue_id(static_cast<std::uint32_t>(number++)),
                     .company = company->id,
                     .name = key};
        queue.key = key;
        config.queues.push_back(std::move(queue));
    }
    for (std::uint32_t n = 0; n < options.agents; ++n) {
        control::Agent agent;
        agent.profile.id = agent_id(n);
        agent.profile.company = company->id;
        agent.profile.memberships = {{.queue = queue_id(0)}};
        constexpr std::uint32_t kAlsoGrandparents = 5;
        if (n % kAlsoGrandparents == 0) {
            agent.profile.memberships.push_back({.queue = queue_id(1), .level = 2});
        }
        agent.user = numbered<UserId>(7, n);
        agent.name = fmt::format("Agente {}", n + 1);
        agent.phone = phone_of(n);
        config.agents.push_back(std::move(agent));
    }
    config.trunks.push_back({.id = trunk_id(), .company = company->id});
    control::Outside outside{.company = company->id,
                             .calling_code = company->calling_code,
                             .zone = company->zone,
                             .trunks = {trunk_id()}};
    outside.rules.allow = {"+34"};
    outside.rules.calls_max = 20;
    outside.rules.calls_per_day = 100'000;
    outside.rules.minutes_per_day = 1'000'000;
    config.outside.push_back(std::move(outside));
    return config;
}

}  // namespace escucha::sim
