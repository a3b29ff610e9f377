#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/check.h"
#include "media/frame_reader.h"
#include "media/protocol.h"

// Whatever decodes must encode to the same bytes: the wire form of a message is unique.
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
        if (const auto command = media::decode_command(frame))
            media::encode(command.value(), again);
        if (const auto event = media::decode_event(frame)) media::encode(event.value(), again);
        if (again.empty()) continue;
        const ByteView body = ByteView{again}.subspan(sizeof(std::uint32_t));
        ESC_CHECK(std::equal(body.begin(), body.end(), frame.begin(), frame.end()));
    }
}
