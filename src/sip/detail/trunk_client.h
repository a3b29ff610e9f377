#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/rng.h"
#include "base/time.h"
#include "sip/detail/digest_client.h"
#include "sip/detail/message.h"
#include "sip/detail/secret.h"
#include "sip/detail/slots.h"
#include "sip/detail/transactions.h"
#include "sip/detail/wire.h"
#include "sip/effects.h"
#include "sip/settings.h"

namespace escucha::sip::detail {

/// How long until the next attempt to register, after `failures` in a row (at least 1): doubled
/// each time from `trunk_rest`, up to a quarter longer by chance so that not all of a carrier's
/// customers come back at once, and never longer than `trunk_longest_rest`.
Duration rest_after(unsigned failures, const Timing& timing, Rng& rng);

/// Not a no, but a server in trouble: another one of the carrier may answer (RFC 3263 §4.3).
inline bool is_trouble(int status) {
    return status == 408 || status == 500 || status == 502 || status == 503 || status == 504;
}

/// Our side of the trunks that have an account: REGISTER (RFC 3261 §10.2) and OPTIONS as a probe
/// (§11.1), by the flows that the shell resolved, in order of preference.
///
/// Activity of a trunk; `binding` beside it is what the carrier last granted, and outlives a
/// refresh that is under way:
///
///   Idle     -> Asking                             a route, and registering is wanted
///   Asking   -> Asking                             challenged; 423; next flow after 408, 5xx,
///   silence
///            -> Resting until the refresh          2xx: at about 80 % of what was granted
///            -> Resting until the next attempt     refused, or no flow left: growing pauses
///   Resting  -> Asking                             its time came, or a (better) flow came alive
///   any      -> Leaving -> Idle                    removed, or `leave`
class TrunkClients {
public:
    struct Tools {
        Secret& secret;
        Rng& rng;
        Wire& wire;
        Transactions& transactions;
        const Settings& settings;
    };
    explicit TrunkClients(const Tools& tools) : tools_{tools} {}

    /// Replaces the table. An account that did not change goes on undisturbed; one that changed
    /// begins anew and waits for its route; one that is gone is un-registered.
    void set_accounts(std::vector<TrunkAccount> accounts, Io& io);
    Result<void> set_route(TrunkId trunk, std::vector<Flow> flows, Io& io);
    /// Un-registers all; nothing is asked any more.
    void leave(Io& io);
    [[nodiscard]] bool is_leaving() const;

    /// Is this client transaction one of ours?
    static bool owns(Purpose purpose) {
        return purpose == Purpose::Register || purpose == Purpose::Probe;
    }
    /// A final response; the caller completes the transaction.
    void on_response(Handle txn, const Flow& flow, const Message& response, Io& io);
    void on_lost(Handle txn, Io& io);
    void connection_closed(std::uint64_t connection, Io& io);

    [[nodiscard]] std::optional<Instant> next_wakeup() const;
    void wake(Io& io);

    /// nullptr when there is none. Good until the table is replaced.
    [[nodiscard]] const TrunkAccount* account(TrunkId trunk) const;
    /// Where a call to this carrier is tried, in order: where we are registered, then what seems to
    /// live, then the rest, for that may be a mistake.
    [[nodiscard]] std::vector<Flow> routes(TrunkId trunk, Instant now) const;
    /// This server did not take a call: for a while others are tried before it.
    void shun(TrunkId trunk, const Flow& flow, Instant now);

    /// Does this address belong to the trunk, by its route or by its binding?
    [[nodiscard]] bool is_source(TrunkId trunk, const Address& address) const;
    /// The trunk whose Contact user this is, if it is one of the carrier's addresses that says it.
    [[nodiscard]] std::optional<TrunkId> trunk_of(std::string_view contact_user,
                                                  const Address& address) const;

private:
    struct Server {
        Flow flow;
        TrunkReach reach = TrunkReach::Unknown;
        unsigned failures = 0;  ///< Probes in a row without an answer.
        Handle probe = kNoHandle;
        Instant probe_at = kNever;  ///< The next; or while one runs, when it is lost.
        Instant shunned_until{};    ///< Did not answer a REGISTER.
    };
    struct Idle {};
    struct Asking {
        Handle txn = kNoHandle;
        Flow flow;
        Instant lost_at;
        unsigned rounds = 1;  ///< Requests of this attempt: challenges and 423 cost one each.
    };
    enum class RestWhy : std::uint8_t { Registered, Silence, Refused };
    struct Resting {
        Instant until;
        RestWhy why = RestWhy::Registered;
    };
    struct Leaving {
        Handle txn = kNoHandle;
        Flow flow;
        Instant lost_at;
        unsigned rounds = 1;
    };
    using Activity = std::variant<Idle, Asking, Resting, Leaving>;
    struct Binding {
        Flow flow;
        Instant since;
        Instant expires_at;
    };
    struct Client {
        TrunkAccount account;
        std::string contact_user;
        std::string call_id;
        std::string tag;
        std::uint32_t cseq = 0;
        std::chrono::seconds expires{0};  ///< Asked for; grown by a 423.
        std::vector<Server> servers;
        DigestClient digest;
        Activity activity;
        std::optional<Binding> binding;
        unsigned failures = 0;
        std::string why;
        bool is_removed = false;
        TrunkState told;
    };

    Client make_client(TrunkAccount account);
    Client* find(TrunkId trunk);
    void reset_route(Client& client, std::vector<Flow> flows, Io& io);
    /// Registers by the best flow that may be tried, or rests.
    void attempt(Client& client, Io& io);
    [[nodiscard]] static const Server* candidate(const Client& client, Instant now);
    void ask(Client& client, const Flow& flow, unsigned rounds, Io& io);
    void unregister(Client& client, unsigned rounds, Io& io);
    Handle send_register(Client& client, const Flow& flow, std::chrono::seconds expires, Io& io);
    void abandon(Client& client);
    void on_registered(Client& client, const Flow& flow, const Message& response, Io& io);
    void on_refused(Client& client, const Message& response, Io& io);
    void on_challenged(Client& client, const Message& response, Io& io);
    void on_leaving_answered(Client& client, const Message& response, Io& io);
    /// This flow does not serve: shun it for a while and try the next.
    void fail_over(Client& client, std::string why, Duration shun, Io& io);
    void give_up(Client& client, std::string why, Resting rest, Io& io);
    void probe(Client& client, Server& server, Io& io);
    void on_probe(Client& client, Server& server, TrunkReach reach, Io& io);
    void on_reach_changed(Client& client, Server& server, Io& io);
    static void note_reach(Client& client, const Flow& flow, TrunkReach reach);
    void wake(Client& client, Io& io);
    void tell(Client& client, Io& io);
    void forget_removed();
    [[nodiscard]] std::string address_of(const Client& client, const Flow& flow) const;
    Handle open(const Flow& flow, Purpose purpose, const RequestParts& parts, Io& io);

    Tools tools_;
    std::vector<Client> clients_;
    bool is_stopped_ = false;
};

}  // namespace escucha::sip::detail
