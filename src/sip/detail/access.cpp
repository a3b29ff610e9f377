#include <algorithm>

#include "sip/detail/impl.h"
#include "sip/detail/text.h"

namespace escucha::sip {

using namespace detail;

namespace {

// Only the first response counts: a list of them would be a list of guesses.
std::optional<DigestResponse> given_digest(const Message& request) {
    if (!request.has(HeaderId::Authorization)) return std::nullopt;
    return parse_digest(request.find(HeaderId::Authorization));
}

std::string_view user_of(const NameAddr& party, std::string& space) {
    space = unescape_user(party.uri.user);
    return space;
}

}  // namespace

std::variant<Stack::Impl::Admission, Stack::Impl::Refusal> Stack::Impl::admit(
    const Flow& flow, const Message& request, Io& io) {
    // An agent's phone on a machine that is also a trunk's source stays a phone.
    std::string space;
    const bool is_phone = registrar_.is_bound(user_of(request.from, space), flow);
    bool may_be_challenged = registrar_.has_source(flow.remote);
    std::string realm = challenge_realm(request.from.uri.host);
    // Two accounts at one carrier have the same addresses; only our Contact tells them apart.
    const auto named = trunk_clients_.trunk_of(request.request_uri.user, flow.remote);
    for (const Trunk& trunk : trunks_) {
        if (named && trunk.id != *named) continue;
        const bool is_source = comes_from(trunk, flow);
        if (is_source && !trunk.credentials && !is_phone) {
            return Admission{.source = trunk.id, .is_identity_trusted = trunk.is_identity_trusted};
        }
        if (!trunk.credentials || (!is_source && !trunk.sources.empty())) continue;
        may_be_challenged = true;
        if (is_source) realm = trunk.credentials->realm;
    }
    if (!may_be_challenged) {
        ++counters_.rejected_sources;
        return Refusal{.status = 403, .headers = {}};
    }
    const auto given = given_digest(request);
    if (!given) return challenge(realm, flow, Authenticator::Outcome::Ok, io.now);
    const Trunk* trunk = trunk_of_user(given->username, flow);
    const Credentials* account = nullptr;
    if (trunk != nullptr) {
        account = &*trunk->credentials;
    } else if (registrar_.has_source(flow.remote)) {
        account = registrar_.phone(given->username);
    }
    const auto outcome =
        authenticator_.verify(*given, request.method_text, flow.remote, account, io.now.wall);
    switch (outcome) {
        case Authenticator::Outcome::Ok:
            break;
        case Authenticator::Outcome::Stale:
            return challenge(realm, flow, outcome, io.now);
        case Authenticator::Outcome::Guessed:
            on_guess(flow, io);
            [[fallthrough]];
        case Authenticator::Outcome::Refused:
            ++counters_.authentications_failed;
            return Refusal{.status = 403, .headers = {}};
    }
    ++counters_.authentications_ok;
    guard_.on_proof(flow.remote);
    if (trunk != nullptr) {
        return Admission{.source = trunk->id, .is_identity_trusted = trunk->is_identity_trusted};
    }
    return Admission{.source = PhoneSource{.username = given->username}};
}

void Stack::Impl::on_register(const Flow& flow, const Message& request, Io& io) {
    const std::string realm = challenge_realm(request.to.uri.host);
    const auto refuse = [&](const Refusal& refusal) {
        reply_to_anyone(flow, request, {.status = refusal.status, .headers = refusal.headers}, io);
    };
    const auto given = given_digest(request);
    if (!given) return refuse(challenge(realm, flow, Authenticator::Outcome::Ok, io.now));
    const auto outcome = authenticator_.verify(
        *given, request.method_text, flow.remote, registrar_.phone(given->username), io.now.wall);
    std::string space;
    if (outcome == Authenticator::Outcome::Stale) {
        return refuse(challenge(realm, flow, outcome, io.now));
    }
    if (outcome == Authenticator::Outcome::Guessed) on_guess(flow, io);
    if (outcome != Authenticator::Outcome::Ok || user_of(request.to, space) != given->username) {
        ++counters_.authentications_failed;
        return refuse({.status = 403, .headers = {}});
    }
    ++counters_.authentications_ok;
    guard_.on_proof(flow.remote);

    const auto answer = registrar_.handle(given->username, request, flow, io.now, io.effects);
    const Echo echo = make_echo(request, flow);
    const std::string tag = secret_.token();
    std::string bytes =
        write_response(echo, {.status = answer.status, .to_tag = tag, .headers = answer.headers});
    wire_.response(echo.flow, bytes, answer.status, std::nullopt, io);
    // Kept for repetitions, whose nonce count is used up by now.
    if (is_stream(flow.transport) || transactions_.size() >= settings_.limits.transactions) {
        return;
    }
    Txn txn;
    txn.role = Role::Server;
    txn.method = request.method;
    txn.key = server_key(request, request.method_text);
    txn.flow = echo.flow;
    transactions_.finish(
        transactions_.open_server(std::move(txn)), answer.status, std::move(bytes), io.now);
}

// A carrier's address is not a stranger's, whatever comes from it.
bool Stack::Impl::may_ask(const Flow& flow, Now now) {
    if (is_trunk_source(flow) || guard_.may_ask(flow.remote, now.mono)) return true;
    ++counters_.silenced;
    return false;
}

void Stack::Impl::on_guess(const Flow& flow, Io& io) {
    if (is_trunk_source(flow)) return;
    if (const auto ban = guard_.on_guess(flow.remote, io.now)) {
        ++counters_.banned;
        io.effects.emplace_back(*ban);
    }
}

bool Stack::Impl::is_shut_out(const Flow& flow, const Message& request, Now now) {
    if (!guard_.is_banned(flow.remote, now.mono)) return false;
    // One phone with a wrong password must not cost its whole office the telephone.
    std::string space;
    return !registrar_.is_bound(user_of(request.from, space), flow);
}

bool Stack::Impl::comes_from(const Trunk& trunk, const Flow& flow) const {
    const auto holds = [&](const AddressRange& range) { return range.contains(flow.remote); };
    return std::ranges::any_of(trunk.sources, holds) ||
           trunk_clients_.is_source(trunk.id, flow.remote);
}

// A carrier that we registered with calls the Contact we gave it, and tells in To what was dialled.
std::string Stack::Impl::dialled_user(const Flow& flow, const Message& request) const {
    const bool is_contact =
        trunk_clients_.trunk_of(request.request_uri.user, flow.remote).has_value();
    return unescape_user(is_contact ? request.to.uri.user : request.request_uri.user);
}

bool Stack::Impl::is_trunk_source(const Flow& flow) const {
    return std::any_of(trunks_.begin(), trunks_.end(), [&](const Trunk& trunk) {
        return comes_from(trunk, flow);
    });
}

Stack::Impl::Refusal Stack::Impl::challenge(std::string_view realm,
                                            const Flow& flow,
                                            Authenticator::Outcome why,
                                            Now now) {
    ++counters_.challenges;
    if (why == Authenticator::Outcome::Stale) ++counters_.challenges_stale;
    return {.status = 401, .headers = authenticator_.challenge(realm, flow.remote, why, now.wall)};
}

// Depends on the domain alone, never on the user: a challenge must not tell who exists.
std::string Stack::Impl::challenge_realm(std::string_view host) const {
    return registrar_.serves_realm(host) ? std::string{host} : settings_.domain;
}

const Trunk* Stack::Impl::trunk_of_user(std::string_view username, const Flow& flow) const {
    for (const Trunk& trunk : trunks_) {
        if (!trunk.credentials || trunk.credentials->username != username) continue;
        if (trunk.sources.empty() || comes_from(trunk, flow)) return &trunk;
    }
    return nullptr;
}

}  // namespace escucha::sip
