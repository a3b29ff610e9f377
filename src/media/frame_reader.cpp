#include "media/frame_reader.h"

#include "base/errc.h"
#include "media/protocol.h"

namespace escucha::media {

void FrameReader::feed(ByteView bytes) {
    buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(at_));
    at_ = 0;
    buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
}

Result<std::optional<ByteView>> FrameReader::next() {
    if (is_broken_) return fail(Errc::TooLarge, "frame");
    ByteCursor cursor{ByteView{buffer_}.subspan(at_)};
    if (cursor.remaining() < sizeof(std::uint32_t)) return std::optional<ByteView>{};
    const auto length = cursor.read<std::uint32_t>();
    if (length == 0 || length > kMaxFrameBytes) {
        is_broken_ = true;
        return fail(Errc::TooLarge, "frame of " + std::to_string(length) + " bytes");
    }
    if (cursor.remaining() < length) return std::optional<ByteView>{};
    at_ += sizeof(std::uint32_t) + length;
    return std::optional<ByteView>{cursor.take(length)};
}

}  // namespace escucha::media
