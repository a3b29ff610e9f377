#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "audio/codec.h"
#include "base/result.h"

struct OpusEncoder;
struct g722_encode_state_s;

namespace escucha::audio {

/// Sound as one peer wants it, 20 ms at a time. Made when a leg is configured; owned by one thread.
class Encoder {
public:
    /// Error: `InvalidArgument` for settings out of range.
    static Result<Encoder> make(Codec codec, const OpusSettings& opus = {});

    [[nodiscard]] Codec codec() const { return codec_; }
    [[nodiscard]] std::uint32_t sample_rate_hz() const { return rate_; }
    [[nodiscard]] std::size_t frame_samples() const { return samples_per_frame(rate_); }
    /// What a frame moves the RTP timestamp on by.
    [[nodiscard]] std::uint32_t frame_ticks() const {
        return rtp_clock_hz(codec_) / 1000 * kFrameMs;
    }

    /// `in` is `frame_samples()` long, `out` at least `kMaxFrameBytes`. Returns the bytes written;
    /// 0 when DTX has nothing to send, which is a silent packet less.
    std::size_t encode(std::span<const std::int16_t> in, std::span<std::byte> out);

private:
    struct FreeOpus {
        void operator()(OpusEncoder* encoder) const;
    };
    struct FreeG722 {
        void operator()(g722_encode_state_s* encoder) const;
    };
    Encoder(Codec codec, std::uint32_t rate) : codec_{codec}, rate_{rate} {}

    Codec codec_;
    std::uint32_t rate_;
    std::unique_ptr<OpusEncoder, FreeOpus> opus_;
    std::unique_ptr<g722_encode_state_s, FreeG722> g722_;
};

}  // namespace escucha::audio
