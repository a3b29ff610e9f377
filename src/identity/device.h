#pragma once

#include <string>
#include <string_view>

namespace escucha::identity {

/// What somebody signed in with, in names people know; empty where it cannot be told. Of a
/// User-Agent, which claims what it likes: for recognising one's own sessions and nothing else.
struct Device {
    std::string_view browser;  ///< "Firefox"
    std::string_view system;   ///< "Windows"
};
Device device_of(std::string_view user_agent);

/// An address without the part that tells one house from the next: "192.0.2.•", "2001:db8:7::•".
/// Enough to see that it is not from where one was.
std::string mask_address(std::string_view address);

}  // namespace escucha::identity
