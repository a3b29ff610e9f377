#include "server/detail/outside.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

namespace escucha::server {

namespace {

// Only trunks that have an account here can be called by, and only those of the company itself.
std::optional<TrunkId> trunk_of(const std::string& name,
                                CompanyId company,
                                const Config& config,
                                const Directory& directory) {
    const auto has_account =
        std::ranges::find(config.trunks, name, &TrunkSection::name) != config.trunks.end();
    if (!has_account) return std::nullopt;
    for (const NamedTrunk& trunk : directory.trunk_names) {
        if (trunk.name != name) continue;
        const auto& owners = directory.centre.trunks;
        const auto owner = std::ranges::find(owners, trunk.id, &control::Trunk::id);
        if (owner != owners.end() && owner->company == company) return trunk.id;
    }
    return std::nullopt;
}

}  // namespace

OutsideJoined join_outside(const Config& config, const Directory& directory) {
    OutsideJoined joined;
    for (const OutsideSection& section : config.outside) {
        const auto problem = [&](std::string_view what) {
            joined.problems.push_back(
                fmt::format("[outside.{}] of the configuration file: {}", section.company, what));
        };
        const auto found = directory.companies.find(section.company);
        if (found == directory.companies.end()) {
            problem("there is no company of this key");
            continue;
        }
        const control::Company& company = *found->second;
        control::Outside outside{.company = company.id,
                                 .calling_code = company.calling_code,
                                 .zone = company.zone,
                                 .is_number_withheld = section.is_number_withheld,
                                 .ring_time = std::chrono::seconds{section.ring_s}};
        outside.rules = {.allow = section.allow,
                         .deny = section.deny,
                         .emergency = section.emergency,
                         .calls_max = section.calls_max,
                         .calls_per_day = section.calls_per_day,
                         .minutes_per_day = section.minutes_per_day};
        if (!section.hours.empty()) {
            const auto hours = company.calendars.find(section.hours);
            if (hours == company.calendars.end()) {
                // Without its hours a rule would allow more than was meant.
                problem(fmt::format("the company has no calendar '{}'", section.hours));
                continue;
            }
            outside.rules.hours = hours->second;
        }
        for (const std::string& name : section.trunks) {
            if (const auto trunk = trunk_of(name, company.id, config, directory)) {
                outside.trunks.push_back(*trunk);
            } else {
                problem(
                    fmt::format("'{}' is no trunk of the company with a section of its own", name));
            }
        }
        if (!outside.trunks.empty()) joined.outside.push_back(std::move(outside));
    }
    return joined;
}

}  // namespace escucha::server
