#include "media/engine/prompt.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numbers>

#include "base/check.h"
#include "media/wav.h"

namespace escucha::media {
namespace {

constexpr std::string_view kSilencePrefix = "silence:";
constexpr std::uint32_t kMaxSilenceMs = 60'000;
constexpr std::uint32_t kSamplesPerMs = kSampleRateHz / 1000;

// -20 dBFS RMS, the level of the prompts.
constexpr double kToneAmplitude = 32'767 * 0.1 * std::numbers::sqrt2;
constexpr std::uint32_t kFadeSamples = 40;  // 5 ms, so that the tone does not click.

void append_tone(std::vector<std::int16_t>& out, double hertz, std::uint32_t ms) {
    const std::uint32_t count = ms * kSamplesPerMs;
    for (std::uint32_t i = 0; i < count; ++i) {
        const std::uint32_t edge = std::min({i, count - 1 - i, kFadeSamples});
        const double fade = static_cast<double>(edge) / kFadeSamples;
        const double phase = 2 * std::numbers::pi * hertz * i / kSampleRateHz;
        out.push_back(
            static_cast<std::int16_t>(std::lround(kToneAmplitude * fade * std::sin(phase))));
    }
}

void append_silence(std::vector<std::int16_t>& out, std::uint32_t ms) {
    out.resize(out.size() + std::size_t{ms} * kSamplesPerMs);
}

}  // namespace

Prompt Prompt::encode(std::span<const std::int16_t> samples) {
    Prompt prompt{.pcmu = Bytes(samples.size()), .pcma = Bytes(samples.size())};
    rtp::encode(rtp::Law::Mu, samples, prompt.pcmu);
    rtp::encode(rtp::Law::A, samples, prompt.pcma);
    return prompt;
}

bool Prompt::is_generated(std::string_view name) { return name.find(':') != name.npos; }

std::vector<std::int16_t> Prompt::generate(std::string_view name) {
    std::vector<std::int16_t> samples;
    if (name == "tone:beep") {
        append_tone(samples, 1'000, 300);
    } else if (name == "tone:ringing") {
        // The cadence of Spain: 1.5 s of 425 Hz, 3 s of silence.
        append_tone(samples, 425, 1'500);
        append_silence(samples, 3'000);
    } else if (name.starts_with(kSilencePrefix)) {
        const std::string_view digits = name.substr(kSilencePrefix.size());
        std::uint32_t ms = 0;
        const auto [end, error] = std::from_chars(digits.begin(), digits.end(), ms);
        if (error == std::errc{} && end == digits.end() && ms <= kMaxSilenceMs) {
            append_silence(samples, ms);
        }
    }
    return samples;
}

Playback::Playback(PlayId id, std::vector<PromptPtr> prompts, Repeat repeat)
    : id_{id}, prompts_{std::move(prompts)}, repeat_{repeat} {
    ESC_CHECK(!prompts_.empty());
    for (const PromptPtr& prompt : prompts_) ESC_CHECK(prompt->samples() > 0);
}

bool Playback::fill(rtp::Law law, std::span<std::byte> out) {
    if (prompt_ == prompts_.size()) return false;
    while (!out.empty() && prompt_ < prompts_.size()) {
        const ByteView rest = ByteView{prompts_[prompt_]->in(law)}.subspan(offset_);
        const std::size_t count = std::min(rest.size(), out.size());
        std::copy_n(rest.begin(), count, out.begin());
        out = out.subspan(count);
        offset_ += count;
        samples_played_ += count;
        if (count < rest.size()) break;
        offset_ = 0;
        ++prompt_;
        if (prompt_ == prompts_.size() && repeat_ == Repeat::Forever) prompt_ = 0;
    }
    std::fill(out.begin(), out.end(), rtp::silence(law));
    return true;
}

}  // namespace escucha::media
