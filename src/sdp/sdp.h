#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/srtp_key.h"

namespace escucha::sdp {

inline constexpr std::size_t kMaxTextBytes = 16 * 1024;
inline constexpr std::size_t kMaxLineBytes = 4096;
inline constexpr std::size_t kMaxMediaLines = 16;
inline constexpr std::size_t kMaxPayloadTypes = 32;
inline constexpr std::size_t kMaxCryptoLines = 16;

enum class Errc {
    Malformed = 1,  ///< Not SDP (RFC 8866); answer 400.
    TooLarge,       ///< Over one of the limits above; answer 400.
    NothingUsable,  ///< Valid, but no audio stream we can speak; answer 488.
    // Audio we could speak, but for the encryption; answer 488.
    EncryptionMissing,   ///< We insist on it, and there is no key.
    EncryptionUnwanted,  ///< The peer insists on it, and we are told to have none.
    EncryptionUnknown,   ///< The peer insists on it, with no cipher of ours.
};
const std::error_category& sdp_category();
inline std::error_code make_error_code(Errc code) {
    return {static_cast<int>(code), sdp_category()};
}

/// As seen by whoever wrote the description: SendOnly means "I send, you listen", i.e. I hold you.
enum class Direction { SendRecv, SendOnly, RecvOnly, Inactive };
/// What the other side sees: SendOnly and RecvOnly swap.
Direction reversed(Direction direction);

/// Saved as numbers: only appended to.
enum class Codec : std::uint8_t { Pcmu, Pcma, G722, Opus };

std::string_view name_of(Direction direction);  ///< "sendrecv", ...

/// One line of `a=rtpmap`, or its static default (RFC 3551 table 4).
struct PayloadType {
    std::uint8_t number = 0;
    std::string encoding;  ///< As written; compare without case. Empty when unknown.
    std::uint32_t clock_rate = 0;
    bool operator==(const PayloadType&) const = default;
};

/// A line `a=crypto` (RFC 4568) that we could use: the key its writer sends with.
struct Crypto {
    std::uint32_t tag = 1;
    SrtpKey key;
    bool operator==(const Crypto&) const = default;
};

/// Whether sound is encrypted with keys told in the description.
enum class Encryption : std::uint8_t { Never, WhenOffered, Required };
/// What a description says of it. Saved as numbers: only appended to.
enum class Profile : std::uint8_t {
    Plain,          ///< RTP/AVP
    Secure,         ///< RTP/SAVP
    Opportunistic,  ///< RTP/AVP with a key, as several phones offer: take it or leave it.
};

struct Media {
    std::string kind;     ///< "audio", "video", "image", ...
    std::string proto;    ///< "RTP/AVP", ...
    std::string formats;  ///< The rest of the m= line as it came, to be echoed in a refusal.
    std::uint16_t port = 0;
    std::string
        address;  ///< Its own c=, else the session's; "" when neither, IPv4 or IPv6 literal.
    std::vector<PayloadType> payload_types;  ///< In order of preference. Only for RTP profiles.
    Direction direction = Direction::SendRecv;
    std::optional<std::uint16_t> rtcp_port;  ///< a=rtcp (RFC 3605).
    bool is_rtcp_mux = false;
    std::optional<unsigned> ptime_ms;
    std::vector<Crypto> crypto;  ///< In order of preference; those we could not use are left out.
    bool operator==(const Media&) const = default;
    [[nodiscard]] bool is_held_the_old_way() const { return address == "0.0.0.0"; }
};

struct Session {
    std::string origin_user;
    std::uint64_t id = 0;
    std::uint64_t version = 0;
    std::string origin_address;
    std::vector<Media> media;
    bool operator==(const Session&) const = default;
};

/// Bounded, tolerant of unknown lines and attributes and of bare LF.
Result<Session> parse(std::string_view text);
/// Prints what `parse` keeps: parse(print(s)) == s for every parsed s.
std::string print(const Session& session);

/// Our end of the audio.
struct LocalMedia {
    std::string address;                                  ///< Literal; decides IP4 or IP6.
    std::uint16_t port = 0;                               ///< Even; RTCP is the next one.
    std::vector<Codec> codecs{Codec::Pcmu, Codec::Pcma};  ///< In order of preference.
    /// Also taken, in the order of the offer, from a peer that offers none of those.
    std::vector<Codec> last_resort{Codec::Pcmu, Codec::Pcma, Codec::G722, Codec::Opus};
    bool has_telephone_event = true;
    bool can_rtcp_mux = false;     ///< Accept RTCP on the RTP port when the offer has a=rtcp-mux.
    std::uint64_t session_id = 0;  ///< Fixed for the life of a leg.
    std::uint64_t session_version = 0;          ///< One more with every changed description.
    Direction direction = Direction::SendRecv;  ///< What we would like.
    Encryption encryption = Encryption::WhenOffered;
    Profile profile = Profile::Plain;  ///< Of our offers.
    /// What we send with, one for each cipher, in order of preference. Fixed for the life of a leg.
    std::vector<SrtpKey> keys{};
};

/// What the two sides agreed on.
struct Agreed {
    Codec codec = Codec::Pcmu;
    std::uint8_t payload_type = 0;                   ///< To send with.
    std::optional<std::uint8_t> telephone_event_pt;  ///< To send with; absent: the peer has none.
    std::uint32_t telephone_event_hz = 8'000;        ///< With Opus it may be 48,000.
    std::string remote_address;  ///< Where our RTP goes; "" while held the old way.
    std::uint16_t remote_port = 0;
    std::uint16_t remote_rtcp_port = 0;
    bool is_rtcp_mux = false;
    Direction direction = Direction::SendRecv;  ///< Ours: may we send, will we receive.
    unsigned ptime_ms = 20;
    Profile profile = Profile::Plain;
    std::optional<SrtpKeys> srtp{};  ///< Absent: in clear.

    bool operator==(const Agreed&) const = default;
};

struct Answer {
    std::string text;
    Agreed agreed;
};

/// RFC 3264 §6. The first usable audio stream is taken, all others get port 0 in place. The codec
/// is the first of the offer that we have, unless our first choice is in it; of the last resort
/// when there is none. The key is the first of the offer whose cipher we have. `NothingUsable` when
/// no audio is left, or what of the encryption forbade it.
Result<Answer> answer(const Session& offer, const LocalMedia& local);

/// RFC 3264 §5.
std::string offer(const LocalMedia& local);

/// What came back to `offer(local)`. `NothingUsable` when the audio was refused,
/// `EncryptionMissing` when it came without the key it had to have.
Result<Agreed> apply_answer(const LocalMedia& local, const Session& answer);

}  // namespace escucha::sdp

template <>
struct std::is_error_code_enum<escucha::sdp::Errc> : std::true_type {};
