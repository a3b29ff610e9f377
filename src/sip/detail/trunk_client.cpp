#include "sip/detail/trunk_client.h"

#include <algorithm>
#include <utility>

#include "base/overloaded.h"
#include "sip/detail/text.h"
#include "sip/errc.h"

namespace escucha::sip::detail {

namespace {

using namespace std::chrono_literals;

constexpr unsigned kMaxRounds = 5;  ///< Requests of one attempt: a peer may ask without end.
constexpr unsigned kFailuresUntilDown = 3;
constexpr Duration kLeavePatience = 2s;  ///< A stop does not wait longer for a carrier's answer.
constexpr Duration kShortestRefresh = 5s;
constexpr Duration kReconnect = 30s;  ///< Between registrations for the sake of a new connection.
constexpr std::chrono::seconds kLongestGrant = 24h;

bool is_same_path(const Flow& a, const Flow& b) {
    return a.transport == b.transport && a.remote == b.remote;
}

std::string status_text(int status) {
    return std::to_string(status) + " " + std::string{usual_phrase(status)};
}

Duration asked_pause(const Message& response, const Timing& timing) {
    const std::string_view text = response.find(HeaderId::RetryAfter);
    const auto seconds = parse_number(trim(text.substr(0, text.find_first_of(";( "))), 86'400);
    const Duration asked = seconds ? Duration{std::chrono::seconds{*seconds}} : Duration{0};
    return std::clamp<Duration>(asked, timing.trunk_rest, timing.trunk_longest_rest);
}

// RFC 3261 §10.2.4: our Contact's own parameter, else Expires, else what we asked for.
std::chrono::seconds granted(const Message& response,
                             std::string_view contact_user,
                             std::chrono::seconds asked) {
    constexpr std::uint64_t kMost = 0xFFFF'FFFF;
    auto seconds = parse_number(response.find(HeaderId::Expires), kMost);
    for (const Header& header : response.headers) {
        if (header.id != HeaderId::Contact) continue;
        std::string_view rest = header.value;
        std::string_view element;
        while (next_element(rest, element)) {
            const auto contact = parse_name_addr(element);
            if (!contact || contact->uri.user != contact_user) continue;
            const auto own = find_param(contact->params, "expires");
            if (const auto number = parse_number(own.value_or(""), kMost)) seconds = number;
        }
    }
    if (!seconds) return asked;
    return std::min(std::chrono::seconds{*seconds}, kLongestGrant);
}

}  // namespace

Duration rest_after(unsigned failures, const Timing& timing, Rng& rng) {
    Duration rest = timing.trunk_rest;
    const Duration longest = timing.trunk_longest_rest;
    for (unsigned i = 1; i < failures && rest < longest; ++i) rest *= 2;
    const auto extra = rng.below(static_cast<std::uint64_t>((rest / 4).count()) + 1);
    return std::min(rest + Duration{extra}, longest);
}

// ---- Configuration -----------------------------------------------------------------------------

TrunkClients::Client TrunkClients::make_client(TrunkAccount account) {
    Client client;
    // The same after a restart: the carrier replaces the old binding instead of ringing both. An id
    // of a trunk is nothing one could guess.
    client.contact_user =
        hash_hex(Algorithm::Sha256, "trunk contact " + account.trunk.to_string()).substr(0, 16);
    client.call_id = tools_.secret.token();
    client.tag = tools_.secret.token();
    client.expires = account.expires;
    client.told.trunk = account.trunk;
    client.account = std::move(account);
    return client;
}

void TrunkClients::set_accounts(std::vector<TrunkAccount> accounts, Io& io) {
    accounts.resize(std::min(accounts.size(), tools_.settings.limits.trunk_accounts));
    for (Client& client : clients_) {
        const auto same = std::ranges::find(accounts, client.account.trunk, &TrunkAccount::trunk);
        if (!client.is_removed && same != accounts.end() && *same == client.account) continue;
        client.is_removed = true;
        // The same address of record and Contact: what follows replaces the binding, and a late
        // un-REGISTER would remove it again.
        const bool is_continued = same != accounts.end() && same->is_registering &&
                                  same->domain == client.account.domain &&
                                  same->username == client.account.username;
        if (is_continued) {
            abandon(client);
            client.activity = Idle{};
        } else {
            unregister(client, 1, io);
        }
    }
    forget_removed();
    for (TrunkAccount& account : accounts) {
        if (find(account.trunk) != nullptr) continue;
        clients_.push_back(make_client(std::move(account)));
        tell(clients_.back(), io);
    }
}

Result<void> TrunkClients::set_route(TrunkId trunk, std::vector<Flow> flows, Io& io) {
    Client* client = find(trunk);
    if (client == nullptr) return fail(Errc::UnknownTrunk);
    reset_route(*client, std::move(flows), io);
    wake(*client, io);
    return ok();
}

void TrunkClients::reset_route(Client& client, std::vector<Flow> flows, Io& io) {
    flows.resize(std::min(flows.size(), tools_.settings.limits.trunk_flows));
    std::vector<Server> servers;
    for (Flow& flow : flows) {
        const auto known = std::ranges::find_if(
            client.servers, [&](const Server& server) { return is_same_path(server.flow, flow); });
        if (known != client.servers.end()) {
            servers.push_back(*known);
            known->probe = kNoHandle;
            continue;
        }
        const bool is_probed = client.account.options_interval.count() > 0;
        Server server;
        server.flow = std::move(flow);
        if (is_probed && !is_stopped_) server.probe_at = io.now.mono;
        servers.push_back(std::move(server));
    }
    for (const Server& old : client.servers) tools_.transactions.close(old.probe);
    client.servers = std::move(servers);
    if (client.servers.empty()) client.why = "no address of its server is known";
    const auto knows = [&](const Flow& flow) {
        return std::ranges::any_of(
            client.servers, [&](const Server& server) { return is_same_path(server.flow, flow); });
    };
    const auto* asking = std::get_if<Asking>(&client.activity);
    const auto* resting = std::get_if<Resting>(&client.activity);
    const bool is_idle = std::holds_alternative<Idle>(client.activity);
    const bool is_cut = asking != nullptr && !knows(asking->flow);
    const bool is_moved = resting != nullptr && client.binding && !knows(client.binding->flow);
    if (is_idle || is_cut || is_moved) {
        abandon(client);
        attempt(client, io);
    }
}

void TrunkClients::leave(Io& io) {
    is_stopped_ = true;
    for (Client& client : clients_) {
        for (Server& server : client.servers) {
            tools_.transactions.close(std::exchange(server.probe, kNoHandle));
            server.probe_at = kNever;
        }
        unregister(client, 1, io);
        tell(client, io);
    }
}

bool TrunkClients::is_leaving() const {
    return std::ranges::any_of(clients_, [](const Client& client) {
        return std::holds_alternative<Leaving>(client.activity);
    });
}

// ---- Registering -------------------------------------------------------------------------------

const TrunkClients::Server* TrunkClients::candidate(const Client& client, Instant now) {
    const auto found = std::ranges::find_if(client.servers, [&](const Server& server) {
        const bool is_probed_dead =
            client.account.options_interval.count() > 0 && server.reach == TrunkReach::Unreachable;
        return server.shunned_until <= now && !is_probed_dead;
    });
    return found == client.servers.end() ? nullptr : &*found;
}

void TrunkClients::attempt(Client& client, Io& io) {
    client.activity = Idle{};
    if (is_stopped_ || client.is_removed || !client.account.is_registering) return;
    if (client.servers.empty()) return;
    const Server* best = candidate(client, io.now.mono);
    // None looks alive, which may be a mistake: the one that failed longest ago.
    if (best == nullptr) {
        best = &*std::ranges::min_element(client.servers, {}, &Server::shunned_until);
    }
    ask(client, best->flow, 1, io);
}

void TrunkClients::ask(Client& client, const Flow& flow, unsigned rounds, Io& io) {
    const Flow to = flow;
    const Handle txn = send_register(client, to, client.expires, io);
    client.activity = Asking{.txn = txn,
                             .flow = to,
                             .lost_at = io.now.mono + tools_.settings.timing.trunk_patience,
                             .rounds = rounds};
}

void TrunkClients::unregister(Client& client, unsigned rounds, Io& io) {
    std::optional<Flow> flow;
    if (client.binding) flow = client.binding->flow;
    // A REGISTER on its way may have been accepted already.
    if (const auto* asking = std::get_if<Asking>(&client.activity)) flow = asking->flow;
    if (const auto* leaving = std::get_if<Leaving>(&client.activity)) flow = leaving->flow;
    abandon(client);
    client.binding.reset();
    client.activity = Idle{};
    if (!flow) return;
    const Handle txn = send_register(client, *flow, 0s, io);
    client.activity = Leaving{
        .txn = txn, .flow = *flow, .lost_at = io.now.mono + kLeavePatience, .rounds = rounds};
}

std::string TrunkClients::address_of(const Client& client, const Flow& flow) const {
    const TrunkAccount& account = client.account;
    if (account.username.empty()) return "<sip:" + own_host_of(tools_.settings, flow) + ">";
    return "<sip:" + escape_user(account.username) + "@" + account.domain + ">";
}

Handle TrunkClients::send_register(Client& client,
                                   const Flow& flow,
                                   std::chrono::seconds expires,
                                   Io& io) {
    const std::string uri = "sip:" + client.account.domain;
    const std::string party = address_of(client, flow);
    const std::string from = party + ";tag=" + client.tag;
    std::string headers = "Contact: <sip:" + client.contact_user + "@";
    headers.append(own_host_of(tools_.settings, flow)).append(transport_param(flow.transport));
    headers.append(">\r\nExpires: ").append(std::to_string(expires.count())).append("\r\n");
    headers.append(kAllow);
    headers.append(client.digest.lines({client.account.username, client.account.password},
                                       "REGISTER",
                                       uri,
                                       tools_.secret.token()));
    std::vector<std::string> routes;
    if (!client.account.route.empty()) routes.push_back(client.account.route);
    return open(flow,
                Purpose::Register,
                {.method = "REGISTER",
                 .uri = uri,
                 .from = from,
                 .to = party,
                 .call_id = client.call_id,
                 .cseq = ++client.cseq,
                 .routes = &routes,
                 .headers = headers},
                io);
}

Handle TrunkClients::open(const Flow& flow, Purpose purpose, const RequestParts& parts, Io& io) {
    const auto method = purpose == Purpose::Register ? Counters::Register : Counters::Options;
    const std::string branch = "z9hG4bK" + tools_.secret.token();
    const std::string host = own_host_of(tools_.settings, flow);
    RequestParts whole = parts;
    whole.flow = flow;
    whole.via_host = host;
    whole.branch = branch;
    std::string bytes = write_request(whole);
    tools_.wire.request(flow, bytes, method, std::nullopt, io);
    Txn txn;
    txn.role = Role::Client;
    txn.purpose = purpose;
    txn.method = method;
    txn.key = tools_.secret.key({"client", branch, parts.method});
    txn.flow = flow;
    txn.bytes = std::move(bytes);
    return tools_.transactions.open_client(std::move(txn), io.now);
}

void TrunkClients::abandon(Client& client) {
    if (const auto* asking = std::get_if<Asking>(&client.activity)) {
        tools_.transactions.close(asking->txn);
    } else if (const auto* leaving = std::get_if<Leaving>(&client.activity)) {
        tools_.transactions.close(leaving->txn);
    }
}

void TrunkClients::on_response(Handle txn, const Flow& flow, const Message& response, Io& io) {
    for (Client& client : clients_) {
        for (Server& server : client.servers) {
            if (server.probe != txn) continue;
            if (is_stream(flow.transport)) server.flow.connection = flow.connection;
            const bool is_alive = response.status != 408 && response.status != 503;
            server.probe = kNoHandle;
            server.probe_at = io.now.mono + client.account.options_interval;
            on_probe(
                client, server, is_alive ? TrunkReach::Reachable : TrunkReach::Unreachable, io);
            return tell(client, io);
        }
        if (const auto* leaving = std::get_if<Leaving>(&client.activity);
            leaving != nullptr && leaving->txn == txn) {
            on_leaving_answered(client, response, io);
            tell(client, io);
            return forget_removed();
        }
        auto* asking = std::get_if<Asking>(&client.activity);
        if (asking == nullptr || asking->txn != txn) continue;
        // By the connection it came; a UDP flow stays as the shell told it.
        if (is_stream(flow.transport)) asking->flow.connection = flow.connection;
        if (!is_trouble(response.status)) {
            note_reach(client, asking->flow, TrunkReach::Reachable);
        }
        if (response.status < 300) {
            on_registered(client, asking->flow, response, io);
        } else if (response.status == 401 || response.status == 407) {
            on_challenged(client, response, io);
        } else {
            on_refused(client, response, io);
        }
        return tell(client, io);
    }
}

void TrunkClients::on_registered(Client& client,
                                 const Flow& flow,
                                 const Message& response,
                                 Io& io) {
    const auto time = granted(response, client.contact_user, client.expires);
    client.digest.accepted();
    if (time.count() == 0) {
        const Duration rest = rest_after(++client.failures, tools_.settings.timing, tools_.rng);
        return give_up(client,
                       "the carrier accepted the registration for no time at all",
                       {.until = io.now.mono + rest, .why = RestWhy::Refused},
                       io);
    }
    const Flow at = flow;
    client.failures = 0;
    client.why.clear();
    client.binding = Binding{.flow = at, .since = io.now.mono, .expires_at = io.now.mono + time};
    // About 80 %: three quarters to four fifths, so that a carrier's customers do not march in
    // step.
    const Duration whole = time;
    const auto jitter = tools_.rng.below(static_cast<std::uint64_t>((whole / 20).count()) + 1);
    const Duration refresh = std::max(whole * 4 / 5 - Duration{jitter}, kShortestRefresh);
    client.activity = Resting{.until = io.now.mono + refresh, .why = RestWhy::Registered};
}

void TrunkClients::on_challenged(Client& client, const Message& response, Io& io) {
    const Asking asking = std::get<Asking>(client.activity);
    const Duration longest = tools_.settings.timing.trunk_longest_rest;
    const Resting rest{.until = io.now.mono + longest, .why = RestWhy::Refused};
    const std::string status = " (" + std::to_string(response.status) + ")";
    ++client.failures;
    if (client.account.username.empty() || client.account.password.empty()) {
        return give_up(client, "the carrier wants user and password" + status, rest, io);
    }
    if (asking.rounds >= kMaxRounds) {
        return give_up(client, "the carrier asks for the password without end" + status, rest, io);
    }
    switch (client.digest.take(response)) {
        case DigestClient::Outcome::Answered:
            --client.failures;
            return ask(client, asking.flow, asking.rounds + 1, io);
        case DigestClient::Outcome::Refused:
            return give_up(client, "wrong user or password" + status, rest, io);
        case DigestClient::Outcome::Unknown:
            break;
    }
    give_up(client, "the carrier wants a kind of digest that we do not know" + status, rest, io);
}

void TrunkClients::on_refused(Client& client, const Message& response, Io& io) {
    const Asking asking = std::get<Asking>(client.activity);
    const Timing& timing = tools_.settings.timing;
    const std::string why = "refused: " + status_text(response.status);
    if (is_trouble(response.status)) {
        return fail_over(client, status_text(response.status), asked_pause(response, timing), io);
    }
    if (response.status == 423 && asking.rounds < kMaxRounds) {
        const auto least = parse_number(response.find(HeaderId::MinExpires),
                                        static_cast<std::uint64_t>(kLongestGrant.count()));
        if (least && std::chrono::seconds{*least} > client.expires) {
            client.expires = std::chrono::seconds{*least};
            return ask(client, asking.flow, asking.rounds + 1, io);
        }
    }
    ++client.failures;
    // 403 is a no to who we are; asked again soon, some carriers ban.
    const Duration rest = response.status == 403
                              ? Duration{timing.trunk_longest_rest}
                              : std::max(rest_after(client.failures, timing, tools_.rng),
                                         asked_pause(response, timing));
    give_up(client, why, {.until = io.now.mono + rest, .why = RestWhy::Refused}, io);
}

void TrunkClients::on_leaving_answered(Client& client, const Message& response, Io& io) {
    const Leaving leaving = std::get<Leaving>(client.activity);
    const bool is_challenge = response.status == 401 || response.status == 407;
    if (is_challenge && leaving.rounds < kMaxRounds &&
        client.digest.take(response) == DigestClient::Outcome::Answered) {
        return unregister(client, leaving.rounds + 1, io);
    }
    client.activity = Idle{};
}

void TrunkClients::fail_over(Client& client, std::string why, Duration shun, Io& io) {
    const Flow failed = std::get<Asking>(client.activity).flow;
    for (Server& server : client.servers) {
        if (is_same_path(server.flow, failed)) server.shunned_until = io.now.mono + shun;
    }
    if (const Server* next = candidate(client, io.now.mono)) {
        return ask(client, next->flow, 1, io);
    }
    const Duration rest = rest_after(++client.failures, tools_.settings.timing, tools_.rng);
    give_up(client, std::move(why), {.until = io.now.mono + rest, .why = RestWhy::Silence}, io);
}

void TrunkClients::give_up(Client& client, std::string why, Resting rest, Io&) {
    client.binding.reset();
    client.why = std::move(why);
    if (rest.why == RestWhy::Refused) client.digest.forget();
    client.activity = rest;
}

// ---- Probing -----------------------------------------------------------------------------------

void TrunkClients::probe(Client& client, Server& server, Io& io) {
    const Duration interval = client.account.options_interval;
    const std::string party = address_of(client, server.flow);
    const std::string tag = tools_.secret.token();
    const std::string from = party + ";tag=" + tag;
    const std::string uri = "sip:" + client.account.domain;
    const std::string to = "<" + uri + ">";
    const std::string call_id = tools_.secret.token();
    std::vector<std::string> routes;
    if (!client.account.route.empty()) routes.push_back(client.account.route);
    server.probe = open(server.flow,
                        Purpose::Probe,
                        {.method = "OPTIONS",
                         .uri = uri,
                         .from = from,
                         .to = to,
                         .call_id = call_id,
                         .routes = &routes,
                         .headers = kAcceptSdp},
                        io);
    server.probe_at =
        io.now.mono + std::min<Duration>(interval, tools_.settings.timing.trunk_patience);
}

void TrunkClients::on_probe(Client& client, Server& server, TrunkReach reach, Io& io) {
    const TrunkReach was = server.reach;
    if (reach == TrunkReach::Reachable) {
        server.failures = 0;
        server.reach = TrunkReach::Reachable;
    } else if (++server.failures >= kFailuresUntilDown) {
        server.reach = TrunkReach::Unreachable;
    }
    if (server.reach != was) on_reach_changed(client, server, io);
}

void TrunkClients::on_reach_changed(Client& client, Server& server, Io& io) {
    const auto* resting = std::get_if<Resting>(&client.activity);
    if (resting == nullptr) return;
    const auto at = [&](const Server& one) {
        return client.binding && is_same_path(one.flow, client.binding->flow);
    };
    if (server.reach == TrunkReach::Unreachable) {
        if (at(server)) attempt(client, io);
        return;
    }
    if (resting->why == RestWhy::Refused) return;
    // Back to the first, or to any at all.
    const auto bound = std::ranges::find_if(client.servers, at);
    const bool is_better = &server - client.servers.data() < bound - client.servers.begin();
    if (!is_better) return;
    server.shunned_until = {};
    attempt(client, io);
}

void TrunkClients::note_reach(Client& client, const Flow& flow, TrunkReach reach) {
    for (Server& server : client.servers) {
        if (!is_same_path(server.flow, flow)) continue;
        if (is_stream(flow.transport)) server.flow.connection = flow.connection;
        server.reach = reach;
        server.failures = 0;
    }
}

// ---- Time and connections ----------------------------------------------------------------------

void TrunkClients::on_lost(Handle txn, Io& io) {
    for (Client& client : clients_) {
        for (Server& server : client.servers) {
            if (server.probe != txn) continue;
            server.probe = kNoHandle;
            server.probe_at = io.now.mono + client.account.options_interval;
            on_probe(client, server, TrunkReach::Unreachable, io);
            return tell(client, io);
        }
        if (auto* asking = std::get_if<Asking>(&client.activity);
            asking != nullptr && asking->txn == txn) {
            asking->lost_at = io.now.mono;
        } else if (auto* leaving = std::get_if<Leaving>(&client.activity);
                   leaving != nullptr && leaving->txn == txn) {
            leaving->lost_at = io.now.mono;
        } else {
            continue;
        }
        wake(client, io);
        return forget_removed();
    }
}

void TrunkClients::connection_closed(std::uint64_t connection, Io& io) {
    for (Client& client : clients_) {
        for (Server& server : client.servers) {
            if (server.flow.connection == connection) server.flow.connection = 0;
        }
        if (!client.binding || !is_stream(client.binding->flow.transport)) continue;
        if (client.binding->flow.connection != connection) continue;
        client.binding->flow.connection = 0;
        // Behind a NAT no call reaches us before there is a connection again. A carrier that closes
        // each after its answer must not make us register all the time.
        auto* resting = std::get_if<Resting>(&client.activity);
        if (resting == nullptr) continue;
        const Instant soon = std::max(io.now.mono, client.binding->since + kReconnect);
        resting->until = std::min(resting->until, soon);
    }
}

std::optional<Instant> TrunkClients::next_wakeup() const {
    Instant next = kNever;
    for (const Client& client : clients_) {
        for (const Server& server : client.servers) next = std::min(next, server.probe_at);
        if (client.binding) next = std::min(next, client.binding->expires_at);
        next =
            std::min(next,
                     std::visit(overloaded{[](const Idle&) { return kNever; },
                                           [](const Asking& asking) { return asking.lost_at; },
                                           [](const Resting& resting) { return resting.until; },
                                           [](const Leaving& leaving) { return leaving.lost_at; }},
                                client.activity));
    }
    if (next == kNever) return std::nullopt;
    return next;
}

void TrunkClients::wake(Io& io) {
    for (Client& client : clients_) wake(client, io);
    forget_removed();
}

void TrunkClients::wake(Client& client, Io& io) {
    const Instant now = io.now.mono;
    const Duration patience = tools_.settings.timing.trunk_patience;
    const Duration interval = client.account.options_interval;
    for (Server& server : client.servers) {
        if (server.probe_at <= now && server.probe != kNoHandle) {
            tools_.transactions.close(std::exchange(server.probe, kNoHandle));
            server.probe_at = now + std::max<Duration>(interval - patience, 0s);
            on_probe(client, server, TrunkReach::Unreachable, io);
        }
        if (server.probe_at <= now) probe(client, server, io);
    }
    if (const auto* asking = std::get_if<Asking>(&client.activity);
        asking != nullptr && asking->lost_at <= now) {
        const Flow flow = asking->flow;
        abandon(client);
        if (interval.count() == 0) note_reach(client, flow, TrunkReach::Unreachable);
        fail_over(client, "no answer", tools_.settings.timing.trunk_rest, io);
    }
    if (const auto* resting = std::get_if<Resting>(&client.activity);
        resting != nullptr && resting->until <= now) {
        attempt(client, io);
    }
    if (const auto* leaving = std::get_if<Leaving>(&client.activity);
        leaving != nullptr && leaving->lost_at <= now) {
        abandon(client);
        client.activity = Idle{};
    }
    if (client.binding && client.binding->expires_at <= now) {
        client.binding.reset();
        if (client.why.empty()) client.why = "the registration ran out";
    }
    tell(client, io);
}

// ---- What is known -----------------------------------------------------------------------------

void TrunkClients::tell(Client& client, Io& io) {
    TrunkState state{.trunk = client.account.trunk};
    const auto has = [&](TrunkReach reach) {
        return std::ranges::any_of(client.servers,
                                   [&](const Server& server) { return server.reach == reach; });
    };
    if (has(TrunkReach::Reachable)) {
        state.reach = TrunkReach::Reachable;
    } else if (has(TrunkReach::Unreachable) && !has(TrunkReach::Unknown)) {
        state.reach = TrunkReach::Unreachable;
    }
    if (client.account.is_registering && !client.is_removed && !is_stopped_) {
        state.registration = TrunkRegistration::Trying;
        if (client.binding) {
            state.registration = TrunkRegistration::Registered;
            state.flow = client.binding->flow;
            state.flow->connection = 0;
        } else if (!client.why.empty()) {
            state.registration = TrunkRegistration::Failed;
            state.why = client.why;
        }
    }
    const bool is_same = state.registration == client.told.registration &&
                         state.reach == client.told.reach && state.flow == client.told.flow &&
                         state.why == client.told.why;
    if (is_same) return;
    client.told = state;
    io.effects.emplace_back(std::move(state));
}

TrunkClients::Client* TrunkClients::find(TrunkId trunk) {
    const auto found = std::ranges::find_if(clients_, [&](const Client& client) {
        return client.account.trunk == trunk && !client.is_removed;
    });
    return found == clients_.end() ? nullptr : &*found;
}

void TrunkClients::forget_removed() {
    std::erase_if(clients_, [&](const Client& client) {
        if (!client.is_removed || std::holds_alternative<Leaving>(client.activity)) return false;
        for (const Server& server : client.servers) tools_.transactions.close(server.probe);
        return true;
    });
}

const TrunkAccount* TrunkClients::account(TrunkId trunk) const {
    const auto found = std::ranges::find_if(clients_, [&](const Client& client) {
        return client.account.trunk == trunk && !client.is_removed;
    });
    return found == clients_.end() || is_stopped_ ? nullptr : &found->account;
}

std::vector<Flow> TrunkClients::routes(TrunkId trunk, Instant now) const {
    const auto found = std::ranges::find_if(clients_, [&](const Client& client) {
        return client.account.trunk == trunk && !client.is_removed;
    });
    if (found == clients_.end() || is_stopped_) return {};
    const auto rank = [&](const Server& server) {
        if (server.shunned_until > now || server.reach == TrunkReach::Unreachable) return 2;
        const bool is_bound = found->binding && is_same_path(found->binding->flow, server.flow);
        return is_bound ? 0 : 1;
    };
    std::vector<const Server*> servers;
    for (const Server& server : found->servers) servers.push_back(&server);
    std::ranges::stable_sort(servers, {}, [&](const Server* server) { return rank(*server); });
    std::vector<Flow> flows;
    for (const Server* server : servers) flows.push_back(server->flow);
    return flows;
}

void TrunkClients::shun(TrunkId trunk, const Flow& flow, Instant now) {
    Client* client = find(trunk);
    if (client == nullptr) return;
    for (Server& server : client->servers) {
        if (is_same_path(server.flow, flow)) {
            server.shunned_until = now + tools_.settings.timing.trunk_rest;
        }
    }
}

bool TrunkClients::is_source(TrunkId trunk, const Address& address) const {
    return std::ranges::any_of(clients_, [&](const Client& client) {
        if (client.account.trunk != trunk) return false;
        if (client.binding && client.binding->flow.remote.same_host(address)) return true;
        return std::ranges::any_of(client.servers, [&](const Server& server) {
            return server.flow.remote.same_host(address);
        });
    });
}

std::optional<TrunkId> TrunkClients::trunk_of(std::string_view contact_user,
                                              const Address& address) const {
    const auto found = std::ranges::find(clients_, contact_user, &Client::contact_user);
    if (found == clients_.end() || !is_source(found->account.trunk, address)) return std::nullopt;
    return found->account.trunk;
}

}  // namespace escucha::sip::detail
