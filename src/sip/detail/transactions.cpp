#include "sip/detail/transactions.h"

#include <algorithm>
#include <utility>

namespace escucha::sip::detail {

namespace {

bool is_udp(const Txn& txn) { return txn.flow.transport == Transport::Udp; }

}  // namespace

Handle Transactions::open_client(Txn txn, Now now) {
    txn.state = TxnState::Trying;
    txn.expires_at = now.mono + give_up();  // Timers B and F.
    if (is_udp(txn)) {
        txn.interval = timing_.t1;  // Timers A and E.
        txn.retransmit_at = now.mono + txn.interval;
    }
    const Key key = txn.key;
    const Handle handle = txns_.add(std::move(txn));
    clients_.emplace(key, handle);
    arm(handle, *txns_.get(handle));
    return handle;
}

Handle Transactions::open_server(Txn txn) {
    txn.state = txn.role == Role::InviteServer ? TxnState::Proceeding : TxnState::Trying;
    const Key key = txn.key;
    const auto merge_key = txn.merge_key;
    const Handle handle = txns_.add(std::move(txn));
    servers_.emplace(key, handle);
    if (merge_key) merged_.emplace(*merge_key, handle);
    return handle;
}

void Transactions::repeat(Txn& txn, Io& io) {
    // Accepted absorbs: the 2xx is repeated by its own timer (RFC 6026 §7.1).
    if (txn.bytes.empty() || txn.state == TxnState::Accepted || txn.state == TxnState::Confirmed) {
        return;
    }
    wire_.again(txn.flow, txn.bytes, io);
}

void Transactions::provisional_reliably(Handle handle, std::string bytes, Now now) {
    Txn* txn = txns_.get(handle);
    if (txn == nullptr) return;
    txn->bytes = std::move(bytes);
    txn->interval = timing_.t1;
    txn->retransmit_at = now.mono + txn->interval;
    txn->expires_at = now.mono + give_up();
    arm(handle, *txn);
}

void Transactions::provisional_acknowledged(Handle handle) {
    Txn* txn = txns_.get(handle);
    if (txn == nullptr) return;
    txn->retransmit_at = txn->expires_at = kNever;
    arm(handle, *txn);
}

void Transactions::finish(Handle handle, int status, std::string bytes, Now now) {
    Txn* txn = txns_.get(handle);
    if (txn == nullptr) return;
    txn->bytes = std::move(bytes);
    txn->interval = timing_.t1;
    txn->retransmit_at = kNever;
    txn->expires_at = now.mono + give_up();
    if (txn->role == Role::Server) {
        if (!is_udp(*txn)) return close(handle);  // Timer J is 0.
        txn->state = TxnState::Completed;
    } else if (status < 300) {
        // RFC 3261 §13.3.1.4: over TCP too, since a proxy may lose the ACK on another hop.
        txn->state = TxnState::Accepted;
        txn->retransmit_at = now.mono + txn->interval;
    } else {
        txn->state = TxnState::Completed;  // Timers G and H.
        if (is_udp(*txn)) txn->retransmit_at = now.mono + txn->interval;
    }
    arm(handle, *txn);
}

void Transactions::acknowledge(Handle handle, Now now) {
    Txn* txn = txns_.get(handle);
    if (txn == nullptr || txn->role != Role::InviteServer) return;
    if (txn->state == TxnState::Accepted && !txn->is_acknowledged) {
        txn->is_acknowledged = true;
        txn->retransmit_at = kNever;
        txn->bytes = {};
        txn->leg = kNoHandle;
        arm(handle, *txn);
    } else if (txn->state == TxnState::Completed) {
        if (!is_udp(*txn)) return close(handle);  // Timer I is 0.
        txn->state = TxnState::Confirmed;
        txn->bytes = {};
        txn->retransmit_at = kNever;
        txn->expires_at = now.mono + timing_.t4;
        arm(handle, *txn);
    }
}

void Transactions::proceed(Handle handle, Now now) {
    Txn* txn = txns_.get(handle);
    if (txn == nullptr || txn->state != TxnState::Trying) return;
    txn->state = TxnState::Proceeding;
    if (txn->role == Role::InviteClient) {
        txn->retransmit_at = kNever;
        // Ringing has no limit here; the leg has one. A re-INVITE rings nobody, and its final
        // response may be gone with the peer's leg.
        txn->expires_at = txn->purpose == Purpose::Reinvite ? now.mono + give_up() : kNever;
    } else if (is_udp(*txn)) {
        txn->interval = timing_.t2;
        txn->retransmit_at = now.mono + txn->interval;
    }
    arm(handle, *txn);
}

void Transactions::complete(Handle handle, std::string ack, Now now) {
    Txn* txn = txns_.get(handle);
    if (txn == nullptr) return;
    if (!is_udp(*txn)) return close(handle);  // Timers D and K are 0.
    const bool is_invite = txn->role == Role::InviteClient;
    txn->state = TxnState::Completed;
    txn->bytes = std::move(ack);
    txn->bytes.shrink_to_fit();
    txn->leg = kNoHandle;
    txn->retransmit_at = kNever;
    txn->expires_at = now.mono + (is_invite ? give_up() : Duration{timing_.t4});
    arm(handle, *txn);
}

void Transactions::accept(Handle handle, std::string ack, std::unique_ptr<Forks> forks, Now now) {
    Txn* txn = txns_.get(handle);
    if (txn == nullptr) return;
    txn->state = TxnState::Accepted;
    txn->bytes = std::move(ack);
    txn->forks = std::move(forks);
    txn->retransmit_at = kNever;
    txn->expires_at = now.mono + give_up();  // Timer M.
    arm(handle, *txn);
}

void Transactions::expire(Handle handle, Now now) {
    Txn* txn = txns_.get(handle);
    if (txn == nullptr) return;
    txn->expires_at = now.mono + give_up();
    arm(handle, *txn);
}

void Transactions::close(Handle handle) {
    Txn* txn = txns_.get(handle);
    if (txn == nullptr) return;
    const bool is_server = txn->role == Role::InviteServer || txn->role == Role::Server;
    (is_server ? servers_ : clients_).erase(txn->key);
    if (txn->merge_key) merged_.erase(*txn->merge_key);
    txns_.erase(handle);
}

void Transactions::stop_repeating(Handle handle) {
    Txn* txn = txns_.get(handle);
    if (txn == nullptr) return;
    txn->retransmit_at = kNever;
    arm(handle, *txn);
}

void Transactions::connection_closed(std::uint64_t connection, std::vector<TxnTimeout>& timeouts) {
    cut([&](const Flow& flow) { return flow.connection == connection; }, timeouts);
}

void Transactions::unreachable(const Flow& flow, std::vector<TxnTimeout>& timeouts) {
    cut(
        [&](const Flow& of) {
            return of.connection == 0 && of.transport == flow.transport && of.remote == flow.remote;
        },
        timeouts);
}

template <typename IsCut>
void Transactions::cut(IsCut is_cut, std::vector<TxnTimeout>& timeouts) {
    txns_.each([&](Handle handle, const Txn& txn) {
        const bool is_waiting =
            (txn.role == Role::InviteClient || txn.role == Role::Client) &&
            (txn.state == TxnState::Trying || txn.state == TxnState::Proceeding);
        if (is_waiting && is_stream(txn.flow.transport) && is_cut(txn.flow)) {
            timeouts.push_back({.kind = TxnTimeout::NoConnection,
                                .txn = handle,
                                .leg = txn.leg,
                                .purpose = txn.purpose});
        }
    });
    for (const TxnTimeout& timeout : timeouts) close(timeout.txn);
}

void Transactions::wake(Io& io, std::vector<TxnTimeout>& timeouts) {
    const auto alarm_of = [this](Handle handle) -> Alarm* {
        Txn* txn = txns_.get(handle);
        return txn == nullptr ? nullptr : &txn->alarm;
    };
    while (const Handle handle = timers_.pop(io.now.mono, alarm_of)) on_alarm(handle, io, timeouts);
}

void Transactions::arm(Handle handle, Txn& txn) {
    timers_.set(handle, txn.alarm, std::min(txn.retransmit_at, txn.expires_at));
}

void Transactions::on_alarm(Handle handle, Io& io, std::vector<TxnTimeout>& timeouts) {
    Txn& txn = *txns_.get(handle);
    if (txn.expires_at > io.now.mono) {
        if (txn.retransmit_at <= io.now.mono) retransmit(txn, io);
        arm(handle, txn);
        return;
    }
    if (txn.role == Role::InviteServer && txn.state == TxnState::Proceeding) {
        // Its leg refuses the INVITE.
        txn.retransmit_at = txn.expires_at = kNever;
        timeouts.push_back({.kind = TxnTimeout::NoPrack, .txn = handle, .leg = txn.leg});
        return;
    }
    const bool is_client = txn.role == Role::InviteClient || txn.role == Role::Client;
    if (is_client && (txn.state == TxnState::Trying || txn.state == TxnState::Proceeding)) {
        ++counters_.transaction_timeouts;
        timeouts.push_back({.kind = TxnTimeout::NoResponse,
                            .txn = handle,
                            .leg = txn.leg,
                            .purpose = txn.purpose});
    } else if (txn.role == Role::InviteServer && txn.state == TxnState::Accepted &&
               !txn.is_acknowledged) {
        ++counters_.ack_timeouts;
        timeouts.push_back({.kind = TxnTimeout::NoAck, .txn = handle, .leg = txn.leg});
    }
    close(handle);
}

void Transactions::retransmit(Txn& txn, Io& io) {
    wire_.again(txn.flow, txn.bytes, io);
    // An INVITE nobody has heard of doubles without end (timer A), and so does a reliable
    // provisional response; the others stop at T2.
    const bool is_ringing = txn.role == Role::InviteServer && txn.state == TxnState::Proceeding;
    const bool is_capped = txn.role != Role::InviteClient && !is_ringing;
    txn.interval *= 2;
    if (is_capped) txn.interval = std::min<Duration>(txn.interval, timing_.t2);
    txn.retransmit_at = io.now.mono + txn.interval;
}

}  // namespace escucha::sip::detail
