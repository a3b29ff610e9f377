#include "sip/detail/digest.h"

#include <array>
#include <cstring>
#include <span>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/hex.h"
#include "sip/detail/text.h"

namespace escucha::sip::detail {

namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";
constexpr std::size_t kNonceTimeDigits = 8;
constexpr std::size_t kNonceSequenceDigits = 4;
constexpr std::size_t kNonceMacDigits = 16;
constexpr std::size_t kNonceDigits = kNonceTimeDigits + kNonceSequenceDigits + kNonceMacDigits;

std::optional<std::uint64_t> from_hex(std::string_view text) {
    if (text.empty() || text.size() > 16) return std::nullopt;
    std::uint64_t value = 0;
    for (const char c : text) {
        const std::size_t digit =
            kHexDigits.find(c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c);
        if (digit == std::string_view::npos) return std::nullopt;
        value = (value << 4U) | digit;
    }
    return value;
}

std::string number_hex(std::uint64_t value, std::size_t digits) {
    std::string text(digits, '0');
    for (std::size_t i = digits; i-- > 0; value >>= 4U) text[i] = kHexDigits[value & 0xFU];
    return text;
}

std::uint64_t seconds_of(WallTime now) {
    return static_cast<std::uint64_t>(to_micros(now) / 1'000'000);
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

// HA1 for names we do not know: as long as a real one, and never matched by anybody.
constexpr std::string_view kNobodyMd5 = "00000000000000000000000000000000";
constexpr std::string_view kNobodySha256 =
    "0000000000000000000000000000000000000000000000000000000000000000";

}  // namespace

std::string hash_hex(Algorithm algorithm, std::string_view text) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned length = 0;
    const EVP_MD* kind = algorithm == Algorithm::Md5 ? EVP_md5() : EVP_sha256();
    if (EVP_Digest(text.data(), text.size(), digest.data(), &length, kind, nullptr) != 1) return {};
    return to_hex(std::span{digest}.first(length));
}

std::optional<DigestResponse> parse_digest(std::string_view header) {
    header = trim(header);
    if (header.size() < 7 || !iequals(header.substr(0, 6), "Digest")) return std::nullopt;
    std::string_view rest = header.substr(6);
    std::string_view element;
    DigestResponse given;
    while (next_element(rest, element)) {
        const std::size_t equals = element.find('=');
        if (equals == std::string_view::npos) return std::nullopt;
        const std::string_view name = trim(element.substr(0, equals));
        const std::string value = unquote(element.substr(equals + 1));
        if (iequals(name, "username")) given.username = value;
        if (iequals(name, "realm")) given.realm = value;
        if (iequals(name, "nonce")) given.nonce = value;
        if (iequals(name, "uri")) given.uri = value;
        if (iequals(name, "response")) given.response = value;
        if (iequals(name, "cnonce")) given.cnonce = value;
        if (iequals(name, "nc")) given.nc = value;
        if (iequals(name, "qop")) given.qop = value;
        if (iequals(name, "algorithm")) {
            if (iequals(value, "SHA-256")) {
                given.algorithm = Algorithm::Sha256;
            } else if (!iequals(value, "MD5")) {
                return std::nullopt;
            }
        }
    }
    const bool is_whole = !given.username.empty() && !given.nonce.empty() && !given.uri.empty() &&
                          !given.response.empty() && !given.cnonce.empty() && !given.nc.empty();
    // Without qop there is no count, hence no protection from replay; we always offer it.
    if (!is_whole || !iequals(given.qop, "auth")) return std::nullopt;
    return given;
}

std::string digest_of(const DigestResponse& given, std::string_view ha1, std::string_view method) {
    std::string ha2{method};
    ha2.append(":").append(given.uri);
    std::string text{ha1};
    text.append(":").append(given.nonce).append(":").append(given.nc).append(":");
    text.append(given.cnonce).append(":").append(given.qop).append(":");
    text.append(hash_hex(given.algorithm, ha2));
    return hash_hex(given.algorithm, text);
}

std::string Authenticator::challenge(std::string_view realm,
                                     const Address& peer,
                                     Outcome why,
                                     WallTime now) {
    std::string nonce = number_hex(seconds_of(now), kNonceTimeDigits);
    nonce += number_hex(sequence_++, kNonceSequenceDigits);
    nonce += nonce_mac(nonce, realm, peer);
    std::string lines;
    for (const std::string_view algorithm : {"SHA-256", "MD5"}) {
        if (offered_ == (algorithm == "MD5" ? Digests::Sha256 : Digests::Md5)) continue;
        lines.append("WWW-Authenticate: Digest realm=").append(quote(realm));
        lines.append(",nonce=\"").append(nonce).append("\",qop=\"auth\",algorithm=");
        lines.append(algorithm);
        if (why == Outcome::Stale) lines.append(",stale=true");
        lines.append("\r\n");
    }
    return lines;
}

Authenticator::Outcome Authenticator::verify(const DigestResponse& given,
                                             std::string_view method,
                                             const Address& peer,
                                             const Credentials* known,
                                             WallTime now) {
    const bool is_md5 = given.algorithm == Algorithm::Md5;
    std::string_view ha1 = is_md5 ? kNobodyMd5 : kNobodySha256;
    bool may_pass = false;
    if (known != nullptr) {
        const std::string& stored = is_md5 ? known->ha1_md5 : known->ha1_sha256;
        may_pass = !stored.empty() && known->realm == given.realm;
        if (may_pass) ha1 = stored;
    }
    const std::string expected = digest_of(given, ha1, method);
    const bool is_equal = equal_in_constant_time(expected, given.response);
    const Nonce nonce = read_nonce(given.nonce, given.realm, peer);
    const auto count = from_hex(given.nc);
    if (!may_pass || !is_equal || !count || *count > 0xFFFF'FFFF) {
        return nonce.is_ours ? Outcome::Guessed : Outcome::Refused;
    }
    // From before our last start, or from where the phone was before: it knows the password.
    if (!nonce.is_ours) return Outcome::Stale;
    const std::uint64_t now_s = seconds_of(now);
    const auto life_s = static_cast<std::uint64_t>(timing_.nonce_life.count());
    forget_old(now_s);
    // A nonce from the future comes from before a step of the clock: not worth trusting.
    const bool is_fresh = nonce.seconds <= now_s && now_s - nonce.seconds <= life_s;
    if (!is_fresh) return Outcome::Stale;
    if (!take_count(given.nonce, nonce.seconds, static_cast<std::uint32_t>(*count))) {
        return Outcome::Stale;
    }
    return Outcome::Ok;
}

std::string Authenticator::nonce_mac(std::string_view stamp,
                                     std::string_view realm,
                                     const Address& peer) const {
    const auto mac = secret_.mac(std::string{stamp}.append(peer.host()).append("/").append(realm));
    return to_hex(std::span{mac}.first(kNonceMacDigits / 2));
}

Authenticator::Nonce Authenticator::read_nonce(std::string_view nonce,
                                               std::string_view realm,
                                               const Address& peer) const {
    if (nonce.size() != kNonceDigits) return {};
    const std::string_view stamp = nonce.substr(0, kNonceTimeDigits + kNonceSequenceDigits);
    const bool is_ours =
        equal_in_constant_time(nonce_mac(stamp, realm, peer), nonce.substr(stamp.size()));
    const auto seconds = from_hex(nonce.substr(0, kNonceTimeDigits));
    return {.seconds = seconds.value_or(0), .is_ours = is_ours && seconds.has_value()};
}

bool Authenticator::take_count(std::string_view nonce, std::uint64_t seconds, std::uint32_t count) {
    const Key key = secret_.key({"nonce", nonce});
    const auto found = counts_.find(key);
    if (found != counts_.end()) {
        if (count <= found->second) return false;
        found->second = count;
        return true;
    }
    if (seconds < floor_s_) return false;
    if (counts_.size() >= limits_.nonces) {
        // The oldest make room, and every nonce as old as them becomes stale: a replay of a
        // forgotten one must not pass as its first use.
        floor_s_ = std::max(floor_s_, order_.front().seconds + 1);
        counts_.erase(order_.front().key);
        order_.pop_front();
    }
    counts_.emplace(key, count);
    order_.push_back({.key = key, .seconds = seconds});
    return true;
}

void Authenticator::forget_old(std::uint64_t now_s) {
    const auto life_s = static_cast<std::uint64_t>(timing_.nonce_life.count());
    while (!order_.empty() && order_.front().seconds + life_s < now_s) {
        counts_.erase(order_.front().key);
        order_.pop_front();
    }
}

}  // namespace escucha::sip::detail
