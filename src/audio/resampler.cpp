#include "audio/resampler.h"

#include <speex/speex_resampler.h>

#include <algorithm>

#include "base/check.h"
#include "base/errc.h"

namespace escucha::audio {
namespace {

// Voice: stop-band noise of this quality lies below that of G.711, at a third of the cost of 10.
constexpr int kQuality = 3;

bool is_known(std::uint32_t rate) { return rate == 8'000 || rate == 16'000 || rate == 48'000; }

}  // namespace

void Resampler::Free::operator()(SpeexResamplerState_* state) const {
    speex_resampler_destroy(state);
}

Result<Resampler> Resampler::make(std::uint32_t from_hz, std::uint32_t to_hz) {
    if (!is_known(from_hz) || !is_known(to_hz)) return fail(Errc::InvalidArgument, "sample rate");
    Resampler made{from_hz, to_hz};
    if (from_hz == to_hz) return made;
    int error = 0;
    made.state_.reset(speex_resampler_init(1, from_hz, to_hz, kQuality, &error));
    ESC_CHECK(made.state_ != nullptr && error == RESAMPLER_ERR_SUCCESS);
    return made;
}

void Resampler::resample(std::span<const std::int16_t> in, std::span<std::int16_t> out) {
    ESC_CHECK(out.size() == size_out(in.size()));
    if (!state_) {
        std::copy(in.begin(), in.end(), out.begin());
        return;
    }
    auto in_size = static_cast<spx_uint32_t>(in.size());
    auto out_size = static_cast<spx_uint32_t>(out.size());
    speex_resampler_process_int(state_.get(), 0, in.data(), &in_size, out.data(), &out_size);
    std::fill(out.begin() + out_size, out.end(), std::int16_t{0});
}

}  // namespace escucha::audio
