#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "rtp/telephone_event.h"

struct dtmf_rx_state_s;

namespace escucha::audio {

inline constexpr std::uint32_t kToneRateHz = 8'000;

/// Hears the keys of a telephone in its voice: two tones at a time (ITU-T Q.23, Q.24), by spandsp.
/// For peers that send none of RFC 4733. One stream in, in order; memory is taken when made.
class ToneListener {
public:
    /// Of one `listen`: a press is told when it starts and again when it ends.
    struct Update {
        std::optional<char> started;
        std::optional<rtp::KeyPress> ended;
    };
    /// Longest piece for one `listen`: no two presses end in it.
    static constexpr std::size_t kMaxSamples = 160;

    ToneListener();
    ~ToneListener();
    ToneListener(const ToneListener&) = delete;
    ToneListener& operator=(const ToneListener&) = delete;

    /// At most `kMaxSamples` at 8 kHz.
    Update listen(std::span<const std::int16_t> samples);
    [[nodiscard]] bool is_pressed() const { return pressed_.has_value(); }

private:
    static void tell(void* self, int key, int level, int samples);

    struct Free {
        void operator()(dtmf_rx_state_s* state) const;
    };
    std::unique_ptr<dtmf_rx_state_s, Free> state_;
    std::optional<char> pressed_;
    Update update_;
};

/// A stretch of the two tones of `key` (0-9 * # A-D), which began `from` samples ago at 8 kHz:
/// -9 dBm0 and -7 dBm0, as ITU-T Q.23 and the networks have it. Pure.
void make_tone(char key, std::size_t from, std::span<std::int16_t> out);

}  // namespace escucha::audio
