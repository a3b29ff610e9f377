#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "sip/settings.h"

namespace escucha::sip {

/// Cuts a TCP stream into SIP messages by Content-Length (RFC 3261 §18.3), one per connection.
///
/// Usage: `append` what was read, then `next` until it returns nothing. An error is final: the
/// stream is out of step, so the connection must be closed. Keep-alives (RFC 5626 §4.4.1) are
/// swallowed; `take_pings` tells how many double CRLFs want a CRLF back.
class StreamFramer {
public:
    /// From the first byte of a message to its last; slow loris ends here.
    static constexpr std::chrono::seconds kMessageDeadline{10};

    explicit StreamFramer(const Limits& limits) : limits_{limits} {}

    /// `Malformed` when twice `tcp_message_bytes` are waiting: the caller did not call `next`.
    Result<void> append(ByteView bytes, Now now);
    /// The next whole message; the view lives until the next call of `append` or `next`.
    /// `Malformed` for a missing or unreadable Content-Length, headers over `header_bytes`, or a
    /// message over `tcp_message_bytes`.
    Result<std::optional<ByteView>> next();

    [[nodiscard]] unsigned take_pings();
    /// When an unfinished message becomes too old; nullopt between messages.
    [[nodiscard]] std::optional<Instant> deadline() const;

private:
    void skip_keepalives();
    Result<std::size_t> content_length(std::string_view head) const;

    Limits limits_;
    std::string buffer_;
    std::size_t consumed_ = 0;
    std::size_t scanned_ = 0;
    unsigned pings_ = 0;
    std::optional<Instant> started_;
    Instant last_read_{};
};

}  // namespace escucha::sip
