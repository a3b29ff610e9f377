#pragma once

#include <optional>
#include <string>
#include <variant>

#include <boost/json/value.hpp>

#include "commands.h"
#include "net/http_client.h"

namespace escucha::ctl {

/// The server's API with the operator's token.
class Api {
public:
    explicit Api(const Options& options);

    /// The body of a success, or what to tell the operator instead.
    std::variant<boost::json::value, Outcome> get(const std::string& path);
    std::variant<boost::json::value, Outcome> post(const std::string& path,
                                                   const boost::json::value& body);
    std::variant<boost::json::value, Outcome> remove(const std::string& path);
    /// Any answer as it is; for probes and files.
    Result<net::HttpReply> raw(net::HttpCall call);

private:
    std::variant<boost::json::value, Outcome> ask(net::HttpCall call);

    const Options& options_;
    std::optional<std::string> token_;
    net::HttpClient client_;
};

/// Runs `print` on the answer of GET `path`; as JSON, prints the answer as it is.
template <typename Print>
Outcome show(const Options& options, const std::string& path, Print print);

std::string serialize_line(const boost::json::value& value);

template <typename Print>
Outcome show(const Options& options, const std::string& path, Print print) {
    Api api{options};
    auto answer = api.get(path);
    if (auto* failure = std::get_if<Outcome>(&answer)) return std::move(*failure);
    const auto& body = std::get<boost::json::value>(answer);
    if (options.format == Format::Json) return {Exit::Done, serialize_line(body), {}};
    return {Exit::Done, print(body), {}};
}

/// The text at a member; "-" for null or none.
std::string text(const boost::json::value& object, std::string_view member);
/// The text at a member of a member: case.reference.
std::string text(const boost::json::value& object, std::string_view member, std::string_view inner);

/// Columns as wide as their widest cell; the first row is the heading.
std::string table(const std::vector<std::vector<std::string>>& rows);
/// "2026-11-23T03:21:25.120Z" -> "03:21:25".
std::string clock_of(std::string_view instant);

}  // namespace escucha::ctl
