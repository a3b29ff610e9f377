#include <algorithm>
#include <array>
#include <charconv>

#include "sdp/detail/crypto.h"

namespace escucha::sdp::detail {

namespace {

constexpr std::uint32_t kMaxTag = 999'999'999;
constexpr std::string_view kInline = "inline:";
constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

template <typename T>
std::optional<T> number(std::string_view text) {
    T value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::string_view cut(std::string_view& rest, char at) {
    const std::size_t end = std::min(rest.find(at), rest.size());
    const std::string_view part = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return part;
}

std::string_view next_word(std::string_view& rest) {
    rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
    const std::size_t end = std::min(rest.find_first_of(" \t"), rest.size());
    const std::string_view word = rest.substr(0, end);
    rest.remove_prefix(end);
    return word;
}

/// RFC 4648 §4; true when it is exactly `out.size()` bytes.
bool decode(std::string_view text, std::span<std::uint8_t> out) {
    while (!text.empty() && text.back() == '=') text.remove_suffix(1);
    if (text.size() != (out.size() * 8 + 5) / 6) return false;
    std::uint32_t bits = 0;
    unsigned held = 0;
    std::size_t at = 0;
    for (const char c : text) {
        const std::size_t value = kAlphabet.find(c);
        if (value == std::string_view::npos) return false;
        bits = bits << 6U | static_cast<std::uint32_t>(value);
        held += 6;
        if (held < 8) continue;
        held -= 8;
        out[at++] = static_cast<std::uint8_t>(bits >> held);
    }
    return true;
}

void encode(std::span<const std::uint8_t> bytes, std::string& out) {
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
        const auto group = bytes.subspan(at, std::min<std::size_t>(3, bytes.size() - at));
        std::uint32_t bits = 0;
        for (std::size_t i = 0; i < 3; ++i) bits = bits << 8U | (i < group.size() ? group[i] : 0U);
        for (std::size_t i = 0; i < 4; ++i) {
            out += i <= group.size() ? kAlphabet[bits >> (18 - 6 * i) & 0x3FU] : '=';
        }
    }
}

/// "2^20" or a number of packets. No call reaches what phones say here (2^31, 2^48), so it is read
/// for its form only.
bool is_lifetime(std::string_view text) {
    constexpr std::uint64_t kMost = std::uint64_t{1} << 48U;
    if (text.starts_with("2^")) {
        const auto power = number<std::uint32_t>(text.substr(2));
        return power && *power <= 48;
    }
    const auto packets = number<std::uint64_t>(text);
    return packets && *packets > 0 && *packets <= kMost;
}

/// RFC 4568 §6.3: what is not understood forbids the line, unless it begins with "-". A hint at the
/// window's size may be followed or not.
bool is_harmless(std::string_view parameter) {
    return parameter.starts_with("-") || parameter.starts_with("WSH=");
}

}  // namespace

std::optional<Crypto> parse_crypto(std::string_view value) {
    const auto tag = number<std::uint32_t>(next_word(value));
    const auto suite = srtp_suite_of(next_word(value));
    std::string_view how = next_word(value);
    if (!tag || *tag > kMaxTag || !suite || !how.starts_with(kInline)) return std::nullopt;
    how.remove_prefix(kInline.size());
    if (how.find(';') != std::string_view::npos) return std::nullopt;
    Crypto crypto{.tag = *tag, .key = {.suite = *suite}};
    if (!decode(cut(how, '|'), crypto.key.bytes())) return std::nullopt;
    if (!how.empty() && !is_lifetime(how)) return std::nullopt;
    while (true) {
        const std::string_view parameter = next_word(value);
        if (parameter.empty()) return crypto;
        if (!is_harmless(parameter)) return std::nullopt;
    }
}

void append_crypto(std::string& out, const Crypto& crypto) {
    out.append("a=crypto:").append(std::to_string(crypto.tag)).append(" ");
    out.append(name_of(crypto.key.suite)).append(" ").append(kInline);
    encode(crypto.key.bytes(), out);
    out.append("\r\n");
}

}  // namespace escucha::sdp::detail
