#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <variant>

#include "base/check.h"
#include "media/frame_reader.h"
#include "media/protocol.h"

// Whatever decodes must encode to the same bytes: the wire form of a message is unique. Statistics
// of an older build are the one exception: what they lack at the end is added.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace escucha;
    const ByteView input = std::as_bytes(std::span{data, size});
    media::FrameReader reader;
    reader.feed(input);
    while (true) {
        const auto next = reader.next();
        if (!next || !next.value()) return 0;
        const ByteView frame = *next.value();
        Bytes again;
        bool may_lack = false;
        if (const auto command = media::decode_command(frame))
            media::encode(command.value(), again);
        if (const auto event = media::decode_event(frame)) {
            media::encode(event.value(), again);
            may_lack = std::holds_alternative<media::StatsReport>(event.value()) ||
                       std::holds_alternative<media::Destroyed>(event.value());
        }
        if (again.empty()) continue;
        ByteView body = ByteView{again}.subspan(sizeof(std::uint32_t));
        if (may_lack) body = body.first(std::min(body.size(), frame.size()));
        ESC_CHECK(std::equal(body.begin(), body.end(), frame.begin(), frame.end()));
    }
}
