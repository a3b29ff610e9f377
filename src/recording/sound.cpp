#include "recording/sound.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "recording/errc.h"

namespace escucha::recording {
namespace {

constexpr std::uint16_t kPcm = 1;
constexpr std::uint16_t kBits = 16;
constexpr std::uint32_t kFormatBytes = 16;
constexpr std::size_t kChannelsAt = 22;
constexpr std::uint64_t kFramesPerMs = kSampleRateHz / 1'000;

// RIFF is little-endian; base/bytes.h is for the wire.
void put_little_endian(std::span<std::byte> out, std::uint32_t value) {
    for (std::byte& byte : out) {
        byte = static_cast<std::byte>(value & 0xFFU);
        value >>= 8U;
    }
}

void put_name(std::span<std::byte> out, std::string_view name) {
    std::ranges::copy(as_bytes(name), out.begin());
}

class SealedSound final : public Sound {
public:
    explicit SealedSound(SealedReader reader) : reader_{std::move(reader)} {}
    [[nodiscard]] std::uint16_t channels() const override { return reader_.layout().channels; }
    [[nodiscard]] std::uint64_t data_bytes() const override { return reader_.data_bytes(); }
    [[nodiscard]] bool is_finished() const override { return reader_.is_finished(); }
    Result<std::size_t> read(std::uint64_t offset, std::span<std::byte> out) override {
        return reader_.read(offset, out);
    }

private:
    SealedReader reader_;
};

/// A plain file of before: its header is followed by nothing but samples.
class PlainSound final : public Sound {
public:
    PlainSound(std::unique_ptr<ByteSource> source, std::uint16_t channels)
        : source_{std::move(source)}, channels_{channels} {}
    [[nodiscard]] std::uint16_t channels() const override { return channels_; }
    [[nodiscard]] std::uint64_t data_bytes() const override {
        return source_->size() - kWavHeaderBytes;
    }
    [[nodiscard]] bool is_finished() const override { return true; }
    Result<std::size_t> read(std::uint64_t offset, std::span<std::byte> out) override {
        return source_->read(kWavHeaderBytes + offset, out);
    }

private:
    std::unique_ptr<ByteSource> source_;
    std::uint16_t channels_;
};

Result<std::unique_ptr<Sound>> open_plain(std::unique_ptr<ByteSource> source, ByteView header) {
    if (header.size() < kWavHeaderBytes || as_text(header.first(4)) != "RIFF") {
        return fail(Errc::NotARecording, "neither sealed nor WAV");
    }
    const auto channels = std::to_integer<std::uint16_t>(header[kChannelsAt]);
    if (channels != 1 && channels != 2) return fail(Errc::NotARecording, "channels");
    return std::unique_ptr<Sound>{std::make_unique<PlainSound>(std::move(source), channels)};
}

}  // namespace

std::array<std::byte, kWavHeaderBytes> wav_header(std::uint16_t channels,
                                                  std::uint64_t data_bytes) {
    constexpr std::uint64_t kMost = std::numeric_limits<std::uint32_t>::max() - kWavHeaderBytes;
    const auto data = static_cast<std::uint32_t>(std::min(data_bytes, kMost));
    const auto frame = static_cast<std::uint16_t>(channels * kBytesPerSample);
    std::array<std::byte, kWavHeaderBytes> header{};
    const std::span<std::byte> out{header};
    put_name(out.subspan(0, 4), "RIFF");
    put_little_endian(out.subspan(4, 4), data + static_cast<std::uint32_t>(kWavHeaderBytes - 8));
    put_name(out.subspan(8, 8), "WAVEfmt ");
    put_little_endian(out.subspan(16, 4), kFormatBytes);
    put_little_endian(out.subspan(20, 2), kPcm);
    put_little_endian(out.subspan(kChannelsAt, 2), channels);
    put_little_endian(out.subspan(24, 4), kSampleRateHz);
    put_little_endian(out.subspan(28, 4), kSampleRateHz * frame);
    put_little_endian(out.subspan(32, 2), frame);
    put_little_endian(out.subspan(34, 2), kBits);
    put_name(out.subspan(36, 4), "data");
    put_little_endian(out.subspan(40, 4), data);
    return header;
}

Result<std::array<KeySlot, kSlots>> slots_of(ByteSource& source) {
    std::array<KeySlot, kSlots> slots{};
    for (std::size_t i = 0; i < kSlots; ++i) {
        ESC_TRY(const auto count,
                source.read(kFixedHeaderBytes + i * kSlotBytes,
                            std::as_writable_bytes(std::span{slots[i]})));
        if (count != kSlotBytes) return fail(Errc::NotARecording, "header cut short");
    }
    return slots;
}

Result<std::unique_ptr<Sound>> open_sound(std::unique_ptr<ByteSource> source,
                                          const Expected& expected,
                                          Keyring& keys) {
    std::array<std::byte, kFixedHeaderBytes> header{};
    ESC_TRY(const auto count, source->read(0, header));
    const ByteView begun = ByteView{header}.first(count);
    if (!is_sealed(begun)) return open_plain(std::move(source), begun);
    ESC_TRY(const auto layout, Layout::decode(begun));
    if (layout.recording != expected.recording) {
        return fail(Errc::Damaged, "the file of another recording");
    }
    ESC_TRY(const auto slots, slots_of(*source));
    ESC_TRY(const auto key, keys.unwrap(layout.recording, slots));
    if (key.company != expected.company) return fail(Errc::Damaged, "another company's file");
    ESC_TRY(auto reader, SealedReader::open(std::move(source), key.key, layout));
    return std::unique_ptr<Sound>{std::make_unique<SealedSound>(std::move(reader))};
}

WavView::WavView(std::unique_ptr<Sound> sound)
    : sound_{std::move(sound)}, header_{wav_header(sound_->channels(), sound_->data_bytes())} {}

std::uint64_t WavView::size() const { return kWavHeaderBytes + sound_->data_bytes(); }

Result<std::size_t> WavView::read(std::uint64_t offset, std::span<std::byte> out) {
    std::size_t done = 0;
    if (offset < kWavHeaderBytes) {
        const auto from = static_cast<std::size_t>(offset);
        done = std::min(out.size(), kWavHeaderBytes - from);
        std::copy_n(header_.begin() + static_cast<std::ptrdiff_t>(from), done, out.begin());
    }
    if (done == out.size()) return done;
    ESC_TRY(const auto count, sound_->read(offset + done - kWavHeaderBytes, out.subspan(done)));
    return done + count;
}

JourneySound::JourneySound(std::vector<Segment> segments) {
    for (Segment& segment : segments) {
        if (!segment.sound || segment.start_ms >= kMaxMs) continue;
        const std::size_t frame = segment.sound->channels() * kBytesPerSample;
        segments_.push_back({.first = segment.start_ms * kFramesPerMs,
                             .count = segment.sound->data_bytes() / frame,
                             .sound = std::move(segment.sound)});
    }
    std::ranges::stable_sort(segments_, {}, &Placed::first);
    for (const Placed& placed : segments_) {
        frames_ = std::max(frames_, placed.first + placed.count);
    }
    frames_ = std::min(frames_, kMaxMs * kFramesPerMs);
}

Result<void> JourneySound::copy(Placed& from, std::uint64_t frame, std::span<std::byte> out) {
    if (from.sound->channels() == 2) {
        ESC_TRY(const auto count, from.sound->read(frame * kFrame, out));
        std::ranges::fill(out.subspan(count), std::byte{0});
        return ok();
    }
    // One channel is the caller's: left.
    Bytes mono(out.size() / 2);
    ESC_TRY(const auto count, from.sound->read(frame * kBytesPerSample, mono));
    std::ranges::fill(out, std::byte{0});
    for (std::size_t i = 0; i < count; ++i) {
        out[i / kBytesPerSample * kFrame + i % kBytesPerSample] = mono[i];
    }
    return ok();
}

Result<std::size_t> JourneySound::read(std::uint64_t offset, std::span<std::byte> out) {
    if (offset >= data_bytes()) return std::size_t{0};
    const auto wanted =
        static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), data_bytes() - offset));
    // Whole frames, of which the first and the last are perhaps wanted in part only.
    const std::uint64_t begin = offset / kFrame;
    const std::uint64_t end = (offset + wanted + kFrame - 1) / kFrame;
    Bytes frames(static_cast<std::size_t>(end - begin) * kFrame);
    for (Placed& placed : segments_) {
        const std::uint64_t from = std::max(begin, placed.first);
        const std::uint64_t to = std::min(end, placed.first + placed.count);
        if (from >= to) continue;
        const auto part = std::span{frames}.subspan(static_cast<std::size_t>(from - begin) * kFrame,
                                                    static_cast<std::size_t>(to - from) * kFrame);
        ESC_TRY(copy(placed, from - placed.first, part));
    }
    std::copy_n(frames.begin() + static_cast<std::ptrdiff_t>(offset % kFrame), wanted, out.begin());
    return wanted;
}

}  // namespace escucha::recording
