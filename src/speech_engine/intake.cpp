#include "speech_engine/intake.h"

#include <atomic>
#include <fstream>
#include <iterator>
#include <optional>

#include <fcntl.h>
#include <unistd.h>

#include "base/errc.h"
#include "base/hex.h"
#include "speech_engine/detail/sound_reader.h"
#include "speech_engine/prompt_maker.h"

namespace escucha::speech_engine {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

namespace {

constexpr auto kKeptSilence = 40ms;

std::uint32_t little_endian(std::string_view bytes, std::size_t at) {
    std::uint32_t value = 0;
    for (std::size_t i = 4; i-- > 0;) {
        value = value << 8U | static_cast<std::uint8_t>(bytes[at + i]);
    }
    return value;
}

/// By the first bytes: libsndfile knows thirty formats, and strangers' bytes reach four of them.
bool looks_like_ours(std::string_view bytes) {
    const bool is_wav = bytes.starts_with("RIFF") && bytes.substr(0, 12).ends_with("WAVE");
    const bool is_mpeg_frame = bytes.size() > 2 && static_cast<std::uint8_t>(bytes[0]) == 0xFF &&
                               (static_cast<std::uint8_t>(bytes[1]) & 0xE0U) == 0xE0U;
    return is_wav || is_mpeg_frame || bytes.starts_with("fLaC") || bytes.starts_with("OggS") ||
           bytes.starts_with("ID3");
}

/// libsndfile plays what there is of a WAV that was cut; its author should know.
bool is_wav_cut_short(std::string_view bytes) {
    constexpr std::size_t kChunk = 8;
    for (std::size_t at = 12; at + kChunk <= bytes.size();) {
        const std::uint64_t size = little_endian(bytes, at + 4);
        if (bytes.substr(at, 4) == "data") return at + kChunk + size > bytes.size();
        at += kChunk + size + size % 2;
    }
    return true;
}

/// The last page says that it is the last and is there to its end (RFC 3533 §6).
bool is_ogg_cut_short(std::string_view bytes) {
    constexpr std::size_t kHeader = 27;
    const std::size_t page = bytes.rfind("OggS");
    if (page == std::string_view::npos || page + kHeader > bytes.size()) return true;
    const auto byte = [&](std::size_t at) { return static_cast<std::uint8_t>(bytes[page + at]); };
    constexpr unsigned kLastPage = 4;
    if ((byte(5) & kLastPage) == 0) return true;
    std::size_t end = kHeader + byte(26);
    if (page + end > bytes.size()) return true;
    for (std::size_t i = 0; i < byte(26); ++i) end += byte(kHeader + i);
    return page + end > bytes.size();
}

std::optional<SoundFormat> format_of(int format) {
    switch (format & SF_FORMAT_TYPEMASK) {
        case SF_FORMAT_WAV:
        case SF_FORMAT_WAVEX:
            return SoundFormat::Wav;
        case SF_FORMAT_FLAC:
            return SoundFormat::Flac;
        case SF_FORMAT_MPEG:
            return SoundFormat::Mp3;
        case SF_FORMAT_OGG:
            if ((format & SF_FORMAT_SUBMASK) == SF_FORMAT_VORBIS) return SoundFormat::OggVorbis;
            if ((format & SF_FORMAT_SUBMASK) == SF_FORMAT_OPUS) return SoundFormat::OggOpus;
            return std::nullopt;
        default:
            return std::nullopt;
    }
}

SoundFault fault_of(detail::ReadFault fault) {
    switch (fault) {
        case detail::ReadFault::NotASound:
            return SoundFault::NotASound;
        case detail::ReadFault::Channels:
            return SoundFault::Channels;
        case detail::ReadFault::Rate:
            return SoundFault::Rate;
        case detail::ReadFault::TooLong:
            return SoundFault::TooLong;
        case detail::ReadFault::CutShort:
            return SoundFault::CutShort;
    }
    return SoundFault::NotASound;
}

/// The event that names a file may reach the disk before the file does; a power cut must not leave
/// a name without a sound.
bool to_disk(const fs::path& path) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) return false;
    const bool is_there = ::fsync(file) == 0;
    return ::close(file) == 0 && is_there;
}

}  // namespace

double target_dbfs(SoundKind kind) {
    return kind == SoundKind::Music ? PromptMaker::kMusicRmsDbfs : PromptMaker::kTargetRmsDbfs;
}

std::variant<Intake, SoundFault> take_in(std::string_view bytes, SoundKind kind) {
    if (bytes.size() > IntakeLimits::kMaxBytes) return SoundFault::TooLarge;
    if (!looks_like_ours(bytes)) return SoundFault::NotASound;
    int word = 0;
    auto read = detail::read_bytes(bytes,
                                   {.most_channels = IntakeLimits::kMaxChannels,
                                    .least_rate_hz = IntakeLimits::kMinRateHz,
                                    .most_rate_hz = IntakeLimits::kMaxRateHz,
                                    .most_samples = kMaxSamples,
                                    .length = detail::ReadLimits::Length::Held},
                                   &word);
    const auto format = format_of(word);
    if (word != 0 && !format) return SoundFault::OtherFormat;
    if (const auto* fault = std::get_if<detail::ReadFault>(&read)) return fault_of(*fault);
    Intake intake{.samples = std::get<Samples>(std::move(read)), .format = *format};
    const bool is_ogg = format == SoundFormat::OggVorbis || format == SoundFormat::OggOpus;
    if (format == SoundFormat::Wav && is_wav_cut_short(bytes)) return SoundFault::CutShort;
    if (is_ogg && is_ogg_cut_short(bytes)) return SoundFault::CutShort;
    if (intake.samples.empty()) return SoundFault::TooShort;
    intake.level_before_dbfs = rms_dbfs(intake.samples);
    constexpr double kInaudible = -119.0;
    if (intake.level_before_dbfs <= kInaudible) return SoundFault::Silent;
    trim_silence(intake.samples, kKeptSilence);
    if (duration_of(intake.samples) < IntakeLimits::kMinDuration) return SoundFault::TooShort;
    level(intake.samples, target_dbfs(kind));
    intake.level_after_dbfs = rms_dbfs(intake.samples);
    return intake;
}

fs::path library_path(CompanyId company, std::string_view sha256) {
    return fs::path{"library"} / company.to_string() / (std::string{sha256} + ".wav");
}

Result<KeptSound> keep_sound(const fs::path& prompts_folder,
                             CompanyId company,
                             const Samples& samples) {
    static std::atomic<std::uint64_t> counter{0};
    const fs::path folder = (prompts_folder / library_path(company, "x")).parent_path();
    const fs::path aside =
        folder / ("incoming-" + std::to_string(::getpid()) + "-" + std::to_string(++counter));
    ESC_TRY(write_wav(aside, samples));
    std::ifstream in{aside, std::ios::binary};
    const std::string bytes{std::istreambuf_iterator<char>{in}, {}};
    KeptSound kept{.sha256 = sha256_hex(bytes), .bytes = static_cast<std::int64_t>(bytes.size())};
    const fs::path path = prompts_folder / library_path(company, kept.sha256);
    std::error_code error;
    if (!in || bytes.empty() || !to_disk(aside)) {
        fs::remove(aside, error);
        return fail(Errc::Io, "cannot write a prompt");
    }
    fs::rename(aside, path, error);
    if (error || !to_disk(folder)) return fail(Errc::Io, "cannot keep a prompt");
    return kept;
}

}  // namespace escucha::speech_engine
