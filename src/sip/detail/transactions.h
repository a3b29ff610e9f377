#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "sip/detail/secret.h"
#include "sip/detail/slots.h"
#include "sip/detail/timers.h"
#include "sip/detail/trunk_call.h"
#include "sip/detail/wire.h"
#include "sip/settings.h"

namespace escucha::sip::detail {

enum class Role : std::uint8_t { InviteServer, Server, InviteClient, Client };

/// States of RFC 3261 §17 with RFC 6026's Accepted. Trying stands for Calling too.
///
///   InviteServer  Proceeding -> Completed -> Confirmed -> gone | Proceeding -> Accepted -> gone
///   Server        Trying -> Completed -> gone
///   InviteClient  Trying -> Proceeding -> Completed -> gone | Accepted -> gone
///   Client        Trying -> Proceeding -> Completed -> gone
enum class TxnState : std::uint8_t { Trying, Proceeding, Completed, Confirmed, Accepted };

/// What a client transaction was for.
enum class Purpose : std::uint8_t { Other, Invite, Reinvite, Refresh, Register, Probe };

/// Kept for the later 2xx answers of one INVITE: from other branches of a fork, or repeated.
struct Forks {
    std::string invite_head;  ///< Our INVITE without its body.
    std::string main_tag;
    std::vector<std::string> other_tags;
};

struct Txn {
    Role role = Role::Server;
    TxnState state = TxnState::Trying;
    Purpose purpose = Purpose::Other;
    Counters::Method method = Counters::Other;
    bool is_acknowledged = false;   ///< InviteServer, Accepted.
    bool is_cancel_wanted = false;  ///< InviteClient: the leg is gone, stop the ringing.
    bool is_cancel_sent = false;
    bool is_answered_elsewhere = false;  ///< InviteClient: another address took the call.
    Key key;
    std::optional<Key> merge_key;
    Handle leg = kNoHandle;
    Flow flow;
    /// Client: the request, later the ACK. Server: the last response.
    std::string bytes;
    std::unique_ptr<Forks> forks;
    std::unique_ptr<CarrierAuth> auth;  ///< Client, to a carrier; gone once it has answered.
    Duration interval{0};
    Instant retransmit_at = kNever;
    Instant expires_at = kNever;
    Alarm alarm;
};

/// A transaction gave up.
struct TxnTimeout {
    enum Kind { NoResponse, NoAck, NoPrack, NoConnection };
    Kind kind = NoResponse;
    Handle txn = kNoHandle;
    Handle leg = kNoHandle;
    Purpose purpose = Purpose::Other;
};

/// All transactions: keys, states, retransmission. Knows bytes and statuses, not dialogs.
class Transactions {
public:
    Transactions(Wire& wire, Counters& counters, const Timing& timing)
        : wire_{wire}, counters_{counters}, timing_{timing} {}

    /// The request was sent by the caller; from now on it is repeated until answered.
    Handle open_client(Txn txn, Now now);
    Handle open_server(Txn txn);
    Txn* get(Handle handle) { return txns_.get(handle); }
    [[nodiscard]] Handle find_server(const Key& key) const { return find(servers_, key); }
    [[nodiscard]] Handle find_client(const Key& key) const { return find(clients_, key); }
    [[nodiscard]] bool is_merged(const Key& merge_key) const { return merged_.contains(merge_key); }

    /// A request came again: its last response goes out again, if there is one.
    void repeat(Txn& txn, Io& io);
    void provisional(Txn& txn, std::string bytes) { txn.bytes = std::move(bytes); }
    /// Repeated at T1, doubling, until `provisional_acknowledged`; NoPrack after 64*T1 (RFC 3262
    /// §3).
    void provisional_reliably(Handle handle, std::string bytes, Now now);
    void provisional_acknowledged(Handle handle);
    /// The final response, already sent by the caller. May close the transaction.
    void finish(Handle handle, int status, std::string bytes, Now now);
    /// The ACK of a final response came.
    void acknowledge(Handle handle, Now now);

    /// A response moved the client transaction on. Invites: the caller sends the ACK first and
    /// hands its bytes over.
    void proceed(Handle handle, Now now);
    void complete(Handle handle, std::string ack, Now now);
    void accept(Handle handle, std::string ack, std::unique_ptr<Forks> forks, Now now);
    /// 64*T1 at most from now on, for an INVITE that was cancelled (RFC 3261 §9.1) and a request
    /// that nobody answers.
    void expire(Handle handle, Now now);

    /// Not sent again; what comes of it is still awaited.
    void stop_repeating(Handle handle);

    void close(Handle handle);
    void connection_closed(std::uint64_t connection, std::vector<TxnTimeout>& timeouts);
    /// No connection to there could be made: the same for those that wait for one.
    void unreachable(const Flow& flow, std::vector<TxnTimeout>& timeouts);

    [[nodiscard]] std::optional<Instant> next_wakeup() const { return timers_.next(); }
    void wake(Io& io, std::vector<TxnTimeout>& timeouts);
    [[nodiscard]] std::size_t size() const { return txns_.size(); }
    [[nodiscard]] std::size_t timers() const { return timers_.size(); }

private:
    using Index = std::unordered_map<Key, Handle, KeyHash>;
    static Handle find(const Index& index, const Key& key) {
        const auto found = index.find(key);
        return found == index.end() ? kNoHandle : found->second;
    }
    template <typename IsCut>
    void cut(IsCut is_cut, std::vector<TxnTimeout>& timeouts);
    void arm(Handle handle, Txn& txn);
    void on_alarm(Handle handle, Io& io, std::vector<TxnTimeout>& timeouts);
    void retransmit(Txn& txn, Io& io);
    [[nodiscard]] Duration give_up() const { return 64 * Duration{timing_.t1}; }

    Wire& wire_;
    Counters& counters_;
    Timing timing_;
    Slots<Txn> txns_;
    Index servers_;
    Index clients_;
    Index merged_;
    Timers timers_;
};

}  // namespace escucha::sip::detail
