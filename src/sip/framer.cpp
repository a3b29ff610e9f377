#include "sip/framer.h"

#include "sip/detail/message.h"
#include "sip/detail/text.h"
#include "sip/errc.h"

namespace escucha::sip {

Result<void> StreamFramer::append(ByteView bytes, Now now) {
    // What `next` handed out is dead now.
    buffer_.erase(0, consumed_);
    consumed_ = 0;
    scanned_ = 0;
    last_read_ = now.mono;
    if (buffer_.size() + bytes.size() > 2 * limits_.tcp_message_bytes) {
        return fail(Errc::Malformed, "stream buffer is full");
    }
    buffer_.append(as_text(bytes));
    skip_keepalives();
    if (consumed_ == buffer_.size()) {
        started_.reset();
    } else if (!started_) {
        started_ = now.mono;
    }
    return ok();
}

Result<std::optional<ByteView>> StreamFramer::next() {
    skip_keepalives();
    const std::string_view pending = std::string_view{buffer_}.substr(consumed_);
    if (pending.empty()) {
        started_.reset();
        return std::nullopt;
    }
    const std::size_t search_from = scanned_ > 3 ? scanned_ - 3 : 0;
    std::size_t end = pending.find("\r\n\r\n", search_from);
    scanned_ = pending.size();
    if (end == std::string_view::npos) {
        if (pending.size() > limits_.header_bytes)
            return fail(Errc::Malformed, "headers too large");
        return std::nullopt;
    }
    end += 4;
    if (end > limits_.header_bytes) return fail(Errc::Malformed, "headers too large");
    ESC_TRY(const auto length, content_length(pending.substr(0, end)));
    const std::size_t total = end + length;
    if (total > limits_.tcp_message_bytes) return fail(Errc::Malformed, "message too large");
    if (pending.size() < total) {
        scanned_ = end - 4;
        return std::nullopt;
    }
    const ByteView message = as_bytes(pending.substr(0, total));
    consumed_ += total;
    scanned_ = 0;
    // The next message's time runs from when its first bytes came, which is now at the latest.
    if (consumed_ < buffer_.size()) {
        started_ = last_read_;
    } else {
        started_.reset();
    }
    return std::optional{message};
}

unsigned StreamFramer::take_pings() {
    const unsigned pings = pings_;
    pings_ = 0;
    return pings;
}

std::optional<Instant> StreamFramer::deadline() const {
    if (!started_) return std::nullopt;
    return *started_ + kMessageDeadline;
}

void StreamFramer::skip_keepalives() {
    // A lone CRLF is an answer to our ping or padding; a double one asks for a CRLF.
    while (consumed_ < buffer_.size()) {
        const std::string_view pending = std::string_view{buffer_}.substr(consumed_);
        if (pending.substr(0, 4) == "\r\n\r\n") {
            ++pings_;
            consumed_ += 4;
        } else if (pending == "\r" || pending == "\r\n\r") {
            return;  // Could still become one.
        } else if (pending.substr(0, 2) == "\r\n") {
            consumed_ += 2;
        } else if (pending.front() == '\n') {
            consumed_ += 1;
        } else {
            return;
        }
        scanned_ = 0;
    }
}

Result<std::size_t> StreamFramer::content_length(std::string_view head) const {
    std::optional<std::size_t> found;
    std::size_t at = 0;
    while (at < head.size()) {
        const std::size_t line_end = head.find("\r\n", at);
        const std::string_view line = head.substr(at, line_end - at);
        at = line_end == std::string_view::npos ? head.size() : line_end + 2;
        const std::size_t colon = line.find(':');
        if (colon == std::string_view::npos) continue;
        const auto name = detail::trim(line.substr(0, colon));
        if (detail::header_id(name) != detail::HeaderId::ContentLength) continue;
        std::string_view value = line.substr(colon + 1);
        // A folded value: "Content-Length:\r\n 10".
        if (detail::trim(value).empty() && at < head.size() &&
            (head[at] == ' ' || head[at] == '\t')) {
            value = head.substr(at, head.find("\r\n", at) - at);
        }
        const auto length = detail::parse_number(detail::trim(value), limits_.tcp_message_bytes);
        if (!length) return fail(Errc::Malformed, "Content-Length");
        if (found && *found != *length) return fail(Errc::Malformed, "two Content-Lengths");
        found = static_cast<std::size_t>(*length);
    }
    if (!found) return fail(Errc::Malformed, "no Content-Length");
    return *found;
}

}  // namespace escucha::sip
