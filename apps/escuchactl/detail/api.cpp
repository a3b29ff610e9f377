#include "detail/api.h"

#include <algorithm>
#include <fstream>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "base/errc.h"

namespace escucha::ctl {

namespace json = boost::json;

namespace {

constexpr std::chrono::seconds kDeadline{30};
constexpr std::size_t kMaxReply = 64 * 1'024 * 1'024;

std::optional<std::string> read_token(const std::filesystem::path& path) {
    std::ifstream file{path};
    std::string token;
    if (!std::getline(file, token) || token.empty()) return std::nullopt;
    return token;
}

Exit exit_of(unsigned status) {
    if (status == 404 || status == 422) return Exit::No;
    if (status >= 500) return Exit::ServerFailed;
    return Exit::Refused;
}

std::size_t code_points(std::string_view text) {
    return static_cast<std::size_t>(
        std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

}  // namespace

Language parse_locale(std::string_view locale) {
    return locale.starts_with("es") ? Language::Es : Language::En;
}

Api::Api(const Options& options)
    : options_{options}, token_{read_token(options.data_dir / "escuchactl.token")} {}

std::variant<json::value, Outcome> Api::get(const std::string& path) {
    return ask({.method = "GET", .url = path});
}

std::variant<json::value, Outcome> Api::post(const std::string& path, const json::value& body) {
    net::HttpCall call{.method = "POST", .url = path};
    call.body = json::serialize(body);
    call.headers.emplace_back("Content-Type", "application/json");
    return ask(std::move(call));
}

std::variant<json::value, Outcome> Api::remove(const std::string& path) {
    return ask({.method = "DELETE", .url = path});
}

Result<net::HttpReply> Api::raw(net::HttpCall call) {
    call.url = options_.url + call.url;
    call.deadline = kDeadline;
    call.ca_file = options_.ca_file;
    if (options_.is_own_certificate) call.name = net::HttpCall::Name::Any;
    call.max_reply_bytes = std::max(call.max_reply_bytes, kMaxReply);
    if (token_) call.headers.emplace_back("Authorization", "Bearer " + *token_);
    if (!options_.company.empty()) call.headers.emplace_back("Escucha-Company", options_.company);
    call.headers.emplace_back("Accept-Language", options_.say("es", "en"));
    return client_.call(call);
}

std::variant<json::value, Outcome> Api::ask(net::HttpCall call) {
    if (!token_) {
        const std::string path = (options_.data_dir / "escuchactl.token").string();
        return Outcome{Exit::Refused,
                       {},
                       std::string{options_.say("No se puede leer ", "Cannot read ")} + path +
                           options_.say(": indique la carpeta de datos del servidor con --data, y "
                                        "ejecútelo con su mismo usuario.\n",
                                        ": give the server's data folder with --data, and run this "
                                        "as the server's user.\n")};
    }
    auto reply = raw(std::move(call));
    if (!reply) {
        return Outcome{
            Exit::Unreachable,
            {},
            std::string{options_.say("No contesta ningún servidor en ", "No server answers at ")} +
                options_.url + " (" + reply.error().message() + ")\n"};
    }
    const net::HttpReply& got = reply.value();
    json::error_code error;
    json::value body = got.body.empty() ? json::value{} : json::parse(got.body, error);
    if (got.status < 400 && !error) return body;
    const std::string detail = body.is_object() ? text(body, "detail") : got.body.substr(0, 200);
    return Outcome{exit_of(got.status),
                   options_.format == Format::Json ? serialize_line(body) : "",
                   detail + " (" + std::to_string(got.status) + ")\n"};
}

std::string serialize_line(const json::value& value) { return json::serialize(value) + "\n"; }

std::string text(const json::value& object, std::string_view member) {
    if (!object.is_object()) return "-";
    const auto* value = object.get_object().if_contains({member.data(), member.size()});
    if (value == nullptr || value->is_null()) return "-";
    if (value->is_string()) return std::string{value->get_string()};
    if (value->is_object() || value->is_array()) return json::serialize(*value);
    return json::serialize(*value);
}

std::string text(const json::value& object, std::string_view member, std::string_view inner) {
    if (!object.is_object()) return "-";
    const auto* value = object.get_object().if_contains({member.data(), member.size()});
    return value == nullptr ? "-" : text(*value, inner);
}

std::string table(const std::vector<std::vector<std::string>>& rows) {
    std::vector<std::size_t> widths;
    for (const auto& row : rows) {
        widths.resize(std::max(widths.size(), row.size()));
        for (std::size_t i = 0; i < row.size(); ++i) {
            widths[i] = std::max(widths[i], code_points(row[i]));
        }
    }
    std::string out;
    for (const auto& row : rows) {
        std::string line;
        for (std::size_t i = 0; i < row.size(); ++i) {
            line += row[i];
            if (i + 1 < row.size()) line.append(widths[i] - code_points(row[i]) + 2, ' ');
        }
        out += line + "\n";
    }
    return out;
}

std::string clock_of(std::string_view instant) {
    return instant.size() < 19 ? std::string{instant} : std::string{instant.substr(11, 8)};
}

}  // namespace escucha::ctl
