#include "audio/tone_keys.h"

#include <array>
#include <cmath>
#include <numbers>
#include <string_view>

// Its headers want each other, and the mathematics of the language before their own.
#include <spandsp.h>

#include "base/check.h"

namespace escucha::audio {
namespace {

// ITU-T Q.23: the row's tone and the column's.
constexpr std::string_view kKeys = "123A456B789C*0#D";
constexpr std::array<double, 4> kRowsHz{697, 770, 852, 941};
constexpr std::array<double, 4> kColumnsHz{1209, 1336, 1477, 1633};

// Of a sine, where 32,767 is +3.17 dBm0 (ITU-T G.711, µ-law): -9 dBm0 and -7 dBm0.
constexpr double kRowPeak = 8'072;
constexpr double kColumnPeak = 10'162;

}  // namespace

void ToneListener::Free::operator()(dtmf_rx_state_s* state) const { dtmf_rx_free(state); }

ToneListener::ToneListener() : state_{dtmf_rx_init(nullptr, nullptr, nullptr)} {
    ESC_CHECK(state_ != nullptr);
    dtmf_rx_set_realtime_callback(state_.get(), &ToneListener::tell, this);
}

ToneListener::~ToneListener() = default;

ToneListener::Update ToneListener::listen(std::span<const std::int16_t> samples) {
    ESC_CHECK(samples.size() <= kMaxSamples);
    update_ = {};
    dtmf_rx(state_.get(), samples.data(), static_cast<int>(samples.size()));
    return update_;
}

// `key` is 0 for silence; `samples` is how long it was as it was before.
void ToneListener::tell(void* self, int key, int, int samples) {
    auto& listener = *static_cast<ToneListener*>(self);
    if (listener.pressed_) {
        const auto lasted =
            std::chrono::milliseconds{samples * 1000 / static_cast<int>(kToneRateHz)};
        listener.update_.ended = rtp::KeyPress{.key = *listener.pressed_, .duration = lasted};
        listener.pressed_.reset();
    }
    if (key == 0) return;
    listener.pressed_ = static_cast<char>(key);
    listener.update_.started = listener.pressed_;
}

void make_tone(char key, std::size_t from, std::span<std::int16_t> out) {
    const std::size_t at = kKeys.find(key);
    ESC_CHECK(at != std::string_view::npos);
    constexpr double kTurn = 2 * std::numbers::pi / kToneRateHz;
    const double row = kTurn * kRowsHz[at / 4];
    const double column = kTurn * kColumnsHz[at % 4];
    for (std::int16_t& sample : out) {
        const auto t = static_cast<double>(from++);
        sample = static_cast<std::int16_t>(
            std::lround(kRowPeak * std::sin(row * t) + kColumnPeak * std::sin(column * t)));
    }
}

}  // namespace escucha::audio
