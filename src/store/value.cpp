#include "store/value.h"

#include <array>
#include <cmath>
#include <cstring>

#include "store/errc.h"

namespace escucha::store {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

/// How many bytes at the start are plain ASCII, which most text is: eight are judged at a time. A
/// byte is plain when its high bit is clear and taking one from it sets none, so zero is not.
std::size_t plain_length(std::string_view text) {
    constexpr std::uint64_t kOnes = 0x0101010101010101ULL;
    constexpr std::uint64_t kHighBits = 0x8080808080808080ULL;
    std::size_t length = 0;
    for (std::uint64_t word = 0; text.size() - length >= sizeof word; length += sizeof word) {
        std::memcpy(&word, text.data() + length, sizeof word);
        if (((word | (word - kOnes)) & kHighBits) != 0) break;
    }
    return length;
}

/// The length of the UTF-8 sequence that starts here; 0 when there is none (RFC 3629 §4).
std::size_t sequence_length(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const auto in = [&](std::size_t i, unsigned low, unsigned high) {
        return i < text.size() && byte(i) >= low && byte(i) <= high;
    };
    const unsigned lead = byte(0);
    if (lead < 0x80) return lead == 0 ? 0 : 1;
    if (lead >= 0xC2 && lead <= 0xDF) return in(1, 0x80, 0xBF) ? 2 : 0;
    if (lead >= 0xE0 && lead <= 0xEF) {
        const unsigned low = lead == 0xE0 ? 0xA0 : 0x80;
        const unsigned high = lead == 0xED ? 0x9F : 0xBF;
        return in(1, low, high) && in(2, 0x80, 0xBF) ? 3 : 0;
    }
    if (lead >= 0xF0 && lead <= 0xF4) {
        const unsigned low = lead == 0xF0 ? 0x90 : 0x80;
        const unsigned high = lead == 0xF4 ? 0x8F : 0xBF;
        return in(1, low, high) && in(2, 0x80, 0xBF) && in(3, 0x80, 0xBF) ? 4 : 0;
    }
    return 0;
}

// The letters U+00C0 to U+017F without their marks; a blank is not a letter.
constexpr std::string_view kPlain =
    "aaaaaaaceeeeiiiidnooooo ouuuuytsaaaaaaaceeeeiiiidnooooo ouuuuyty"
    "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiiijjkkklllllll"
    "lllnnnnnnnnnoooooooorrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";
static_assert(kPlain.size() == 0x180 - 0xC0);

char fold_two_bytes(std::string_view sequence) {
    const unsigned code = ((static_cast<unsigned char>(sequence[0]) & 0x1FU) << 6U) |
                          (static_cast<unsigned char>(sequence[1]) & 0x3FU);
    if (code < 0xC0 || code >= 0x180) return ' ';
    return kPlain[code - 0xC0];
}

char fold_ascii(char letter) {
    if (letter >= 'A' && letter <= 'Z') return static_cast<char>(letter - 'A' + 'a');
    const bool stays = (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9');
    return stays ? letter : ' ';
}

Error mismatch(std::string_view wanted) { return fail(Errc::TypeMismatch, std::string{wanted}); }

}  // namespace

std::string clean_text(std::string_view text) {
    const std::size_t plain = plain_length(text);
    std::string clean;
    clean.reserve(text.size());
    clean.append(text.substr(0, plain));
    text.remove_prefix(plain);
    while (!text.empty()) {
        const std::size_t length = sequence_length(text);
        clean.append(length == 0 ? kReplacement : text.substr(0, length));
        text.remove_prefix(length == 0 ? 1 : length);
    }
    return clean;
}

std::string search_key(std::string_view text) {
    std::string key;
    while (!text.empty()) {
        const std::size_t length = sequence_length(text);
        std::string folded;
        if (length <= 1) {
            folded = fold_ascii(text[0]);
        } else if (length == 2) {
            folded = fold_two_bytes(text);
        } else {
            folded = text.substr(0, length);
        }
        text.remove_prefix(length == 0 ? 1 : length);
        if (folded == " " && (key.empty() || key.back() == ' ')) continue;
        key += folded;
    }
    if (!key.empty() && key.back() == ' ') key.pop_back();
    return key;
}

Param::Param(std::string_view text) : cell_{clean_text(text)} {}

Error Row::missing(std::size_t index) {
    return fail(Errc::TypeMismatch, "no column " + std::to_string(index));
}

Error Row::at_column(Error error, std::size_t index) {
    error.detail = "column " + std::to_string(index) + " is not " + error.detail;
    return error;
}

namespace detail {

Result<void> read_cell(const Cell& cell, std::int64_t& out) {
    if (const auto* value = std::get_if<std::int64_t>(&cell)) {
        out = *value;
        return ok();
    }
    return mismatch("an integer");
}

Result<void> read_cell(const Cell& cell, double& out) {
    if (const auto* value = std::get_if<double>(&cell)) {
        out = *value;
        return ok();
    }
    // A whole number: PostgreSQL prints 2.0 of a numeric as 2.
    if (const auto* whole = std::get_if<std::int64_t>(&cell)) {
        out = static_cast<double>(*whole);
        return ok();
    }
    return mismatch("a number");
}

Result<void> read_cell(const Cell& cell, bool& out) {
    const auto* value = std::get_if<std::int64_t>(&cell);
    if (value == nullptr || (*value != 0 && *value != 1)) return mismatch("0 or 1");
    out = *value == 1;
    return ok();
}

Result<void> read_cell(const Cell& cell, std::string& out) {
    if (const auto* value = std::get_if<std::string>(&cell)) {
        out = *value;
        return ok();
    }
    return mismatch("text");
}

Result<void> read_cell(const Cell& cell, Bytes& out) {
    if (const auto* value = std::get_if<Bytes>(&cell)) {
        out = *value;
        return ok();
    }
    return mismatch("bytes");
}

Result<void> read_cell(const Cell& cell, WallTime& out) {
    std::int64_t micros = 0;
    if (!read_cell(cell, micros)) return mismatch("an instant");
    out = from_micros(micros);
    return ok();
}

Result<void> read_id(const Cell& cell, Uuid& out) {
    const auto* text = std::get_if<std::string>(&cell);
    const auto uuid = text == nullptr ? std::nullopt : Uuid::parse(*text);
    if (!uuid) return mismatch("an id");
    out = *uuid;
    return ok();
}

}  // namespace detail
}  // namespace escucha::store
