#include "sdp/sdp.h"

#include <algorithm>
#include <array>
#include <string>

#include "sdp/detail/crypto.h"

namespace escucha::sdp {

namespace {

class Category final : public std::error_category {
public:
    [[nodiscard]] const char* name() const noexcept override { return "sdp"; }
    [[nodiscard]] std::string message(int value) const override {
        switch (static_cast<Errc>(value)) {
            case Errc::Malformed:
                return "not a session description";
            case Errc::TooLarge:
                return "session description over a limit";
            case Errc::NothingUsable:
                return "no audio stream both sides speak";
            case Errc::EncryptionMissing:
                return "encrypted sound (RTP/SAVP with a=crypto) is required";
            case Errc::EncryptionUnwanted:
                return "encrypted sound is not allowed here";
            case Errc::EncryptionUnknown:
                return "no a=crypto with a cipher both sides have";
        }
        return "unknown sdp error";
    }
};

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

std::string_view trim(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

// Cuts the first blank-separated word off.
std::string_view next_word(std::string_view& rest) {
    rest = trim(rest);
    const std::size_t end = std::min(rest.find_first_of(" \t"), rest.size());
    const std::string_view word = rest.substr(0, end);
    rest.remove_prefix(end);
    return word;
}

bool is_rtp(std::string_view proto) { return proto.find("RTP/") != std::string_view::npos; }

// RFC 3551 tables 4 and 5, the audio ones a telephone may offer without an rtpmap.
std::optional<PayloadType> static_payload(std::uint8_t number) {
    switch (number) {
        case 0:
            return PayloadType{0, "PCMU", 8000};
        case 3:
            return PayloadType{3, "GSM", 8000};
        case 4:
            return PayloadType{4, "G723", 8000};
        case 8:
            return PayloadType{8, "PCMA", 8000};
        case 9:
            return PayloadType{9, "G722", 8000};
        case 13:
            return PayloadType{13, "CN", 8000};
        case 18:
            return PayloadType{18, "G729", 8000};
        default:
            return std::nullopt;
    }
}

/// Line by line, one method per kind of line.
class Parser {
public:
    Result<Session> run(std::string_view text) {
        if (text.size() > kMaxTextBytes) return fail(Errc::TooLarge, "text");
        if (text.substr(0, 3) != "v=0") return fail(Errc::Malformed, "v=");
        std::size_t at = 0;
        while (at < text.size()) {
            std::size_t end = text.find('\n', at);
            if (end == std::string_view::npos) end = text.size();
            std::string_view line = text.substr(at, end - at);
            at = end + 1;
            if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
            if (line.empty()) continue;
            if (line.size() > kMaxLineBytes) return fail(Errc::TooLarge, "line");
            ESC_TRY(take_line(line));
        }
        if (!has_origin_) return fail(Errc::Malformed, "o=");
        finish();
        return std::move(session_);
    }

private:
    Result<void> take_line(std::string_view line) {
        if (line.size() < 2 || line[1] != '=') return fail(Errc::Malformed, "line");
        for (const char c : line) {
            if (static_cast<unsigned char>(c) < 0x20 && c != '\t') {
                return fail(Errc::Malformed, "control character");
            }
        }
        const std::string_view value = line.substr(2);
        switch (line.front()) {
            case 'o':
                return take_origin(value);
            case 'c':
                return take_connection(value);
            case 'm':
                return take_media(value);
            case 'a':
                return take_attribute(value);
            default:
                return ok();
        }
    }

    Result<void> take_origin(std::string_view value) {
        session_.origin_user = next_word(value);
        const auto id = parse_number(next_word(value), UINT64_MAX);
        const auto version = parse_number(next_word(value), UINT64_MAX);
        const std::string_view net = next_word(value);
        const std::string_view type = next_word(value);
        session_.origin_address = next_word(value);
        // Ids that are no numbers are seen in the field, and nothing here depends on them.
        session_.id = id.value_or(0);
        session_.version = version.value_or(0);
        if (net != "IN" || (type != "IP4" && type != "IP6") || session_.origin_address.empty()) {
            return fail(Errc::Malformed, "o=");
        }
        has_origin_ = true;
        return ok();
    }

    Result<void> take_connection(std::string_view value) {
        const std::string_view net = next_word(value);
        const std::string_view type = next_word(value);
        std::string_view address = next_word(value);
        address = address.substr(0, address.find('/'));  // Multicast TTL.
        if (net != "IN" || (type != "IP4" && type != "IP6") || address.empty()) {
            return fail(Errc::Malformed, "c=");
        }
        if (session_.media.empty()) {
            session_address_ = address;
        } else {
            session_.media.back().address = address;
        }
        return ok();
    }

    Result<void> take_media(std::string_view value) {
        if (session_.media.size() >= kMaxMediaLines) return fail(Errc::TooLarge, "m= lines");
        Media media;
        media.kind = next_word(value);
        const std::string_view port_text = next_word(value);
        const auto port = parse_number(port_text.substr(0, port_text.find('/')), 65535);
        media.proto = next_word(value);
        media.formats = trim(value);
        if (!port || media.kind.empty() || media.proto.empty() || media.formats.empty()) {
            return fail(Errc::Malformed, "m=");
        }
        media.port = static_cast<std::uint16_t>(*port);
        media.direction = session_direction_;
        if (is_rtp(media.proto)) {
            ESC_TRY(take_formats(media));
        }
        session_.media.push_back(std::move(media));
        return ok();
    }

    static Result<void> take_formats(Media& media) {
        std::string_view rest = media.formats;
        while (!trim(rest).empty()) {
            const auto number = parse_number(next_word(rest), 127);
            if (!number) return fail(Errc::Malformed, "payload type");
            if (media.payload_types.size() >= kMaxPayloadTypes) {
                return fail(Errc::TooLarge, "payload types");
            }
            const auto byte = static_cast<std::uint8_t>(*number);
            media.payload_types.push_back(static_payload(byte).value_or(PayloadType{byte, "", 0}));
        }
        return ok();
    }

    Result<void> take_attribute(std::string_view value) {
        const std::size_t colon = value.find(':');
        const std::string_view name = value.substr(0, colon);
        const std::string_view rest =
            colon == std::string_view::npos ? std::string_view{} : value.substr(colon + 1);
        if (const auto direction = direction_named(name)) {
            if (session_.media.empty()) {
                session_direction_ = *direction;
            } else {
                session_.media.back().direction = *direction;
            }
            return ok();
        }
        if (session_.media.empty()) return ok();
        Media& media = session_.media.back();
        if (name == "rtpmap") take_rtpmap(media, rest);
        if (name == "crypto") return take_crypto(media, rest);
        if (name == "rtcp-mux") media.is_rtcp_mux = true;
        if (name == "rtcp") {
            std::string_view words = rest;
            const auto port = parse_number(next_word(words), 65535);
            if (port) media.rtcp_port = static_cast<std::uint16_t>(*port);
        }
        if (name == "ptime") {
            const auto ptime = parse_number(trim(rest), 1000);
            if (ptime) media.ptime_ms = static_cast<unsigned>(*ptime);
        }
        return ok();
    }

    static Result<void> take_crypto(Media& media, std::string_view rest) {
        auto crypto = detail::parse_crypto(rest);
        if (!crypto) return ok();
        if (media.crypto.size() >= kMaxCryptoLines) return fail(Errc::TooLarge, "a=crypto lines");
        media.crypto.push_back(*crypto);
        return ok();
    }

    // A bad rtpmap only costs that payload type: the rest of the offer may be fine.
    static void take_rtpmap(Media& media, std::string_view rest) {
        const auto number = parse_number(next_word(rest), 127);
        const std::string_view format = trim(rest);
        const std::size_t slash = format.find('/');
        const std::string_view rate_text =
            slash == std::string_view::npos ? std::string_view{} : format.substr(slash + 1);
        const auto rate = parse_number(rate_text.substr(0, rate_text.find('/')), 1'000'000);
        const std::string_view encoding = format.substr(0, slash);
        // One that names no encoding says nothing: a static type keeps its own.
        if (!number || encoding.empty()) return;
        for (PayloadType& type : media.payload_types) {
            if (type.number != *number) continue;
            type.encoding = encoding;
            // Some phones leave the clock rate out; 8000 is what they mean.
            type.clock_rate = static_cast<std::uint32_t>(rate.value_or(8000));
        }
    }

    static std::optional<Direction> direction_named(std::string_view name) {
        if (name == "sendrecv") return Direction::SendRecv;
        if (name == "sendonly") return Direction::SendOnly;
        if (name == "recvonly") return Direction::RecvOnly;
        if (name == "inactive") return Direction::Inactive;
        return std::nullopt;
    }

    void finish() {
        for (Media& media : session_.media) {
            if (media.address.empty()) media.address = session_address_;
        }
    }

    Session session_;
    std::string session_address_;
    Direction session_direction_ = Direction::SendRecv;
    bool has_origin_ = false;
};

std::string_view type_of(std::string_view address) {
    return address.find(':') == std::string_view::npos ? "IP4" : "IP6";
}

}  // namespace

const std::error_category& sdp_category() {
    static const Category category;
    return category;
}

Direction reversed(Direction direction) {
    switch (direction) {
        case Direction::SendRecv:
            return Direction::SendRecv;
        case Direction::SendOnly:
            return Direction::RecvOnly;
        case Direction::RecvOnly:
            return Direction::SendOnly;
        case Direction::Inactive:
            return Direction::Inactive;
    }
    return Direction::Inactive;
}

std::string_view name_of(Direction direction) {
    switch (direction) {
        case Direction::SendRecv:
            return "sendrecv";
        case Direction::SendOnly:
            return "sendonly";
        case Direction::RecvOnly:
            return "recvonly";
        case Direction::Inactive:
            return "inactive";
    }
    return "inactive";
}

Result<Session> parse(std::string_view text) { return Parser{}.run(text); }

std::string print(const Session& session) {
    std::string out = "v=0\r\no=";
    out.append(session.origin_user).append(" ").append(std::to_string(session.id)).append(" ");
    out.append(std::to_string(session.version)).append(" IN ");
    out.append(type_of(session.origin_address)).append(" ").append(session.origin_address);
    out.append("\r\ns=-\r\nt=0 0\r\n");
    for (const Media& media : session.media) {
        out.append("m=").append(media.kind).append(" ").append(std::to_string(media.port));
        out.append(" ").append(media.proto).append(" ").append(media.formats).append("\r\n");
        if (!media.address.empty()) {
            out.append("c=IN ").append(type_of(media.address)).append(" ").append(media.address);
            out.append("\r\n");
        }
        for (const PayloadType& type : media.payload_types) {
            if (type.encoding.empty()) continue;
            out.append("a=rtpmap:").append(std::to_string(type.number)).append(" ");
            out.append(type.encoding).append("/").append(std::to_string(type.clock_rate));
            out.append("\r\n");
        }
        out.append("a=").append(name_of(media.direction)).append("\r\n");
        if (media.ptime_ms) {
            out.append("a=ptime:").append(std::to_string(*media.ptime_ms)).append("\r\n");
        }
        if (media.rtcp_port) {
            out.append("a=rtcp:").append(std::to_string(*media.rtcp_port)).append("\r\n");
        }
        if (media.is_rtcp_mux) out.append("a=rtcp-mux\r\n");
        for (const Crypto& crypto : media.crypto) detail::append_crypto(out, crypto);
    }
    return out;
}

}  // namespace escucha::sdp
