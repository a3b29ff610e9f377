// Any text as an offer and as an answer; what we print must read back the same.

#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "sdp/sdp.h"

using namespace escucha;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto session = sdp::parse({reinterpret_cast<const char*>(data), size});
    if (!session) return 0;
    sdp::LocalMedia local;
    local.address = "192.0.2.1";
    local.port = 4000;
    local.can_rtcp_mux = size % 2 == 0;
    local.encryption = static_cast<sdp::Encryption>(size % 3);
    for (const SrtpSuite suite : kSrtpSuites) local.keys.push_back({.suite = suite, .master = {}});
    if (const auto made = sdp::answer(session.value(), local)) {
        const auto back = sdp::parse(made.value().text);
        // Refused streams are echoed, so an answer can only be longer by our own lines.
        ESC_CHECK(back.has_value() || size + 512 > sdp::kMaxTextBytes);
        if (back) ESC_CHECK(back.value().media.size() == session.value().media.size());
    }
    for (const auto profile :
         {sdp::Profile::Plain, sdp::Profile::Secure, sdp::Profile::Opportunistic}) {
        local.profile = profile;
        const auto agreed = sdp::apply_answer(local, session.value());
        if (agreed && profile == sdp::Profile::Secure) ESC_CHECK(agreed.value().srtp.has_value());
        if (agreed && profile == sdp::Profile::Plain) ESC_CHECK(!agreed.value().srtp.has_value());
    }
    const std::string printed = sdp::print(session.value());
    if (printed.size() > sdp::kMaxTextBytes) return 0;
    const auto again = sdp::parse(printed);
    if (again) ESC_CHECK(sdp::print(again.value()) == printed);
    return 0;
}
