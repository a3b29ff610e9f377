#include "server/detail/secure_input.h"

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/format.h>

namespace escucha::server {

bool is_private_url(std::string_view url) {
    constexpr std::string_view kHttp = "http://";
    if (url.starts_with("https://")) return true;
    if (!url.starts_with(kHttp)) return false;
    url.remove_prefix(kHttp.size());
    const std::string_view authority = url.substr(0, url.find_first_of("/?#"));
    // "http://127.0.0.1@elsewhere/" is elsewhere.
    if (authority.find('@') != std::string_view::npos) return false;
    constexpr std::array<std::string_view, 3> kHere{"127.0.0.1", "[::1]", "localhost"};
    return std::ranges::any_of(kHere, [&](std::string_view host) {
        return authority == host ||
               (authority.starts_with(host) && authority.substr(host.size()).starts_with(':'));
    });
}

SecureSinksJoined join_secure_sinks(const Config& config, const Directory& directory) {
    SecureSinksJoined joined;
    for (const SecureInputSection& section : config.secure_inputs) {
        const auto problem = [&](std::string_view what) {
            joined.problems.push_back(fmt::format(
                "[secure_input.{}] of the configuration file: {}", section.company, what));
        };
        const auto company = directory.companies.find(section.company);
        const auto url = config.connectors.find(section.connector);
        if (company == directory.companies.end()) {
            problem("there is no company of this key");
        } else if (url == config.connectors.end()) {
            problem(fmt::format("there is no connector '{}'", section.connector));
        } else if (!is_private_url(url->second)) {
            problem(fmt::format("the connector '{}' is neither https nor on this machine",
                                section.connector));
        } else {
            joined.sinks.push_back({.company = company->second->id,
                                    .connector = section.connector,
                                    .operation = section.operation});
        }
    }
    return joined;
}

}  // namespace escucha::server
