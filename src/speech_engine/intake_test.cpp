#include "speech_engine/intake.h"

#include <cmath>
#include <cstring>
#include <fstream>
#include <memory>
#include <numbers>
#include <vector>

#include <doctest/doctest.h>
#include <sndfile.h>
#include <unistd.h>

namespace escucha::speech_engine {
namespace {

namespace fs = std::filesystem;

struct Growing {
    std::string bytes;
    std::size_t at = 0;
};
sf_count_t grown(void* user) {
    return static_cast<sf_count_t>(static_cast<Growing*>(user)->bytes.size());
}
sf_count_t seek(sf_count_t offset, int whence, void* user) {
    auto* file = static_cast<Growing*>(user);
    const auto from = whence == SEEK_CUR ? file->at : whence == SEEK_END ? file->bytes.size() : 0;
    file->at = static_cast<std::size_t>(static_cast<sf_count_t>(from) + offset);
    return static_cast<sf_count_t>(file->at);
}
sf_count_t read(void* out, sf_count_t count, void* user) {
    auto* file = static_cast<Growing*>(user);
    const auto size = std::min(static_cast<std::size_t>(count), file->bytes.size() - file->at);
    std::memcpy(out, file->bytes.data() + file->at, size);
    file->at += size;
    return static_cast<sf_count_t>(size);
}
sf_count_t write(const void* in, sf_count_t count, void* user) {
    auto* file = static_cast<Growing*>(user);
    const auto size = static_cast<std::size_t>(count);
    if (file->at + size > file->bytes.size()) file->bytes.resize(file->at + size);
    std::memcpy(file->bytes.data() + file->at, in, size);
    file->at += size;
    return count;
}
sf_count_t tell(void* user) { return static_cast<sf_count_t>(static_cast<Growing*>(user)->at); }

struct Sound {
    int format = SF_FORMAT_WAV | SF_FORMAT_PCM_16;
    int rate_hz = 48'000;
    int channels = 1;
    double seconds = 1.0;
    double amplitude = 0.05;
    double hz = 440;
};

/// A tone in any format that libsndfile writes.
std::string file_of(const Sound& sound) {
    Growing file;
    SF_VIRTUAL_IO io{
        .get_filelen = grown, .seek = seek, .read = read, .write = write, .tell = tell};
    SF_INFO info{};
    info.samplerate = sound.rate_hz;
    info.channels = sound.channels;
    info.format = sound.format;
    SNDFILE* out = sf_open_virtual(&io, SFM_WRITE, &info, &file);
    REQUIRE_MESSAGE(out != nullptr, sf_strerror(nullptr));
    const auto frames = static_cast<std::size_t>(std::llround(sound.seconds * sound.rate_hz));
    constexpr std::size_t kBlock = 4096;
    std::vector<float> block;
    for (std::size_t at = 0; at < frames; at += kBlock) {
        block.clear();
        for (std::size_t i = at; i < std::min(frames, at + kBlock); ++i) {
            const double phase = 2 * std::numbers::pi * sound.hz * static_cast<double>(i) /
                                 static_cast<double>(sound.rate_hz);
            for (int c = 0; c < sound.channels; ++c) {
                block.push_back(static_cast<float>(sound.amplitude * std::sin(phase)));
            }
        }
        const auto count =
            static_cast<sf_count_t>(block.size() / static_cast<std::size_t>(sound.channels));
        REQUIRE(sf_writef_float(out, block.data(), count) == count);
    }
    sf_close(out);
    return file.bytes;
}

/// How much of the sound is this tone, 0 to 1 (Goertzel).
double share_of(const Samples& samples, double hz) {
    double sine = 0;
    double cosine = 0;
    double energy = 0;
    for (std::size_t i = 0; i < samples.size(); ++i) {
        const double phase = 2 * std::numbers::pi * hz * static_cast<double>(i) / kSampleRateHz;
        const auto value = static_cast<double>(samples[i]);
        sine += value * std::sin(phase);
        cosine += value * std::cos(phase);
        energy += value * value;
    }
    return 2 * (sine * sine + cosine * cosine) / (energy * static_cast<double>(samples.size()));
}

SoundFault fault_of(std::string_view bytes) {
    const auto taken = take_in(bytes, SoundKind::Speech);
    REQUIRE(std::holds_alternative<SoundFault>(taken));
    return std::get<SoundFault>(taken);
}
SoundFault fault_of(const Sound& sound) { return fault_of(file_of(sound)); }

Intake good(std::string_view bytes, SoundKind kind = SoundKind::Speech) {
    auto taken = take_in(bytes, kind);
    if (const auto* fault = std::get_if<SoundFault>(&taken)) {
        FAIL("not taken in: fault ", static_cast<int>(*fault));
    }
    return std::get<Intake>(std::move(taken));
}

}  // namespace

TEST_CASE("every format comes in as its tone, levelled for the telephone") {
    const std::pair<int, SoundFormat> formats[] = {
        {SF_FORMAT_WAV | SF_FORMAT_PCM_16, SoundFormat::Wav},
        {SF_FORMAT_WAV | SF_FORMAT_FLOAT, SoundFormat::Wav},
        {SF_FORMAT_WAVEX | SF_FORMAT_PCM_24, SoundFormat::Wav},
        {SF_FORMAT_FLAC | SF_FORMAT_PCM_16, SoundFormat::Flac},
        {SF_FORMAT_OGG | SF_FORMAT_VORBIS, SoundFormat::OggVorbis},
        {SF_FORMAT_OGG | SF_FORMAT_OPUS, SoundFormat::OggOpus},
        {SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III, SoundFormat::Mp3}};
    for (const auto& [word, format] : formats) {
        for (const int channels : {1, 2}) {
            CAPTURE(word);
            CAPTURE(channels);
            const auto intake = good(file_of({.format = word, .channels = channels}));
            CHECK(intake.format == format);
            CHECK(share_of(intake.samples, 440) > 0.9);
            CHECK(intake.level_before_dbfs == doctest::Approx(-29.0).epsilon(0.03));
            CHECK(intake.level_after_dbfs == doctest::Approx(-20.0).epsilon(0.03));
            CHECK(peak_dbfs(intake.samples) <= -1.0 + 0.01);
            CHECK(duration_of(intake.samples).count() == doctest::Approx(1000).epsilon(0.08));
        }
    }
}

TEST_CASE("music is left quieter than speech") {
    CHECK(good(file_of({}), SoundKind::Music).level_after_dbfs ==
          doctest::Approx(-24.0).epsilon(0.03));
}

TEST_CASE("the edges' silence is taken away") {
    Growing file;
    const auto voice = file_of({.rate_hz = 8'000, .seconds = 1.0});
    // The same WAV with a second of silence before and behind, written over its header's lengths.
    const std::string silence(16'000, '\0');
    std::string wav = voice.substr(0, 44) + silence + voice.substr(44) + silence;
    const auto put = [&](std::size_t at, std::size_t value) {
        for (std::size_t i = 0; i < 4; ++i) wav[at + i] = static_cast<char>(value >> (8 * i) & 255);
    };
    put(4, wav.size() - 8);
    put(40, wav.size() - 44);
    const auto duration = duration_of(good(wav).samples).count();
    CHECK(duration >= 1000);
    CHECK(duration <= 1100);
}

TEST_CASE("what cannot be a prompt is refused for its own reason") {
    CHECK(fault_of("") == SoundFault::NotASound);
    CHECK(fault_of(std::string(5'000, 'x')) == SoundFault::NotASound);
    CHECK(fault_of(std::string("RIFF\x24\0\0\0WAVE", 12)) == SoundFault::NotASound);
    CHECK(fault_of(std::string("OggS") + std::string(400, '\x7f')) == SoundFault::NotASound);
    CHECK(fault_of({.format = SF_FORMAT_AU | SF_FORMAT_PCM_16}) == SoundFault::NotASound);
    CHECK(fault_of({.format = SF_FORMAT_OGG | SF_FORMAT_VORBIS, .rate_hz = 4'000}) ==
          SoundFault::Rate);
    CHECK(fault_of({.seconds = 0}) == SoundFault::TooShort);
    CHECK(fault_of({.seconds = 0.05}) == SoundFault::TooShort);
    CHECK(fault_of({.amplitude = 0}) == SoundFault::Silent);
    CHECK(fault_of({.amplitude = 0.003}) == SoundFault::Silent);
}

TEST_CASE("limits hold at their edge") {
    CHECK(fault_of({.channels = IntakeLimits::kMaxChannels + 1}) == SoundFault::Channels);
    CHECK(fault_of({.channels = 8}) == SoundFault::Channels);
    CHECK(fault_of({.rate_hz = IntakeLimits::kMinRateHz - 1}) == SoundFault::Rate);
    CHECK(fault_of({.rate_hz = IntakeLimits::kMaxRateHz + 1}) == SoundFault::Rate);
    CHECK(fault_of({.rate_hz = 384'000}) == SoundFault::Rate);
    CHECK(good(file_of({.rate_hz = IntakeLimits::kMaxRateHz})).samples.size() > 7'900);
    CHECK(good(file_of({.rate_hz = IntakeLimits::kMinRateHz})).samples.size() > 7'900);

    const double most = IntakeLimits::kMaxSeconds;
    CHECK(good(file_of({.rate_hz = 8'000, .seconds = most})).samples.size() == kMaxSamples);
    CHECK(fault_of({.rate_hz = 8'000, .seconds = most + 0.001}) == SoundFault::TooLong);
    // A small file can hold a long sound.
    CHECK(fault_of({.format = SF_FORMAT_FLAC | SF_FORMAT_PCM_16,
                    .rate_hz = 8'000,
                    .seconds = most + 60,
                    .amplitude = 0}) == SoundFault::TooLong);

    std::string large = file_of({});
    large.resize(IntakeLimits::kMaxBytes, '\0');
    CHECK(good(large).samples.size() > 7'900);
    large.push_back('\0');
    CHECK(fault_of(large) == SoundFault::TooLarge);
}

TEST_CASE("a file that was cut short is told from a whole one") {
    for (const int format : {SF_FORMAT_WAV | SF_FORMAT_PCM_16,
                             SF_FORMAT_FLAC | SF_FORMAT_PCM_16,
                             SF_FORMAT_OGG | SF_FORMAT_VORBIS,
                             SF_FORMAT_OGG | SF_FORMAT_OPUS}) {
        CAPTURE(format);
        const auto whole = file_of({.format = format, .seconds = 3});
        CHECK(fault_of(whole.substr(0, whole.size() / 2)) == SoundFault::CutShort);
    }
    auto boastful = file_of({});
    for (std::size_t i = 0; i < 4; ++i) boastful[4 + i] = boastful[40 + i] = '\xff';
    CHECK(fault_of(boastful) == SoundFault::CutShort);
}

TEST_CASE("a broken file never does harm") {
    for (const int format : {SF_FORMAT_WAV | SF_FORMAT_PCM_16,
                             SF_FORMAT_FLAC | SF_FORMAT_PCM_16,
                             SF_FORMAT_OGG | SF_FORMAT_VORBIS,
                             SF_FORMAT_OGG | SF_FORMAT_OPUS,
                             SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III}) {
        const auto whole = file_of({.format = format, .seconds = 0.3});
        for (std::size_t i = 0; i < 200; ++i) {
            auto broken = whole;
            broken[i * 7919 % broken.size()] ^= static_cast<char>(1U << (i % 8));
            broken[i * 104729 % broken.size()] = '\xff';
            const auto taken = take_in(broken, SoundKind::Speech);
            const auto* intake = std::get_if<Intake>(&taken);
            if (intake != nullptr) CHECK(intake->samples.size() <= kMaxSamples);
        }
    }
}

TEST_CASE("a sound is kept once, by its content, in its company's folder") {
    char name[] = "/tmp/escucha-library-XXXXXX";
    const fs::path folder = ::mkdtemp(name);
    const auto samples = good(file_of({})).samples;
    const auto ours = CompanyId{Uuid{1, 2}};
    const auto theirs = CompanyId{Uuid{3, 4}};
    const auto kept = keep_sound(folder, ours, samples);
    REQUIRE(kept.has_value());
    CHECK(kept.value().sha256.size() == 64);
    const auto path = folder / library_path(ours, kept.value().sha256);
    CHECK(static_cast<std::int64_t>(fs::file_size(path)) == kept.value().bytes);
    CHECK(read_sound(path).value().size() == samples.size());
    REQUIRE(keep_sound(folder, ours, samples).has_value());
    REQUIRE(keep_sound(folder, theirs, samples).has_value());
    std::size_t files = 0;
    for (const auto& entry : fs::recursive_directory_iterator{folder}) {
        files += entry.is_regular_file() ? 1 : 0;
    }
    CHECK(files == 2);
    fs::remove_all(folder);
    CHECK(!keep_sound("/dev/null", ours, samples).has_value());
}

}  // namespace escucha::speech_engine
