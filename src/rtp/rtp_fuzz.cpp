#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/check.h"
#include "rtp/packet.h"
#include "rtp/rtcp.h"
#include "rtp/srtp.h"
#include "rtp/telephone_event.h"

using namespace escucha;

// What comes without the key is never believed; what we seal ourselves opens to the same.
static void in_secret(ByteView input) {
    for (const SrtpSuite suite : kSrtpSuites) {
        const SrtpKey key{.suite = suite, .master = {1, 2, 3}};
        rtp::SrtpDirection opening{key};
        Bytes packet{input.begin(), input.end()};
        ESC_CHECK(!opening.unprotect_rtp(packet));
        packet.assign(input.begin(), input.end());
        ESC_CHECK(!opening.unprotect_rtcp(packet));

        rtp::SrtpDirection sealing{key};
        packet.assign(input.begin(), input.end());
        packet.resize(input.size() + rtp::kSrtpRoom);
        const auto sealed = sealing.protect_rtp(packet, input.size());
        if (!sealed) continue;
        const auto opened = opening.unprotect_rtp(std::span{packet}.first(*sealed));
        ESC_CHECK(opened == input.size());
        ESC_CHECK(std::equal(input.begin(), input.end(), packet.begin()));
    }
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const ByteView input = std::as_bytes(std::span{data, size});
    if (const auto packet = rtp::parse(input)) {
        rtp::TelephoneEventReceiver receiver;
        receiver.on_packet(packet->header.timestamp, packet->payload, Instant{});
    }
    rtp::parse_rtcp(input, 1);
    in_secret(input);
    return 0;
}
