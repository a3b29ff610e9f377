#include "media/wav.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

#include "base/errc.h"

namespace escucha::media {
namespace {

Bytes file_of(ByteView header, std::size_t data) {
    Bytes file{header.begin(), header.end()};
    file.resize(file.size() + data, std::byte{1});
    return file;
}
Bytes prompt(std::size_t data, std::uint64_t told) { return file_of(wav_header(1, told), data); }

/// A file that goes away.
struct TempFile {
    std::string path = "/tmp/escucha-wav-XXXXXX";
    explicit TempFile(const Bytes& content) {
        const int fd = ::mkstemp(path.data());
        REQUIRE(fd >= 0);
        ::close(fd);
        std::ofstream{path, std::ios::binary}.write(reinterpret_cast<const char*>(content.data()),
                                                    static_cast<std::streamsize>(content.size()));
    }
    ~TempFile() { ::unlink(path.c_str()); }
    [[nodiscard]] Bytes content() const {
        std::ifstream file{path, std::ios::binary};
        const std::string text{std::istreambuf_iterator<char>{file}, {}};
        const auto bytes = as_bytes(text);
        return {bytes.begin(), bytes.end()};
    }
};

}  // namespace

TEST_CASE("a prompt's samples come out as written, other chunks skipped") {
    Bytes file = prompt(4, 4);
    const auto samples = parse_prompt(file);
    REQUIRE(samples.has_value());
    CHECK(samples.value() == std::vector<std::int16_t>{0x0101, 0x0101});

    // LIST of five bytes, padded to six, before the data chunk.
    const Bytes list{std::byte{'L'},
                     std::byte{'I'},
                     std::byte{'S'},
                     std::byte{'T'},
                     std::byte{5},
                     std::byte{0},
                     std::byte{0},
                     std::byte{0},
                     std::byte{1},
                     std::byte{2},
                     std::byte{3},
                     std::byte{4},
                     std::byte{5},
                     std::byte{0}};
    file.insert(file.begin() + 36, list.begin(), list.end());
    CHECK(parse_prompt(file).value().size() == 2);
}

TEST_CASE("what is no prompt is refused with the reason") {
    const auto why = [](const Bytes& file) { return parse_prompt(file).error().detail; };
    CHECK(why({}) == "not a WAV file");
    CHECK(why(prompt(0, 0)) == "no samples");
    CHECK(why(prompt(3, 4)) == "file cut short");
    CHECK(why(file_of(wav_header(2, 4), 4)) == "channels");
    Bytes rate = prompt(4, 4);
    rate[24] = std::byte{0x41};
    CHECK(why(rate) == "not 8000 Hz");
    Bytes bits = prompt(4, 4);
    bits[34] = std::byte{8};
    CHECK(why(bits) == "not 16 bit");
    Bytes format = prompt(4, 4);
    format[20] = std::byte{7};
    CHECK(why(format) == "not PCM");
}

TEST_CASE("the longest prompt is ten minutes") {
    const std::size_t most = kMaxPromptSeconds * kSampleRateHz * 2;
    CHECK(parse_prompt(prompt(most, most)).has_value());
    const auto over = parse_prompt(prompt(most + 2, most + 2));
    REQUIRE_FALSE(over.has_value());
    CHECK(over.error().code == Errc::TooLarge);
}

TEST_CASE("repair makes the header tell what the file holds") {
    const TempFile file{file_of(wav_header(2, 100), 16'003)};
    const auto report = repair_wav(file.path);
    REQUIRE(report.has_value());
    CHECK(report.value().was_changed);
    CHECK(report.value().bytes == 44 + 16'000);
    CHECK(report.value().duration_ms == 500);
    CHECK(file.content() == file_of(wav_header(2, 16'000), 16'000));
    CHECK_FALSE(repair_wav(file.path).value().was_changed);
}

TEST_CASE("a header that promises more than there is, is mended too") {
    const TempFile file{file_of(wav_header(1, 9'000), 800)};
    CHECK(repair_wav(file.path).value().duration_ms == 50);
    CHECK(file.content() == file_of(wav_header(1, 800), 800));
}

TEST_CASE("repair leaves files alone that are not ours") {
    const TempFile text{Bytes(100, std::byte{'a'})};
    CHECK(repair_wav(text.path).error().code == Errc::InvalidArgument);
    CHECK(text.content() == Bytes(100, std::byte{'a'}));
    const TempFile tiny{Bytes(43, std::byte{0})};
    CHECK(repair_wav(tiny.path).error().code == Errc::InvalidArgument);
    CHECK(repair_wav("/nonexistent/x.wav").error().code == Errc::Io);
}

TEST_CASE("a recording beyond what RIFF can say is told as the most it can") {
    const auto header = wav_header(2, 1ULL << 33U);
    CHECK(header[40] == std::byte{0xD3});
    CHECK(header[43] == std::byte{0xFF});
    CHECK(header[4] == std::byte{0xF7});
}

}  // namespace escucha::media
