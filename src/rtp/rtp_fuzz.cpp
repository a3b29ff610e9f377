#include <cstddef>
#include <cstdint>
#include <span>

#include "rtp/packet.h"
#include "rtp/rtcp.h"
#include "rtp/telephone_event.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace escucha;
    const ByteView input = std::as_bytes(std::span{data, size});
    if (const auto packet = rtp::parse(input)) {
        rtp::TelephoneEventReceiver receiver;
        receiver.on_packet(packet->header.timestamp, packet->payload, Instant{});
    }
    rtp::parse_rtcp(input, 1);
    return 0;
}
