#pragma once

#include <cstddef>
#include <optional>

#include "base/bytes.h"
#include "base/result.h"

namespace escucha::media {

/// Cuts a byte stream into frames (protocol.h). Pure: whoever owns the socket feeds it.
///
///     reader.feed(received);
///     while (true) {
///         auto next = reader.next();
///         if (!next) { close the connection; return; }
///         if (!next.value()) break;  // wait for more bytes
///         auto event = decode_event(*next.value());
///     }
class FrameReader {
public:
    void feed(ByteView bytes);
    /// The next whole frame, valid until the next `feed`; nullopt when more bytes are needed.
    /// `Errc::TooLarge` for a length of 0 or over `kMaxFrameBytes`: the stream is beyond mending
    /// and every later call fails too.
    Result<std::optional<ByteView>> next();
    [[nodiscard]] std::size_t buffered() const { return buffer_.size() - at_; }

private:
    Bytes buffer_;
    std::size_t at_ = 0;
    bool is_broken_ = false;
};

}  // namespace escucha::media
