#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "audio/codec.h"
#include "audio/concealer.h"
#include "base/bytes.h"
#include "base/result.h"

struct OpusDecoder;
struct g722_decode_state_s;

namespace escucha::audio {

/// What one peer says, as sound: packets in order, and something in place of those that are lost.
/// Made when a leg is configured; owned by one thread.
class Decoder {
public:
    /// `opus.sample_rate_hz` is what Opus decodes to; the other settings are the encoder's. Error:
    /// `InvalidArgument` for settings out of range.
    static Result<Decoder> make(Codec codec, const OpusSettings& opus = {});

    [[nodiscard]] Codec codec() const { return codec_; }
    [[nodiscard]] std::uint32_t sample_rate_hz() const { return rate_; }

    /// The sound of one payload, at most `kMaxPacketMs` of it; `out` must have room for it. Returns
    /// the samples written. Nothing, and nothing changed, when the payload is refused.
    std::optional<std::size_t> decode(ByteView payload, std::span<std::int16_t> out);
    /// Fills `out`, 5 to 20 ms in steps of 2.5 ms, in place of what was lost.
    void conceal(std::span<std::int16_t> out);
    /// The same when the packet after the lost one is here already: with Opus's in-band FEC it may
    /// hold the lost one too. `next` is decoded afterwards as usual.
    void recover(ByteView next, std::span<std::int16_t> out);

private:
    struct FreeOpus {
        void operator()(OpusDecoder* decoder) const;
    };
    struct FreeG722 {
        void operator()(g722_decode_state_s* decoder) const;
    };
    Decoder(Codec codec, std::uint32_t rate);

    Codec codec_;
    std::uint32_t rate_;
    std::unique_ptr<OpusDecoder, FreeOpus> opus_;
    std::unique_ptr<g722_decode_state_s, FreeG722> g722_;
    std::unique_ptr<Concealer> concealer_;  ///< Not for Opus, which has its own.
};

}  // namespace escucha::audio
