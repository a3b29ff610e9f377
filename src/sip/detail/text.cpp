#include "sip/detail/text.h"

#include <array>

namespace escucha::sip::detail {

namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

bool is_alnum(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    const char l = lower(c);
    return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

// The end of the element that starts at 0: the first `stop` outside quotes and angle brackets.
std::size_t find_outside(std::string_view text, char stop) {
    bool quoted = false;
    bool bracketed = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (quoted) {
            if (c == '\\') {
                ++i;
            } else if (c == '"') {
                quoted = false;
            }
        } else if (c == '"' && !bracketed) {
            quoted = true;
        } else if (c == '<') {
            bracketed = true;
        } else if (c == '>') {
            bracketed = false;
        } else if (c == stop && !bracketed) {
            return i;
        }
    }
    return text.size();
}

}  // namespace

bool iequals(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (lower(a[i]) != lower(b[i])) return false;
    }
    return true;
}

std::string_view trim(std::string_view text) {
    while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
    return text;
}

std::optional<std::uint64_t> parse_number(std::string_view text, std::uint64_t max) {
    if (text.empty()) return std::nullopt;
    std::uint64_t value = 0;
    for (const char c : text) {
        if (c < '0' || c > '9') return std::nullopt;
        const auto digit = static_cast<std::uint64_t>(c - '0');
        if (value > (max - digit) / 10) return std::nullopt;
        value = value * 10 + digit;
    }
    return value;
}

bool is_token(std::string_view text) {
    if (text.empty()) return false;
    for (const char c : text) {
        if (!is_alnum(c) && std::string_view{"-.!%*_+`'~"}.find(c) == std::string_view::npos) {
            return false;
        }
    }
    return true;
}

bool is_line(std::string_view text) {
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if ((byte < 0x20 && c != '\t') || byte == 0x7F) return false;
    }
    return true;
}

bool next_element(std::string_view& rest, std::string_view& element) {
    while (!rest.empty()) {
        const std::size_t end = find_outside(rest, ',');
        element = trim(rest.substr(0, end));
        rest.remove_prefix(end < rest.size() ? end + 1 : end);
        if (!element.empty()) return true;
    }
    return false;
}

bool has_stray_separator(std::string_view list) {
    bool is_quoted = false;
    bool is_after_separator = false;
    for (std::size_t i = 0; i < list.size(); ++i) {
        const char c = list[i];
        if (is_space(c)) continue;
        const bool is_separator = !is_quoted && (c == ',' || c == ';');
        if (is_separator && is_after_separator) return true;
        is_after_separator = is_separator;
        if (is_quoted && c == '\\') ++i;
        if (c == '"') is_quoted = !is_quoted;
    }
    return false;
}

bool next_param(std::string_view& rest, Param& param) {
    while (!rest.empty()) {
        const std::size_t end = find_outside(rest, ';');
        const std::string_view piece = trim(rest.substr(0, end));
        rest.remove_prefix(end < rest.size() ? end + 1 : end);
        if (piece.empty()) continue;
        const std::size_t equals = piece.find('=');
        param.name = trim(piece.substr(0, equals));
        param.value =
            equals == std::string_view::npos ? std::string_view{} : trim(piece.substr(equals + 1));
        return true;
    }
    return false;
}

std::optional<std::string_view> find_param(std::string_view params, std::string_view name) {
    Param param;
    while (next_param(params, param)) {
        if (iequals(param.name, name)) return param.value;
    }
    return std::nullopt;
}

std::string unquote(std::string_view text) {
    text = trim(text);
    if (text.size() < 2 || text.front() != '"' || text.back() != '"') return std::string{text};
    text = text.substr(1, text.size() - 2);
    std::string plain;
    plain.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\\' && i + 1 < text.size()) ++i;
        plain.push_back(text[i]);
    }
    return plain;
}

std::string quote(std::string_view text) {
    std::string quoted = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') quoted.push_back('\\');
        quoted.push_back(byte < 0x20 || byte == 0x7F ? ' ' : c);
    }
    quoted.push_back('"');
    return quoted;
}

void drop_separators(std::string& number) {
    std::erase_if(number, [](char c) { return c == '-' || c == '.' || c == '(' || c == ')'; });
}

std::string unescape_user(std::string_view text) {
    std::string plain;
    plain.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%' && i + 2 < text.size()) {
            const int high = hex_value(text[i + 1]);
            const int low = hex_value(text[i + 2]);
            const int value = high * 16 + low;
            if (high >= 0 && low >= 0 && value >= 0x20 && value != 0x7F) {
                plain.push_back(static_cast<char>(value));
                i += 2;
                continue;
            }
        }
        plain.push_back(text[i]);
    }
    return plain;
}

std::string escape_user(std::string_view text) {
    static constexpr std::array<char, 17> kHex{"0123456789ABCDEF"};
    std::string escaped;
    for (const char c : text) {
        if (is_alnum(c) ||
            std::string_view{"-_.!~*'()&=+$,;?/"}.find(c) != std::string_view::npos) {
            escaped.push_back(c);
        } else {
            const auto byte = static_cast<unsigned char>(c);
            escaped.push_back('%');
            escaped.push_back(kHex[byte >> 4U]);
            escaped.push_back(kHex[byte & 0xFU]);
        }
    }
    return escaped;
}

}  // namespace escucha::sip::detail
