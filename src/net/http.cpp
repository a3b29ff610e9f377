#include "net/http.h"

#include <algorithm>

#include "net/detail/text.h"

namespace escucha::net {
namespace {

bool equal_any_case(std::string_view a, std::string_view b) {
    const auto lower = [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    };
    return std::ranges::equal(a, b, {}, lower, lower);
}

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

const std::string kNoText;

}  // namespace

std::string_view Request::header(std::string_view name) const {
    for (const auto& [key, value] : headers) {
        if (key == name) return value;
    }
    return {};
}

std::string_view Request::cookie(std::string_view name) const {
    for (const auto& [key, value] : headers) {
        if (key != "cookie") continue;
        std::string_view rest = value;
        while (!rest.empty()) {
            const std::size_t end = std::min(rest.find(';'), rest.size());
            const std::string_view pair = detail::trim(rest.substr(0, end));
            const std::size_t equals = pair.find('=');
            if (equals != std::string_view::npos && pair.substr(0, equals) == name) {
                return pair.substr(equals + 1);
            }
            rest.remove_prefix(std::min(end + 1, rest.size()));
        }
    }
    return {};
}

std::string_view Response::header(std::string_view name) const {
    for (const auto& [key, value] : headers) {
        if (equal_any_case(key, name)) return value;
    }
    return {};
}

const std::string& Response::text() const {
    const auto* text = std::get_if<std::string>(&body);
    return text == nullptr ? kNoText : *text;
}

std::optional<std::string> percent_decode(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            out.push_back(text[i]);
            continue;
        }
        if (i + 2 >= text.size()) return std::nullopt;
        const int high = hex_digit(text[i + 1]);
        const int low = hex_digit(text[i + 2]);
        if (high < 0 || low < 0 || high + low == 0) return std::nullopt;
        out.push_back(static_cast<char>(high * 16 + low));
        i += 2;
    }
    return out;
}

std::optional<std::map<std::string, std::string>> parse_query(std::string_view query) {
    std::map<std::string, std::string> out;
    while (!query.empty()) {
        const std::size_t end = std::min(query.find('&'), query.size());
        std::string pair{query.substr(0, end)};
        query.remove_prefix(std::min(end + 1, query.size()));
        if (pair.empty()) continue;
        std::ranges::replace(pair, '+', ' ');
        const std::size_t equals = std::min(pair.find('='), pair.size());
        auto name = percent_decode(std::string_view{pair}.substr(0, equals));
        auto value =
            percent_decode(std::string_view{pair}.substr(std::min(equals + 1, pair.size())));
        if (!name || !value || out.size() >= kMaxQueryParameters) return std::nullopt;
        out.try_emplace(std::move(*name), std::move(*value));
    }
    return out;
}

}  // namespace escucha::net
