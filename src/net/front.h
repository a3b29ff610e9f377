#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/http.h"

namespace escucha::net {

/// An address as we write it: "::ffff:192.0.2.1" is "192.0.2.1"; nullopt for what is none.
std::optional<std::string> canonical_address(std::string_view text);
bool is_loopback(std::string_view address);

/// Who counts as one in limits: an IPv4 address, or the /64 that one IPv6 customer has.
std::string site_of(const std::string& address);

/// The proxies in front of us whose word counts on who asks and how. Nobody else's does.
class Fronts {
public:
    static constexpr std::size_t kMost = 32;

    Fronts() = default;
    /// "192.0.2.1, 2001:db8::1"; empty is none. Error: `InvalidArgument`.
    static Result<Fronts> parse(std::string_view list);

    [[nodiscard]] bool contains(const std::string& address) const {
        return addresses_.contains(address);
    }
    /// Of a request that came from a front: who asked it, the last in X-Forwarded-For that is no
    /// front itself, and whether by HTTPS, as X-Forwarded-Proto says. What is no address is
    /// passed over with all that is before it, since it may be made up.
    void look_behind(Request& request) const;

private:
    std::set<std::string> addresses_;
};

}  // namespace escucha::net
