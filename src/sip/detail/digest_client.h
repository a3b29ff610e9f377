#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sip/detail/digest.h"
#include "sip/detail/message.h"

namespace escucha::sip::detail {

/// Whose question a challenge is: the registrar's (401) or a proxy's on the way (407).
enum class Asker : std::uint8_t { Registrar, Proxy };

/// One challenge of a peer (RFC 7616 §3.3), unquoted. Only what can be answered becomes one.
struct Challenge {
    std::string realm, nonce, opaque;
    std::optional<std::string> algorithm;  ///< As it was written; absent stands for MD5.
    Algorithm kind = Algorithm::Md5;
    bool has_qop = false;  ///< Offers qop=auth. Else the form of RFC 2069 is wanted.
    bool is_stale = false;
};

/// Longer ones are no challenge: they come back in each of our requests.
inline constexpr std::size_t kMaxChallengeBytes = 1024;

/// Those of one header value that we can answer, in their order: MD5 or SHA-256, with qop=auth or
/// without any. A header holds one as a rule, and may hold several.
std::vector<Challenge> parse_challenges(std::string_view header);

/// A name and its password, for one trunk.
struct Login {
    std::string username;
    std::string password;
};

/// Digest client (RFC 7616, RFC 2617, and RFC 8760 for SIP): answers the challenges of one peer and
/// goes on with its nonce, counted, until that peer wants another.
class DigestClient {
public:
    enum class Outcome : std::uint8_t {
        Answered,  ///< Send again, with `lines`.
        Refused,   ///< These credentials were already tried on this peer's own fresh nonce.
        Unknown    ///< None of the challenges is of a kind we can answer.
    };

    /// A 401 or 407 to a request that went out with our `lines`, or without any. RFC 8760 §2.3: of
    /// several challenges the topmost that is understood counts.
    Outcome take(const Message& response);

    /// Authorization and Proxy-Authorization for the next request; whole lines, empty before the
    /// first challenge. Uses up one count of each nonce. `cnonce` is fresh, of hexadecimal digits.
    std::string lines(const Login& login,
                      std::string_view method,
                      std::string_view uri,
                      std::string_view cnonce);

    /// The request was let in: a later challenge asks anew, and does not mean a wrong password.
    void accepted();
    void forget() { sessions_ = {}; }

private:
    struct Session {
        Challenge challenge;
        std::uint32_t count = 0;  ///< Of this nonce, used so far (RFC 7616 §3.4, nc).
        bool is_untried = true;   ///< Has never been let in.
    };
    std::array<std::optional<Session>, 2> sessions_;  ///< By Asker.
};

}  // namespace escucha::sip::detail
