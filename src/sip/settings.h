#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "sip/address.h"

namespace escucha::sip {

/// Everything a peer could make grow. Over a limit the message is refused and counted.
struct Limits {
    std::size_t udp_message_bytes = 65'507;
    std::size_t tcp_message_bytes = 64 * 1024;  ///< Headers and body; also the framer's buffer.
    std::size_t header_bytes = 8 * 1024;        ///< Start line and headers, 513 when exceeded.
    std::size_t header_count = 128;
    std::size_t body_bytes = 16 * 1024;  ///< 413 when exceeded.
    std::size_t legs = 20'000;           ///< 503 with Retry-After when exceeded.
    std::size_t transactions = 1'000'000;
    std::size_t bindings_per_phone = 8;
    std::size_t nonces = 65'536;  ///< Remembered nonce counts of authenticated peers.
    std::size_t trunk_accounts = 256;
    std::size_t trunk_flows = 16;  ///< Addresses of one trunk; the rest is left out.
    std::size_t forks = 8;         ///< Extra 2xx answers of one INVITE that get their ACK and BYE.

    /// Who has proved nothing yet, by source: an IPv4 address or an IPv6 /64. Wide enough for an
    /// office whose phones all come back after a power cut.
    struct Strangers {
        std::size_t question_burst =
            1'000;  ///< Answered at once; beyond the rate there is silence.
        std::chrono::milliseconds question_every{10};
        std::size_t guesses = 20;  ///< Wrong passwords in a row; the next one bans.
        std::chrono::seconds guess_forgiven_every{30};
        std::chrono::minutes first_ban{10};  ///< Each ban of the same source is twice the last.
        std::chrono::hours longest_ban{24};
        std::size_t sources = 16'384;  ///< Remembered; the one longest unseen makes room.
    };
    Strangers strangers;
};

/// RFC 3261 §17.1.1.1: table 4; RFC 4028 for sessions. Only tests change them.
struct Timing {
    std::chrono::milliseconds t1{500};
    std::chrono::milliseconds t2{4000};
    std::chrono::milliseconds t4{5000};
    std::chrono::seconds nonce_life{300};
    std::chrono::seconds min_expires{60};
    std::chrono::seconds max_expires{3600};
    std::chrono::seconds default_expires{600};
    /// A call nobody answers or refuses is cancelled (out) or refused with 480 (in) after this.
    std::chrono::minutes max_ringing{10};
    /// How long an answered call lives unless one side refreshes it. At least `min_se`.
    std::chrono::seconds session_expires{1800};
    /// The shortest such interval we let a peer ask for.
    std::chrono::seconds min_se{90};
    /// A carrier that has not answered a REGISTER or an OPTIONS by then is lost. Well before 64*T1:
    /// the next of its addresses may answer.
    std::chrono::seconds trunk_patience{8};
    /// Between attempts to register: the first pause, doubled each time up to about the longest.
    std::chrono::seconds trunk_rest{30};
    std::chrono::seconds trunk_longest_rest{600};
};

/// Which digests a challenge offers. Several phones of the field (baresip 1.0 with libre 1.1 among
/// them, tried) give up on a challenge that names SHA-256, even beside one with MD5. Device
/// passwords are long and random, so MD5 is what lets every phone in; `Both` is for those who know
/// their phones.
enum class Digests : std::uint8_t { Md5, Both, Sha256 };

struct Settings {
    Limits limits;
    Timing timing;
    /// From the system's generator, never from a seed: tags, branches and nonces depend on it.
    std::array<std::uint8_t, 32> secret{};
    /// Realm of challenges when the request names none of ours, and host of From in calls to
    /// phones.
    std::string domain = "escucha";
    /// Host for Via and Contact instead of the flow's local address, e.g. behind a 1:1 NAT.
    std::string advertised_host = {};
    Digests digests = Digests::Md5;
    bool is_tracing = true;
};

/// MD5 is 32 and SHA-256 is 64 lower-case hexadecimal digits of user ":" realm ":" password; empty
/// when that algorithm is not to be accepted.
struct Credentials {
    std::string username = {};
    std::string realm = {};
    std::string ha1_md5 = {};
    std::string ha1_sha256 = {};
};

/// A carrier. With sources only: trusted by address. With credentials only: challenged, from
/// anywhere. With both: both must hold.
struct Trunk {
    TrunkId id = {};
    std::vector<AddressRange> sources = {};
    std::optional<Credentials> credentials = {};
    bool is_identity_trusted = false;  ///< Take P-Asserted-Identity at its word.
};

/// How a carrier is told that a call is sent on by us on behalf of another: not at all, by RFC
/// 5806, or by RFC 7044.
enum class DiversionHeader : std::uint8_t { None, Diversion, HistoryInfo };

/// Our account at a carrier, by which we register there (RFC 3261 §10.2) and ask whether it lives.
/// Its password answers this carrier's challenges and nobody else's.
struct TrunkAccount {
    TrunkId trunk = {};
    std::string domain = {};    ///< Host of the carrier's URIs: "sip.carrier.example".
    std::string username = {};  ///< User of our address there; may be empty when only probing.
    std::string password = {};
    std::string route = {};  ///< The outbound proxy as a Route: "<sip:proxy.example;lr>"; or empty.
    /// What calls we make there show: a number in E.164. Empty: the username.
    std::string caller_id = {};
    /// Calls in both directions; at this many, none is made there. 0: no limit.
    std::uint32_t calls_max = 0;
    DiversionHeader diversion = DiversionHeader::None;
    bool is_registering = false;
    std::chrono::seconds expires{600};          ///< Asked for; what the carrier grants counts.
    std::chrono::seconds options_interval{30};  ///< Between probes of one address; 0: none.

    bool operator==(const TrunkAccount&) const = default;
};

/// What came of the calls by one carrier since the start, for /metrics.
struct TrunkCalls {
    TrunkId trunk = {};
    std::size_t active = 0;              ///< In both directions, ringing ones too.
    std::uint64_t tried = 0;             ///< INVITEs of ours, one for each server that was tried.
    std::uint64_t answered = 0;          ///< Of these.
    std::uint64_t refused_by_limit = 0;  ///< Not made, for `calls_max`.
    /// By hundreds of the carrier's status; [0]: no answer at all, or no connection.
    std::array<std::uint64_t, 7> failed{};
};

/// An agent's telephone. Usernames are unique across realms.
using Phone = Credentials;

/// Monotonic counts since the start, for /metrics.
struct Counters {
    enum Method : std::size_t {
        Invite,
        Ack,
        Bye,
        Cancel,
        Options,
        Register,
        Message,
        Subscribe,
        Notify,
        Refer,
        Update,
        Info,
        Prack,
        Publish,
        Other,
        MethodCount
    };
    std::array<std::uint64_t, MethodCount> requests_in{};
    std::array<std::uint64_t, MethodCount> requests_out{};
    std::array<std::uint64_t, 7> responses_in{};   ///< By hundreds; [0] unused.
    std::array<std::uint64_t, 7> responses_out{};  ///< By hundreds; [0] unused.
    std::uint64_t retransmissions_in = 0;          ///< Absorbed by a transaction.
    std::uint64_t retransmissions_out = 0;
    std::uint64_t parse_errors_garbage = 0;   ///< Not SIP, or nothing to answer to: silence.
    std::uint64_t parse_errors_answered = 0;  ///< 4xx or 5xx sent.
    std::uint64_t parse_errors_size = 0;
    std::uint64_t stray_responses = 0;
    std::uint64_t keepalives = 0;
    std::uint64_t challenges = 0;
    std::uint64_t challenges_stale = 0;
    std::uint64_t authentications_ok = 0;
    std::uint64_t authentications_failed = 0;
    std::uint64_t rejected_sources = 0;  ///< 403 to an INVITE from nowhere we know.
    std::uint64_t rejected_overload = 0;
    std::uint64_t silenced = 0;  ///< Of strangers that ask too often.
    std::uint64_t banned = 0;    ///< Sources that guessed passwords.
    std::uint64_t dropped_banned = 0;
    std::uint64_t merged_requests = 0;
    std::uint64_t legs_in = 0;
    std::uint64_t legs_out = 0;
    std::uint64_t ack_timeouts = 0;
    std::uint64_t transaction_timeouts = 0;
    std::uint64_t sessions_refreshed = 0;  ///< By either side.
    std::uint64_t sessions_expired = 0;
};

/// Present sizes, for /metrics and for tests that look for leaks.
struct Gauges {
    std::size_t legs = 0;
    std::size_t transactions = 0;
    std::size_t bindings = 0;
    std::size_t timers = 0;
    std::size_t nonces = 0;
};

}  // namespace escucha::sip
