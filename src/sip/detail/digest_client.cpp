#include "sip/detail/digest_client.h"

#include <utility>

#include "sip/detail/text.h"

namespace escucha::sip::detail {

namespace {

constexpr std::string_view kScheme = "Digest";

std::string count_text(std::uint32_t count) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text(8, '0');
    for (std::size_t i = text.size(); i-- > 0; count >>= 4U) text[i] = kDigits[count & 0xFU];
    return text;
}

bool offers_auth(std::string_view qop) {
    std::string_view element;
    while (next_element(qop, element)) {
        if (iequals(trim(element), "auth")) return true;
    }
    return false;
}

/// What was read so far of one challenge, and whether we could answer it.
struct Reading {
    Challenge challenge;
    bool is_digest = false;
    bool is_known = true;

    void take(std::string_view name, std::string_view raw) {
        const std::string value = unquote(raw);
        if (iequals(name, "realm")) challenge.realm = value;
        if (iequals(name, "nonce")) challenge.nonce = value;
        if (iequals(name, "opaque")) challenge.opaque = value;
        if (iequals(name, "stale")) challenge.is_stale = iequals(value, "true");
        if (iequals(name, "qop")) {
            challenge.has_qop = true;
            is_known = is_known && offers_auth(value);
        }
        if (iequals(name, "algorithm")) {
            challenge.algorithm = value;
            challenge.kind = iequals(value, "SHA-256") ? Algorithm::Sha256 : Algorithm::Md5;
            is_known = is_known && (iequals(value, "SHA-256") || iequals(value, "MD5"));
        }
    }
    void finish(std::vector<Challenge>& out) {
        const std::size_t size =
            challenge.realm.size() + challenge.nonce.size() + challenge.opaque.size();
        const bool is_whole = is_digest && is_known && !challenge.nonce.empty();
        if (is_whole && size <= kMaxChallengeBytes) out.push_back(std::move(challenge));
        *this = {};
    }
};

std::string response_of(const Challenge& challenge,
                        const DigestResponse& given,
                        const Login& login,
                        std::string_view method) {
    std::string secret = login.username;
    secret.append(":").append(challenge.realm).append(":").append(login.password);
    const std::string ha1 = hash_hex(challenge.kind, secret);
    if (challenge.has_qop) return digest_of(given, ha1, method);
    // RFC 2617 §3.2.2.1: without qop, as RFC 2069 had it.
    std::string ha2{method};
    ha2.append(":").append(given.uri);
    return hash_hex(challenge.kind,
                    ha1 + ":" + challenge.nonce + ":" + hash_hex(challenge.kind, ha2));
}

}  // namespace

std::vector<Challenge> parse_challenges(std::string_view header) {
    std::vector<Challenge> challenges;
    Reading reading;
    std::string_view rest = header;
    std::string_view element;
    while (next_element(rest, element)) {
        element = trim(element);
        const std::size_t equals = element.find('=');
        std::string_view name = trim(element.substr(0, equals));
        // "Digest realm=...": a scheme before the first parameter begins another challenge.
        const std::size_t space = name.find_first_of(" \t");
        if (space != std::string_view::npos) {
            reading.finish(challenges);
            reading.is_digest = iequals(name.substr(0, space), kScheme);
            name = trim(name.substr(space));
        }
        if (equals != std::string_view::npos) reading.take(name, element.substr(equals + 1));
    }
    reading.finish(challenges);
    return challenges;
}

DigestClient::Outcome DigestClient::take(const Message& response) {
    const Asker asker = response.status == 407 ? Asker::Proxy : Asker::Registrar;
    const HeaderId wanted =
        asker == Asker::Proxy ? HeaderId::ProxyAuthenticate : HeaderId::WwwAuthenticate;
    auto& session = sessions_[static_cast<std::size_t>(asker)];
    for (const Header& header : response.headers) {
        if (header.id != wanted) continue;
        auto challenges = parse_challenges(header.value);
        if (challenges.empty()) continue;
        Challenge& first = challenges.front();
        // A nonce that was good may be over without a word of it being stale.
        const bool was_tried = session && session->count > 0 && session->is_untried;
        if (was_tried && !first.is_stale) {
            session.reset();
            return Outcome::Refused;
        }
        session = Session{.challenge = std::move(first)};
        return Outcome::Answered;
    }
    session.reset();
    return Outcome::Unknown;
}

std::string DigestClient::lines(const Login& login,
                                std::string_view method,
                                std::string_view uri,
                                std::string_view cnonce) {
    std::string out;
    for (const Asker asker : {Asker::Registrar, Asker::Proxy}) {
        auto& session = sessions_[static_cast<std::size_t>(asker)];
        if (!session) continue;
        const Challenge& challenge = session->challenge;
        ++session->count;
        DigestResponse given;
        given.nonce = challenge.nonce;
        given.uri = uri;
        given.cnonce = cnonce;
        given.nc = count_text(session->count);
        given.qop = "auth";
        given.algorithm = challenge.kind;
        out.append(asker == Asker::Proxy ? "Proxy-Authorization" : "Authorization");
        out.append(": Digest username=").append(quote(login.username));
        out.append(",realm=").append(quote(challenge.realm));
        out.append(",nonce=").append(quote(challenge.nonce));
        out.append(",uri=").append(quote(uri));
        out.append(",response=\"").append(response_of(challenge, given, login, method));
        out.append("\"");
        if (challenge.algorithm) {
            out.append(",algorithm=");
            out.append(challenge.kind == Algorithm::Sha256 ? "SHA-256" : "MD5");
        }
        if (!challenge.opaque.empty()) out.append(",opaque=").append(quote(challenge.opaque));
        if (challenge.has_qop) {
            out.append(",cnonce=\"").append(cnonce).append("\",qop=auth,nc=").append(given.nc);
        }
        out.append("\r\n");
    }
    return out;
}

void DigestClient::accepted() {
    for (auto& session : sessions_) {
        if (session) session->is_untried = false;
    }
}

}  // namespace escucha::sip::detail
