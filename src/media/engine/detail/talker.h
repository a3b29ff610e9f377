#pragma once

#include <array>
#include <initializer_list>
#include <optional>
#include <vector>

#include "audio/decoder.h"
#include "audio/encoder.h"
#include "media/engine/detail/engine_rig.h"
#include "media/engine/voice.h"

namespace escucha::media::test {

inline constexpr std::uint8_t kOpusPt = 111;

/// A leg's far end with its codec: speaks a tone on the beat, and hears.
struct Talker {
    Phone phone;
    Codec codec;
    std::uint8_t payload_type;
    audio::Encoder encoder;
    audio::Decoder decoder;
    double hertz;
    double amplitude = 8'000;
    std::vector<std::int16_t> heard;
    std::optional<rtp::Header> last;
    std::size_t spoken = 0;

    Talker(std::uint32_t ssrc, Codec its_codec, double its_hertz, std::uint8_t opus_pt = kOpusPt)
        : phone{ssrc},
          codec{its_codec},
          payload_type{its_codec == Codec::Opus ? opus_pt : static_cast<std::uint8_t>(its_codec)},
          encoder{audio::Encoder::make(to_audio(its_codec)).value()},
          decoder{audio::Decoder::make(to_audio(its_codec)).value()},
          hertz{its_hertz} {}

    [[nodiscard]] std::uint32_t rate() const { return decoder.sample_rate_hz(); }
    void connect(Rig& rig,
                 EndpointId id,
                 std::uint32_t event_hz = 8'000,
                 const std::optional<SrtpKeys>& keys = std::nullopt) {
        phone.aim(rig.create(id).port);
        if (keys) phone.guard(*keys);
        rig.command(SetRemote{.endpoint = id,
                              .ip = "127.0.0.1",
                              .port = phone.port(),
                              .codec = codec,
                              .opus_pt = codec == Codec::Opus ? payload_type : std::uint8_t{0},
                              .telephone_event_pt = kEventPt,
                              .telephone_event_hz = event_hz,
                              .srtp = keys});
        rig.settle(id);
    }
    void speak() {
        std::vector<std::int16_t> frame(encoder.frame_samples());
        for (std::int16_t& sample : frame) {
            const double phase =
                2 * std::numbers::pi * hertz * static_cast<double>(spoken++) / rate();
            sample = static_cast<std::int16_t>(std::lround(amplitude * std::sin(phase)));
        }
        std::array<std::byte, audio::kMaxFrameBytes> packet{};
        const std::size_t size = encoder.encode(frame, packet);
        phone.say(payload_type, ByteView{packet}.first(size), encoder.frame_ticks());
    }
    /// Everything that has come, as sound.
    void hear() {
        std::array<std::int16_t, audio::kMaxPacketSamples> out{};
        while (const auto packet = phone.hear()) {
            CHECK(packet->header.payload_type == payload_type);
            if (last) CHECK(packet->header.sequence.since(last->sequence) == 1);
            if (last && !packet->header.marker) {
                CHECK(packet->header.timestamp.since(last->timestamp) ==
                      static_cast<std::int32_t>(encoder.frame_ticks()));
            }
            last = packet->header;
            const auto count = decoder.decode(packet->payload, out);
            REQUIRE(count.has_value());
            heard.insert(heard.end(), out.begin(), out.begin() + static_cast<long>(*count));
        }
    }
    /// The level of a tone in the last second heard.
    [[nodiscard]] double level_of(double tone_hertz) const {
        REQUIRE(heard.size() >= rate());
        // In pieces: a frame made up on a busy machine may turn the phase.
        double sum = 0;
        const std::size_t piece = rate() / 10;
        for (std::size_t i = 0; i < 10; ++i) {
            const auto part = std::span{heard}.last(rate()).subspan(i * piece, piece);
            // The rig's ear is made for 8 kHz.
            sum += level(part, tone_hertz * kSampleRateHz / rate());
        }
        return sum / 10;
    }
};

/// All speak and hear for that many beats.
inline void talk(std::initializer_list<Talker*> talkers, std::uint64_t beats) {
    Beat beat;
    for (std::uint64_t i = 0; i < beats;) {
        for (std::uint64_t n = beat.wait(); n > 0; --n, ++i) {
            for (Talker* talker : talkers) talker->speak();
        }
        for (Talker* talker : talkers) talker->hear();
    }
}

}  // namespace escucha::media::test
