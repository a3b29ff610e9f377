#include "speech_engine/sound.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <memory>
#include <numbers>

#include <sndfile.h>
#include <speex/speex_resampler.h>

#include "base/errc.h"

namespace escucha::speech_engine {

namespace {

constexpr float kSilence = 0.004F;     // -48 dBFS
constexpr double kCeiling = 0.891250;  // -1 dBFS
constexpr int kResamplerQuality = 7;

/// A sound file in memory, as libsndfile wants it.
struct Memory {
    std::string_view bytes;
    sf_count_t at = 0;
};

sf_count_t memory_length(void* user) {
    return static_cast<sf_count_t>(static_cast<Memory*>(user)->bytes.size());
}
sf_count_t memory_seek(sf_count_t offset, int whence, void* user) {
    auto* memory = static_cast<Memory*>(user);
    const auto length = memory_length(user);
    sf_count_t to = offset;
    if (whence == SEEK_CUR) to += memory->at;
    if (whence == SEEK_END) to += length;
    memory->at = std::clamp<sf_count_t>(to, 0, length);
    return memory->at;
}
sf_count_t memory_read(void* out, sf_count_t count, void* user) {
    auto* memory = static_cast<Memory*>(user);
    const auto size = std::min<sf_count_t>(count, memory_length(user) - memory->at);
    if (size <= 0) return 0;
    std::memcpy(out, memory->bytes.data() + memory->at, static_cast<std::size_t>(size));
    memory->at += size;
    return size;
}
sf_count_t memory_write(const void*, sf_count_t, void*) { return 0; }
sf_count_t memory_tell(void* user) { return static_cast<Memory*>(user)->at; }

struct CloseSound {
    void operator()(SNDFILE* file) const { sf_close(file); }
};
using SoundFile = std::unique_ptr<SNDFILE, CloseSound>;

struct CloseResampler {
    void operator()(SpeexResamplerState* state) const { speex_resampler_destroy(state); }
};

/// Reads block by block: the frame count of a header that was written to a pipe is a fantasy.
Result<Samples> read_mono(SNDFILE* file, const SF_INFO& info) {
    constexpr sf_count_t kFrames = 4096;
    const auto channels = static_cast<std::size_t>(info.channels);
    const auto most = kMaxSamples * static_cast<std::size_t>(info.samplerate) / kSampleRateHz;
    std::vector<float> block(static_cast<std::size_t>(kFrames) * channels);
    Samples mono;
    while (true) {
        const auto frames = sf_readf_float(file, block.data(), kFrames);
        if (frames <= 0) break;
        for (std::size_t i = 0; i < static_cast<std::size_t>(frames); ++i) {
            float sum = 0;
            for (std::size_t c = 0; c < channels; ++c) sum += block[i * channels + c];
            const float sample = sum / static_cast<float>(channels);
            mono.push_back(std::isfinite(sample) ? sample : 0.0F);
        }
        if (mono.size() > most) return fail(Errc::TooLarge, "sound longer than ten minutes");
    }
    return mono;
}

Result<Samples> resample(const Samples& in, int from_hz) {
    if (from_hz == kSampleRateHz || in.empty()) return in;
    int error = 0;
    const std::unique_ptr<SpeexResamplerState, CloseResampler> state{
        speex_resampler_init(1,
                             static_cast<spx_uint32_t>(from_hz),
                             static_cast<spx_uint32_t>(kSampleRateHz),
                             kResamplerQuality,
                             &error)};
    if (!state) return fail(Errc::InvalidArgument, "sample rate");
    speex_resampler_skip_zeros(state.get());
    Samples padded = in;
    // The filter holds back this much; silence behind pushes the end out.
    padded.resize(in.size() +
                  static_cast<std::size_t>(speex_resampler_get_input_latency(state.get())));
    const auto expected = in.size() * kSampleRateHz / static_cast<std::size_t>(from_hz) + 1;
    Samples out(expected + 64);
    auto in_size = static_cast<spx_uint32_t>(padded.size());
    auto out_size = static_cast<spx_uint32_t>(out.size());
    speex_resampler_process_float(state.get(), 0, padded.data(), &in_size, out.data(), &out_size);
    out.resize(std::min<std::size_t>(out_size, expected));
    return out;
}

Result<Samples> decode(Memory& memory) {
    SF_VIRTUAL_IO io{.get_filelen = memory_length,
                     .seek = memory_seek,
                     .read = memory_read,
                     .write = memory_write,
                     .tell = memory_tell};
    SF_INFO info{};
    const SoundFile file{sf_open_virtual(&io, SFM_READ, &info, &memory)};
    if (!file) return fail(Errc::InvalidArgument, "not a sound file");
    const bool is_usable = info.channels >= 1 && info.channels <= 8 && info.samplerate >= 4000 &&
                           info.samplerate <= 192'000;
    if (!is_usable) return fail(Errc::InvalidArgument, "channels or sample rate");
    ESC_TRY(const auto mono, read_mono(file.get(), info));
    return resample(mono, info.samplerate);
}

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

Result<Samples> decode_sound(std::string_view bytes) {
    Memory memory{.bytes = bytes, .at = 0};
    return decode(memory);
}

Result<Samples> read_sound(const std::filesystem::path& path) {
    SF_INFO info{};
    const SoundFile file{sf_open(path.c_str(), SFM_READ, &info)};
    if (!file) return fail(Errc::InvalidArgument, "not a sound file");
    const bool is_usable = info.channels >= 1 && info.channels <= 8 && info.samplerate >= 4000 &&
                           info.samplerate <= 192'000;
    if (!is_usable) return fail(Errc::InvalidArgument, "channels or sample rate");
    ESC_TRY(const auto mono, read_mono(file.get(), info));
    return resample(mono, info.samplerate);
}

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
