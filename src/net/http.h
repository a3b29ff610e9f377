#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace escucha::net {

enum class Scheme { Http, Https };

/// One HTTP request, read whole before it is handled. Header names are lower case.
struct Request {
    std::string method;  ///< "GET", as sent.
    std::string path;    ///< Before the question mark, still percent-encoded.
    std::string query;   ///< After it, without it.
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
    std::string peer;  ///< The other side's address, without the port.
    Scheme scheme = Scheme::Http;  ///< How it came to this server.

    /// The first header of this lower-case name; empty when there is none.
    [[nodiscard]] std::string_view header(std::string_view name) const;
    /// The cookie of this name; empty when there is none.
    [[nodiscard]] std::string_view cookie(std::string_view name) const;
};

/// Part of a file, sent in pieces.
struct FileBody {
    std::string path;
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
};

/// Bytes that are made while they are sent. Read by one connection at a time, on the server's pool.
class BodySource {
public:
    virtual ~BodySource() = default;
    /// Fills `out` from `offset`. Fewer bytes than were announced end the connection.
    virtual std::size_t read(std::uint64_t offset, std::span<std::byte> out) = 0;
};
struct SourceBody {
    std::shared_ptr<BodySource> source;  ///< A response may be copied; its source is one.
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
};

using Body = std::variant<std::string, FileBody, SourceBody>;

/// What an answer waits for before it leaves, without keeping a thread: that something is on disk.
class Departure {
public:
    virtual ~Departure() = default;
    enum class Verdict { Leave, Withhold };
    /// Calls `settled` once, on any thread, also at once.
    virtual void when_settled(std::function<void(Verdict)> settled) = 0;
};

struct Response {
    unsigned status = 200;
    std::vector<std::pair<std::string, std::string>> headers;
    Body body;
    /// None: it leaves at once. Shared, because who settles it may come after the connection's end.
    std::shared_ptr<Departure> departure{};

    Response& with(std::string name, std::string value) {
        headers.emplace_back(std::move(name), std::move(value));
        return *this;
    }
    /// The first header of this name, in any case; empty when there is none.
    [[nodiscard]] std::string_view header(std::string_view name) const;
    [[nodiscard]] const std::string& text() const;  ///< Empty for other bodies.
};

/// "%C3%B1" -> "ñ"; nullopt for a broken escape or a zero byte.
std::optional<std::string> percent_decode(std::string_view text);

/// "a=1&b=x%20y" (application/x-www-form-urlencoded). The first of a name counts; nullopt for a
/// broken escape.
std::optional<std::map<std::string, std::string>> parse_query(std::string_view query);

inline constexpr std::size_t kMaxQueryParameters = 50;

}  // namespace escucha::net
