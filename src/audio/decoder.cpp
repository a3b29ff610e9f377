#include "audio/decoder.h"

#include <opus.h>
#include <spandsp/telephony.h>

#include <spandsp/g722.h>

#include <algorithm>

#include "base/check.h"
#include "base/errc.h"
#include "rtp/g711.h"

namespace escucha::audio {
namespace {

constexpr int kG722DecodeRate = 64'000;

std::uint32_t rate_of(Codec codec, const OpusSettings& opus) {
    if (codec == Codec::Opus) return opus.sample_rate_hz;
    return codec == Codec::G722 ? 16'000 : 8'000;
}

const unsigned char* bytes_of(ByteView payload) {
    return reinterpret_cast<const unsigned char*>(payload.data());
}

}  // namespace

void Decoder::FreeOpus::operator()(OpusDecoder* decoder) const { opus_decoder_destroy(decoder); }
void Decoder::FreeG722::operator()(g722_decode_state_s* decoder) const {
    g722_decode_free(decoder);
}

Decoder::Decoder(Codec codec, std::uint32_t rate) : codec_{codec}, rate_{rate} {}

Result<Decoder> Decoder::make(Codec codec, const OpusSettings& opus) {
    if (!opus.is_valid()) return fail(Errc::InvalidArgument, "opus settings");
    Decoder made{codec, rate_of(codec, opus)};
    if (codec == Codec::Opus) {
        int error = 0;
        made.opus_.reset(opus_decoder_create(static_cast<opus_int32>(made.rate_), 1, &error));
        ESC_CHECK(made.opus_ != nullptr && error == OPUS_OK);
        return made;
    }
    if (codec == Codec::G722) {
        made.g722_.reset(g722_decode_init(nullptr, kG722DecodeRate, 0));
        ESC_CHECK(made.g722_ != nullptr);
    }
    made.concealer_ = std::make_unique<Concealer>(made.rate_);
    return made;
}

std::optional<std::size_t> Decoder::decode(ByteView payload, std::span<std::int16_t> out) {
    const auto ticks = packet_ticks(codec_, payload);
    if (!ticks) return std::nullopt;
    const std::size_t size = std::size_t{*ticks} * (rate_ / 1000) / (rtp_clock_hz(codec_) / 1000);
    ESC_CHECK(out.size() >= size);
    const std::span<std::int16_t> heard = out.first(size);
    switch (codec_) {
        case Codec::Pcmu:
            rtp::decode(rtp::Law::Mu, payload, heard);
            break;
        case Codec::Pcma:
            rtp::decode(rtp::Law::A, payload, heard);
            break;
        case Codec::G722:
            g722_decode(
                g722_.get(), heard.data(), bytes_of(payload), static_cast<int>(payload.size()));
            break;
        case Codec::Opus: {
            const int count = opus_decode(opus_.get(),
                                          bytes_of(payload),
                                          static_cast<opus_int32>(payload.size()),
                                          heard.data(),
                                          static_cast<int>(size),
                                          0);
            if (count < 0) return std::nullopt;
            return static_cast<std::size_t>(count);
        }
    }
    concealer_->heard(heard);
    return size;
}

void Decoder::conceal(std::span<std::int16_t> out) {
    if (concealer_) {
        concealer_->fill(out);
        return;
    }
    const int count =
        opus_decode(opus_.get(), nullptr, 0, out.data(), static_cast<int>(out.size()), 0);
    if (count < 0) std::fill(out.begin(), out.end(), std::int16_t{0});
}

void Decoder::recover(ByteView next, std::span<std::int16_t> out) {
    if (codec_ != Codec::Opus || !packet_ticks(codec_, next)) {
        conceal(out);
        return;
    }
    const int count = opus_decode(opus_.get(),
                                  bytes_of(next),
                                  static_cast<opus_int32>(next.size()),
                                  out.data(),
                                  static_cast<int>(out.size()),
                                  1);
    if (count < 0) std::fill(out.begin(), out.end(), std::int16_t{0});
}

}  // namespace escucha::audio
