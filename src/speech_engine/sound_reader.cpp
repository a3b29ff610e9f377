#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <memory>

#include <speex/speex_resampler.h>

#include "base/errc.h"
#include "speech_engine/detail/sound_reader.h"

namespace escucha::speech_engine {

namespace detail {

namespace {

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
    sf_count_t from = 0;
    if (whence == SEEK_CUR) from = memory->at;
    if (whence == SEEK_END) from = length;
    // What a broken header asks for may not fit a sum.
    memory->at = from + std::clamp<sf_count_t>(offset, -from, length - from);
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

/// Takes mono blocks of one rate and appends 8 kHz to what it was given to fill.
class Resampler {
public:
    explicit Resampler(int from_hz) : from_hz_{from_hz} {
        if (from_hz == kSampleRateHz) return;
        int error = 0;
        state_.reset(speex_resampler_init(1,
                                          static_cast<spx_uint32_t>(from_hz),
                                          static_cast<spx_uint32_t>(kSampleRateHz),
                                          kResamplerQuality,
                                          &error));
        if (state_) speex_resampler_skip_zeros(state_.get());
    }
    [[nodiscard]] bool is_usable() const { return from_hz_ == kSampleRateHz || state_; }

    void add(const Samples& block, Samples& out) {
        taken_ += block.size();
        if (!state_) {
            out.insert(out.end(), block.begin(), block.end());
            return;
        }
        push(block, out);
    }
    void finish(Samples& out) {
        if (!state_) return;
        // The filter holds back this much; silence behind pushes the end out.
        push(Samples(static_cast<std::size_t>(speex_resampler_get_input_latency(state_.get()))),
             out);
        const auto expected = taken_ * kSampleRateHz / static_cast<std::size_t>(from_hz_) + 1;
        out.resize(std::min(out.size(), expected));
    }

private:
    struct Close {
        void operator()(SpeexResamplerState* state) const { speex_resampler_destroy(state); }
    };

    void push(const Samples& block, Samples& out) {
        std::size_t done = 0;
        while (done < block.size()) {
            const auto before = out.size();
            const auto left = block.size() - done;
            const auto room = left * kSampleRateHz / static_cast<std::size_t>(from_hz_) + 64;
            out.resize(before + room);
            auto in_size = static_cast<spx_uint32_t>(left);
            auto out_size = static_cast<spx_uint32_t>(room);
            speex_resampler_process_float(
                state_.get(), 0, block.data() + done, &in_size, out.data() + before, &out_size);
            out.resize(before + out_size);
            if (in_size == 0 && out_size == 0) return;
            done += in_size;
        }
    }

    int from_hz_;
    std::size_t taken_ = 0;
    std::unique_ptr<SpeexResamplerState, Close> state_;
};

/// 4096 frames or fewer, as mono; empty at the end.
void read_block(SNDFILE* file, std::size_t channels, std::vector<float>& raw, Samples& mono) {
    constexpr sf_count_t kFrames = 4096;
    raw.resize(static_cast<std::size_t>(kFrames) * channels);
    mono.clear();
    const auto frames = sf_readf_float(file, raw.data(), kFrames);
    for (std::size_t i = 0; frames > 0 && i < static_cast<std::size_t>(frames); ++i) {
        float sum = 0;
        for (std::size_t c = 0; c < channels; ++c) sum += raw[i * channels + c];
        const float sample = sum / static_cast<float>(channels);
        mono.push_back(std::isfinite(sample) ? sample : 0.0F);
    }
}

}  // namespace

Read read_file(SNDFILE* file, const SF_INFO& info, const ReadLimits& limits) {
    if (info.channels < 1 || info.channels > limits.most_channels) return ReadFault::Channels;
    if (info.samplerate < limits.least_rate_hz || info.samplerate > limits.most_rate_hz) {
        return ReadFault::Rate;
    }
    Resampler resampler{info.samplerate};
    if (!resampler.is_usable()) return ReadFault::Rate;
    std::vector<float> raw;
    Samples mono;
    Samples out;
    sf_count_t frames = 0;
    while (true) {
        read_block(file, static_cast<std::size_t>(info.channels), raw, mono);
        if (mono.empty()) break;
        frames += static_cast<sf_count_t>(mono.size());
        resampler.add(mono, out);
        if (out.size() > limits.most_samples) return ReadFault::TooLong;
    }
    resampler.finish(out);
    if (out.size() > limits.most_samples) return ReadFault::TooLong;
    const bool is_held = limits.length == ReadLimits::Length::Held;
    if (is_held && info.frames != SF_COUNT_MAX && frames < info.frames) return ReadFault::CutShort;
    return out;
}

Read read_bytes(std::string_view bytes, const ReadLimits& limits, int* format) {
    Memory memory{.bytes = bytes, .at = 0};
    SF_VIRTUAL_IO io{.get_filelen = memory_length,
                     .seek = memory_seek,
                     .read = memory_read,
                     .write = memory_write,
                     .tell = memory_tell};
    SF_INFO info{};
    const std::unique_ptr<SNDFILE, CloseSound> file{sf_open_virtual(&io, SFM_READ, &info, &memory)};
    if (!file) return ReadFault::NotASound;
    if (format != nullptr) *format = info.format;
    return read_file(file.get(), info, limits);
}

}  // namespace detail

namespace {

Result<Samples> to_result(detail::Read read) {
    if (auto* samples = std::get_if<Samples>(&read)) return std::move(*samples);
    switch (std::get<detail::ReadFault>(read)) {
        case detail::ReadFault::NotASound:
            return fail(Errc::InvalidArgument, "not a sound file");
        case detail::ReadFault::Channels:
        case detail::ReadFault::Rate:
            return fail(Errc::InvalidArgument, "channels or sample rate");
        case detail::ReadFault::TooLong:
            return fail(Errc::TooLarge, "sound longer than ten minutes");
        case detail::ReadFault::CutShort:
            return fail(Errc::InvalidArgument, "sound cut short");
    }
    return fail(Errc::InvalidArgument, "not a sound file");
}

}  // namespace

Result<Samples> decode_sound(std::string_view bytes) {
    return to_result(detail::read_bytes(bytes, {}));
}

Result<Samples> read_sound(const std::filesystem::path& path) {
    SF_INFO info{};
    const std::unique_ptr<SNDFILE, detail::CloseSound> file{sf_open(path.c_str(), SFM_READ, &info)};
    if (!file) return fail(Errc::InvalidArgument, "not a sound file");
    return to_result(detail::read_file(file.get(), info, {}));
}

}  // namespace escucha::speech_engine
