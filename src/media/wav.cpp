#include "media/wav.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <span>
#include <system_error>

#include "base/errc.h"

namespace escucha::media {
namespace {

constexpr std::uint16_t kPcm = 1;
constexpr std::uint16_t kBitsPerSample = 16;
constexpr std::uint16_t kBytesPerSample = 2;
constexpr std::size_t kFormatBytes = 16;

// RIFF is little-endian; base/bytes.h is for the wire.
std::uint32_t little(ByteView bytes) {
    std::uint32_t value = 0;
    for (std::size_t i = bytes.size(); i > 0; --i) {
        value = (value << 8U) | std::to_integer<std::uint32_t>(bytes[i - 1]);
    }
    return value;
}

Result<void> check_format(ByteView format, std::uint16_t channels) {
    if (format.size() < kFormatBytes) return fail(Errc::InvalidArgument, "fmt chunk cut short");
    if (little(format.subspan(0, 2)) != kPcm) return fail(Errc::InvalidArgument, "not PCM");
    if (little(format.subspan(2, 2)) != channels) return fail(Errc::InvalidArgument, "channels");
    if (little(format.subspan(4, 4)) != kSampleRateHz) {
        return fail(Errc::InvalidArgument, "not 8000 Hz");
    }
    if (little(format.subspan(14, 2)) != kBitsPerSample) {
        return fail(Errc::InvalidArgument, "not 16 bit");
    }
    return ok();
}

Result<std::vector<std::int16_t>> samples_of(ByteView data) {
    const std::size_t count = data.size() / kBytesPerSample;
    if (count == 0) return fail(Errc::InvalidArgument, "no samples");
    if (count > kMaxPromptSeconds * kSampleRateHz) return fail(Errc::TooLarge, "prompt too long");
    std::vector<std::int16_t> samples(count);
    for (std::size_t i = 0; i < count; ++i) {
        samples[i] =
            static_cast<std::int16_t>(little(data.subspan(i * kBytesPerSample, kBytesPerSample)));
    }
    return samples;
}

class File {
public:
    explicit File(const std::string& path) : fd_{::open(path.c_str(), O_RDWR | O_CLOEXEC)} {}
    ~File() {
        if (fd_ >= 0) ::close(fd_);
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    [[nodiscard]] int fd() const { return fd_; }

private:
    int fd_;
};

Error io_error(const char* what) {
    return fail(Errc::Io, std::string{what} + ": " + std::generic_category().message(errno));
}

}  // namespace

Result<std::vector<std::int16_t>> parse_prompt(ByteView file) {
    ByteCursor cursor{file};
    const std::string_view riff = as_text(cursor.take(4));
    cursor.take(4);  // The size; writers that stream leave it wrong.
    const std::string_view wave = as_text(cursor.take(4));
    if (riff != "RIFF" || wave != "WAVE") return fail(Errc::InvalidArgument, "not a WAV file");
    bool has_format = false;
    while (cursor.remaining() >= 8) {
        const std::string_view id = as_text(cursor.take(4));
        const std::size_t size = little(cursor.take(4));
        if (size > cursor.remaining()) return fail(Errc::InvalidArgument, "file cut short");
        const ByteView body = cursor.take(size);
        if (size % 2 != 0 && cursor.remaining() > 0) cursor.take(1);
        if (id == "fmt ") {
            ESC_TRY(check_format(body, 1));
            has_format = true;
        }
        if (id != "data") continue;
        if (!has_format) return fail(Errc::InvalidArgument, "no fmt chunk before data");
        return samples_of(body);
    }
    return fail(Errc::InvalidArgument, "no data chunk");
}

Result<RepairReport> repair_wav(const std::string& path) {
    const File file{path};
    if (file.fd() < 0) return io_error("open");
    struct stat status {};
    if (::fstat(file.fd(), &status) != 0) return io_error("stat");
    const auto size = static_cast<std::uint64_t>(status.st_size);
    std::array<std::byte, kWavHeaderBytes> header{};
    if (::pread(file.fd(), header.data(), header.size(), 0) !=
        static_cast<ssize_t>(header.size())) {
        return fail(Errc::InvalidArgument, "shorter than a header");
    }
    const ByteView view{header};
    const std::uint32_t channels = little(view.subspan(22, 2));
    if (channels != 1 && channels != 2) return fail(Errc::InvalidArgument, "channels");
    const auto frame = channels * kBytesPerSample;
    const std::uint64_t data = (size - kWavHeaderBytes) / frame * frame;
    const auto wanted = wav_header(static_cast<std::uint16_t>(channels), data);
    const auto plain =
        wav_header(static_cast<std::uint16_t>(channels), little(view.subspan(40, 4)));
    if (header != plain) return fail(Errc::InvalidArgument, "not a recording's header");

    RepairReport report{.bytes = kWavHeaderBytes + data};
    report.duration_ms = static_cast<std::uint32_t>(data / frame * 1000 / kSampleRateHz);
    report.was_changed = header != wanted || report.bytes != size;
    if (!report.was_changed) return report;
    if (::ftruncate(file.fd(), static_cast<off_t>(report.bytes)) != 0) return io_error("truncate");
    if (::pwrite(file.fd(), wanted.data(), wanted.size(), 0) !=
        static_cast<ssize_t>(wanted.size())) {
        return io_error("write");
    }
    if (::fsync(file.fd()) != 0) return io_error("sync");
    return report;
}

}  // namespace escucha::media
