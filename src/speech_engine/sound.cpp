#include "speech_engine/sound.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <numbers>

#include <sndfile.h>

#include "base/errc.h"

namespace escucha::speech_engine {

namespace {

constexpr float kSilence = 0.004F;     // -48 dBFS
constexpr double kCeiling = 0.891250;  // -1 dBFS

struct CloseSound {
    void operator()(SNDFILE* file) const { sf_close(file); }
};
using SoundFile = std::unique_ptr<SNDFILE, CloseSound>;

double to_db(double amplitude) { return amplitude <= 1e-6 ? -120.0 : 20.0 * std::log10(amplitude); }

void scale(Samples& samples, double gain) {
    for (auto& sample : samples) sample = static_cast<float>(sample * gain);
}

/// A look-ahead limiter: the gain falls before a peak and rises slowly behind it, so that nothing
/// is clipped and no step is heard.
void limit(Samples& samples) {
    constexpr std::size_t kAhead = 40;   // 5 ms
    constexpr double kRelease = 0.9990;  // back to half in about 90 ms
    std::vector<double> gain(samples.size(), 1.0);
    for (std::size_t i = 0; i < samples.size(); ++i) {
        const double peak = std::abs(static_cast<double>(samples[i]));
        if (peak <= kCeiling) continue;
        const std::size_t first = i < kAhead ? 0 : i - kAhead;
        for (std::size_t j = first; j <= i; ++j) gain[j] = std::min(gain[j], kCeiling / peak);
    }
    double held = 1.0;
    for (std::size_t i = 0; i < samples.size(); ++i) {
        held = std::min(gain[i], 1.0 - (1.0 - held) * kRelease);
        samples[i] = static_cast<float>(samples[i] * held);
    }
}

}  // namespace

void trim_silence(Samples& samples, std::chrono::milliseconds margin) {
    const auto is_sound = [](float sample) { return std::abs(sample) > kSilence; };
    const auto first = std::find_if(samples.begin(), samples.end(), is_sound);
    if (first == samples.end()) return;
    const auto last = std::find_if(samples.rbegin(), samples.rend(), is_sound).base();
    const auto kept = static_cast<std::ptrdiff_t>(margin.count() * kSampleRateHz / 1000);
    const auto from = std::max<std::ptrdiff_t>(0, first - samples.begin() - kept);
    const auto to = std::min<std::ptrdiff_t>(static_cast<std::ptrdiff_t>(samples.size()),
                                             last - samples.begin() + kept);
    samples = Samples(samples.begin() + from, samples.begin() + to);
}

double rms_dbfs(const Samples& samples) {
    double energy = 0;
    std::size_t loud = 0;
    constexpr std::size_t kFrame = 160;  // 20 ms: pauses must not make a voice seem quiet.
    for (std::size_t at = 0; at < samples.size(); at += kFrame) {
        const auto end = std::min(samples.size(), at + kFrame);
        double frame = 0;
        for (std::size_t i = at; i < end; ++i) {
            frame += static_cast<double>(samples[i]) * static_cast<double>(samples[i]);
        }
        const auto size = end - at;
        if (std::sqrt(frame / static_cast<double>(size)) <= static_cast<double>(kSilence)) continue;
        energy += frame;
        loud += size;
    }
    return loud == 0 ? -120.0 : to_db(std::sqrt(energy / static_cast<double>(loud)));
}

double peak_dbfs(const Samples& samples) {
    float peak = 0;
    for (const float sample : samples) peak = std::max(peak, std::abs(sample));
    return to_db(static_cast<double>(peak));
}

void level(Samples& samples, double target_dbfs) {
    constexpr int kMostRounds = 4;  // Limiting takes level away; a few rounds give it back.
    for (int round = 0; round < kMostRounds; ++round) {
        const double now = rms_dbfs(samples);
        if (now <= -119.0) return;
        const double missing = target_dbfs - now;
        if (std::abs(missing) < 0.3 && round > 0) return;
        scale(samples, std::pow(10.0, missing / 20.0));
        limit(samples);
    }
}

Result<void> write_wav(const std::filesystem::path& path, const Samples& samples) {
    std::error_code error;
    std::filesystem::create_directories(path.parent_path(), error);
    if (error) return fail(Errc::Io, "cannot create the folder of " + path.filename().string());
    auto aside = path;
    aside += ".part";
    std::vector<std::int16_t> words;
    words.reserve(samples.size());
    for (const float sample : samples) {
        words.push_back(
            static_cast<std::int16_t>(std::lround(std::clamp(sample, -1.0F, 1.0F) * 32767.0F)));
    }
    {
        SF_INFO info{};
        info.samplerate = kSampleRateHz;
        info.channels = 1;
        info.format = SF_FORMAT_WAV | SF_FORMAT_PCM_16;
        const SoundFile file{sf_open(aside.c_str(), SFM_WRITE, &info)};
        if (!file) return fail(Errc::Io, "cannot write " + path.filename().string());
        const auto count = static_cast<sf_count_t>(words.size());
        if (sf_write_short(file.get(), words.data(), count) != count) {
            return fail(Errc::Io, "cannot write " + path.filename().string());
        }
    }
    std::filesystem::rename(aside, path, error);
    if (error) return fail(Errc::Io, "cannot rename " + path.filename().string());
    return ok();
}

std::chrono::milliseconds duration_of(const Samples& samples) {
    return std::chrono::milliseconds{static_cast<std::int64_t>(samples.size()) * 1000 /
                                     kSampleRateHz};
}

}  // namespace escucha::speech_engine
