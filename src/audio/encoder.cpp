#include "audio/encoder.h"

#include <opus.h>
#include <spandsp/telephony.h>

#include <spandsp/g722.h>

#include "base/check.h"
#include "base/errc.h"
#include "rtp/g711.h"

namespace escucha::audio {
namespace {

constexpr int kG722EncodeRate = 64'000;
// RFC 7587 §3.1.3 and libopus: a packet of two bytes or less need not be sent.
constexpr int kSilentBytes = 2;

unsigned char* writable_bytes(std::span<std::byte> out) {
    return reinterpret_cast<unsigned char*>(out.data());
}

}  // namespace

void Encoder::FreeOpus::operator()(OpusEncoder* encoder) const { opus_encoder_destroy(encoder); }
void Encoder::FreeG722::operator()(g722_encode_state_s* encoder) const {
    g722_encode_free(encoder);
}

Result<Encoder> Encoder::make(Codec codec, const OpusSettings& opus) {
    if (!opus.is_valid()) return fail(Errc::InvalidArgument, "opus settings");
    if (codec == Codec::G722) {
        Encoder made{codec, 16'000};
        made.g722_.reset(g722_encode_init(nullptr, kG722EncodeRate, 0));
        ESC_CHECK(made.g722_ != nullptr);
        return made;
    }
    if (codec != Codec::Opus) return Encoder{codec, 8'000};
    Encoder made{codec, opus.sample_rate_hz};
    int error = 0;
    made.opus_.reset(
        opus_encoder_create(static_cast<opus_int32>(made.rate_), 1, OPUS_APPLICATION_VOIP, &error));
    ESC_CHECK(made.opus_ != nullptr && error == OPUS_OK);
    OpusEncoder* encoder = made.opus_.get();
    // By number: the macros of the library hold casts of the old style.
    const auto set = [&](int request, std::int32_t value) {
        ESC_CHECK(opus_encoder_ctl(encoder, request, value) == OPUS_OK);
    };
    set(OPUS_SET_BITRATE_REQUEST, static_cast<std::int32_t>(opus.bitrate_bps));
    set(OPUS_SET_COMPLEXITY_REQUEST, opus.complexity);
    set(OPUS_SET_SIGNAL_REQUEST, OPUS_SIGNAL_VOICE);
    set(OPUS_SET_INBAND_FEC_REQUEST, opus.fec == OpusSettings::Fec::On ? 1 : 0);
    set(OPUS_SET_PACKET_LOSS_PERC_REQUEST, opus.expected_loss_percent);
    set(OPUS_SET_DTX_REQUEST, opus.dtx == OpusSettings::Dtx::On ? 1 : 0);
    return made;
}

std::size_t Encoder::encode(std::span<const std::int16_t> in, std::span<std::byte> out) {
    ESC_CHECK(in.size() == frame_samples() && out.size() >= kMaxFrameBytes);
    switch (codec_) {
        case Codec::Pcmu:
            rtp::encode(rtp::Law::Mu, in, out.first(in.size()));
            return in.size();
        case Codec::Pcma:
            rtp::encode(rtp::Law::A, in, out.first(in.size()));
            return in.size();
        case Codec::G722:
            return static_cast<std::size_t>(g722_encode(
                g722_.get(), writable_bytes(out), in.data(), static_cast<int>(in.size())));
        case Codec::Opus: {
            const int size = opus_encode(opus_.get(),
                                         in.data(),
                                         static_cast<int>(in.size()),
                                         writable_bytes(out),
                                         static_cast<opus_int32>(kMaxFrameBytes));
            return size > kSilentBytes ? static_cast<std::size_t>(size) : 0;
        }
    }
    return 0;
}

}  // namespace escucha::audio
