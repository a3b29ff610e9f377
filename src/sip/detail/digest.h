#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/time.h"
#include "sip/detail/secret.h"
#include "sip/settings.h"

namespace escucha::sip::detail {

enum class Algorithm { Md5, Sha256 };

/// Lower-case hexadecimal digest of the text.
std::string hash_hex(Algorithm algorithm, std::string_view text);

/// The fields of an Authorization header (RFC 7616 §3.4), unquoted.
struct DigestResponse {
    std::string username, realm, nonce, uri, response, cnonce, nc, qop;
    Algorithm algorithm = Algorithm::Md5;
};
/// nullopt unless the scheme is Digest and every field of a qop=auth response is there.
std::optional<DigestResponse> parse_digest(std::string_view header);

/// The expected `response` field.
std::string digest_of(const DigestResponse& given, std::string_view ha1, std::string_view method);

/// Digest server with stateless challenges: the nonce carries its time and a MAC over the address
/// it was sent to, so a scanner costs no memory and a nonce is good from nowhere else. Only nonces
/// that authenticated somebody are remembered, for their counts.
class Authenticator {
public:
    Authenticator(const Secret& secret, const Settings& settings)
        : secret_{secret},
          limits_{settings.limits},
          timing_{settings.timing},
          offered_{settings.digests} {}

    enum class Outcome {
        Ok,
        Stale,    ///< Right password, old, reused or foreign nonce: challenge again, stale=true.
        Refused,  ///< Unknown user or wrong password: alike, in answer and in work.
        Guessed   ///< Refused, and the nonce proves that who sent it is at this address.
    };

    /// WWW-Authenticate lines, the stronger first (RFC 7616 §3.7), for the peer at this address.
    [[nodiscard]] std::string challenge(std::string_view realm,
                                        const Address& peer,
                                        Outcome why,
                                        WallTime now);

    /// `known` is the account of that username, or nullptr.
    Outcome verify(const DigestResponse& given,
                   std::string_view method,
                   const Address& peer,
                   const Credentials* known,
                   WallTime now);

    [[nodiscard]] std::size_t remembered() const { return counts_.size(); }

private:
    struct Nonce {
        std::uint64_t seconds = 0;
        bool is_ours = false;
    };
    [[nodiscard]] std::string nonce_mac(std::string_view stamp,
                                        std::string_view realm,
                                        const Address& peer) const;
    [[nodiscard]] Nonce read_nonce(std::string_view nonce,
                                   std::string_view realm,
                                   const Address& peer) const;
    /// False for a reused count, or a nonce older than what we still remember.
    bool take_count(std::string_view nonce, std::uint64_t seconds, std::uint32_t count);
    void forget_old(std::uint64_t now_s);

    const Secret& secret_;
    Limits limits_;
    Timing timing_;
    Digests offered_;
    std::uint32_t sequence_ = 0;
    struct Remembered {
        Key key;
        std::uint64_t seconds;
    };
    std::unordered_map<Key, std::uint32_t, KeyHash> counts_;
    std::deque<Remembered> order_;
    std::uint64_t floor_s_ = 0;  ///< Nonces issued up to here may have been forgotten: stale.
};

}  // namespace escucha::sip::detail
