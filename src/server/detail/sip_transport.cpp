#include "server/detail/sip_transport.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <variant>

#include <fmt/format.h>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>

#include "base/errc.h"
#include "base/log.h"

namespace escucha::server {

namespace asio = boost::asio;

namespace {

constexpr std::size_t kDatagramBytes = 65'536;
constexpr std::size_t kReadBytes = 16 * 1024;

sip::Address to_address(const asio::ip::address& host, std::uint16_t port) {
    sip::Address address;
    address.port = port;
    if (host.is_v4()) {
        const auto bytes = host.to_v4().to_bytes();
        std::copy(bytes.begin(), bytes.end(), address.bytes.begin());
    } else {
        address.family = sip::Family::V6;
        const auto bytes = host.to_v6().to_bytes();
        std::copy(bytes.begin(), bytes.end(), address.bytes.begin());
    }
    return address;
}

sip::Address to_address(const sockaddr_storage& from) {
    sip::Address address;
    if (from.ss_family == AF_INET) {
        sockaddr_in v4{};
        std::memcpy(&v4, &from, sizeof v4);
        std::memcpy(address.bytes.data(), &v4.sin_addr, 4);
        address.port = ntohs(v4.sin_port);
    } else {
        sockaddr_in6 v6{};
        std::memcpy(&v6, &from, sizeof v6);
        address.family = sip::Family::V6;
        std::memcpy(address.bytes.data(), &v6.sin6_addr, 16);
        address.port = ntohs(v6.sin6_port);
    }
    return address;
}

asio::ip::address to_host(const sip::Address& address) {
    if (address.family == sip::Family::V4) {
        return asio::ip::address_v4{
            {address.bytes[0], address.bytes[1], address.bytes[2], address.bytes[3]}};
    }
    return asio::ip::address_v6{address.bytes};
}

/// A clock that was set meanwhile must not look like an endless wait, nor like a negative one.
Duration waited(msghdr& header, WallTime now) {
    constexpr Duration kLongest = std::chrono::seconds{10};
    const cmsghdr* control = CMSG_FIRSTHDR(&header);
    if (control == nullptr || control->cmsg_level != SOL_SOCKET ||
        control->cmsg_type != SCM_TIMESTAMPNS) {
        return Duration{0};
    }
    timespec arrived{};
    std::memcpy(&arrived, CMSG_DATA(control), sizeof arrived);
    const Duration then = std::chrono::duration_cast<Duration>(
        std::chrono::seconds{arrived.tv_sec} + std::chrono::nanoseconds{arrived.tv_nsec});
    const Duration wait = now.time_since_epoch() - then;
    return wait < Duration{0} || wait > kLongest ? Duration{0} : wait;
}

}  // namespace

struct SipTransport::Batch {
    /// Room for the one control message we ask for, the instant of arrival.
    struct alignas(cmsghdr) Control {
        std::array<std::byte, CMSG_SPACE(sizeof(timespec))> bytes{};
    };

    std::vector<std::byte> bytes = std::vector<std::byte>(kDatagramsPerTurn * kDatagramBytes);
    std::array<Control, kDatagramsPerTurn> controls{};
    std::array<sockaddr_storage, kDatagramsPerTurn> from{};
    std::array<iovec, kDatagramsPerTurn> parts{};
    std::array<mmsghdr, kDatagramsPerTurn> headers{};
};

struct SipTransport::Connection {
    using Secure = asio::ssl::stream<asio::ip::tcp::socket>;

    Connection(asio::ip::tcp::socket open, const sip::Limits& limits)
        : stream{std::move(open)}, framer{limits} {}
    Connection(asio::ip::tcp::socket open, asio::ssl::context& tls, const sip::Limits& limits)
        : stream{std::in_place_type<Secure>, std::move(open), tls}, framer{limits} {}

    asio::ip::tcp::socket& socket() {
        if (auto* plain = std::get_if<asio::ip::tcp::socket>(&stream)) return *plain;
        return std::get<Secure>(stream).next_layer();
    }

    std::variant<asio::ip::tcp::socket, Secure> stream;
    sip::StreamFramer framer;
    sip::Flow flow;
    std::array<std::byte, kReadBytes> input{};
    std::deque<std::string> output;
    std::size_t queued = 0;
    bool is_writing = false;
    bool is_connected = true;  ///< With TLS: hands are shaken.
    std::optional<Instant> connect_until;
};

SipTransport::SipTransport(asio::io_context& context, const sip::Limits& limits, Receiver& receiver)
    : context_{context},
      limits_{limits},
      receiver_{receiver},
      udp_{context},
      acceptor_{context},
      tls_acceptor_{context},
      deadlines_{context},
      batch_{std::make_unique<Batch>()} {}

SipTransport::~SipTransport() = default;

Result<void> SipTransport::open(const std::string& bind, std::uint16_t port) {
    boost::system::error_code error;
    const auto host = asio::ip::make_address(bind, error);
    if (error) return fail(Errc::InvalidArgument, "not an IP address: " + bind);
    const auto refuse = [&](std::string_view what) {
        return fail(Errc::Io,
                    fmt::format("SIP cannot {} {} port {}: {}", what, bind, port, error.message()));
    };
    const asio::ip::udp::endpoint udp{host, port};
    udp_.open(udp.protocol(), error);
    if (!error) udp_.bind(udp, error);
    if (!error) udp_.non_blocking(true, error);
    if (error) return refuse("use UDP on");
    // Bursts must fit while another event is handled. FORCE needs a privilege; the other does not.
    const int size = kSocketBufferBytes;
    if (setsockopt(udp_.native_handle(), SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) != 0) {
        setsockopt(udp_.native_handle(), SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    }
    if (setsockopt(udp_.native_handle(), SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size) != 0) {
        setsockopt(udp_.native_handle(), SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    }
    const int on = 1;
    setsockopt(udp_.native_handle(), SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
    udp_local_ = to_address(host, udp_.local_endpoint(error).port());

    host_ = host;
    ESC_TRY(listen(acceptor_, udp_local_.port));
    wait_for_datagrams();
    accept(acceptor_, sip::Transport::Tcp);
    watch_deadlines();
    return ok();
}

Result<void> SipTransport::open_tls(std::uint16_t port,
                                    std::shared_ptr<asio::ssl::context> context) {
    tls_ = std::move(context);
    if (tls_acceptor_.is_open()) return ok();
    ESC_TRY(listen(tls_acceptor_, port));
    accept(tls_acceptor_, sip::Transport::Tls);
    return ok();
}

Result<void> SipTransport::listen(asio::ip::tcp::acceptor& acceptor, std::uint16_t port) {
    const asio::ip::tcp::endpoint endpoint{host_, port};
    boost::system::error_code error;
    acceptor.open(endpoint.protocol(), error);
    if (!error) acceptor.set_option(asio::socket_base::reuse_address{true}, error);
    if (!error) acceptor.bind(endpoint, error);
    if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
    if (!error) return ok();
    return fail(Errc::Io,
                fmt::format("SIP cannot listen for TCP on {} port {}: {}",
                            host_.to_string(),
                            port,
                            error.message()));
}

void SipTransport::close() {
    is_closed_ = true;
    boost::system::error_code ignored;
    udp_.close(ignored);
    acceptor_.close(ignored);
    tls_acceptor_.close(ignored);
    deadlines_.cancel();
    for (const auto& [id, connection] : connections_) connection->socket().close(ignored);
    connections_.clear();
    opened_.clear();
}

void SipTransport::wait_for_datagrams() {
    udp_.async_wait(asio::ip::udp::socket::wait_read, [this](boost::system::error_code error) {
        if (error || is_closed_) return;
        read_datagrams();
        wait_for_datagrams();
    });
}

void SipTransport::read_datagrams() {
    for (std::size_t i = 0; i < kDatagramsPerTurn; ++i) {
        batch_->parts[i] = {&batch_->bytes[i * kDatagramBytes], kDatagramBytes};
        batch_->headers[i] = {};
        batch_->headers[i].msg_hdr.msg_name = &batch_->from[i];
        batch_->headers[i].msg_hdr.msg_namelen = sizeof(sockaddr_storage);
        batch_->headers[i].msg_hdr.msg_iov = &batch_->parts[i];
        batch_->headers[i].msg_hdr.msg_iovlen = 1;
        batch_->headers[i].msg_hdr.msg_control = &batch_->controls[i];
        batch_->headers[i].msg_hdr.msg_controllen = sizeof(Batch::Control);
    }
    const int count =
        recvmmsg(udp_.native_handle(), batch_->headers.data(), kDatagramsPerTurn, 0, nullptr);
    const WallTime now = read_clocks().wall;
    for (int i = 0; i < count; ++i) {
        const auto at = static_cast<std::size_t>(i);
        ++counters_.udp_in;
        const sip::Flow flow{.transport = sip::Transport::Udp,
                             .remote = to_address(batch_->from[at]),
                             .local = udp_local_,
                             .connection = 0};
        receiver_.on_sip_message(
            flow,
            ByteView{&batch_->bytes[at * kDatagramBytes], batch_->headers[at].msg_len},
            waited(batch_->headers[at].msg_hdr, now));
    }
    if (count > 0) receiver_.on_sip_turn();
}

void SipTransport::send(const sip::Flow& flow, std::string_view bytes) {
    if (flow.transport == sip::Transport::Udp) {
        boost::system::error_code error;
        udp_.send_to(asio::buffer(bytes.data(), bytes.size()),
                     asio::ip::udp::endpoint{to_host(flow.remote), flow.remote.port},
                     0,
                     error);
        // The stack retransmits; a full buffer is a lost datagram like any other.
        error ? ++counters_.udp_dropped : ++counters_.udp_out;
        return;
    }
    const auto known = opened_.find({flow.transport, flow.remote});
    const bool is_by_ours = flow.connection == 0 && known != opened_.end();
    const auto found = connections_.find(is_by_ours ? known->second : flow.connection);
    if (found == connections_.end()) return connect(flow, bytes);
    const ConnectionPtr connection = found->second;
    if (connection->queued + bytes.size() > kMaxQueuedBytes) {
        ++counters_.tcp_broken;
        return drop(connection->flow.connection);
    }
    ++counters_.tcp_out;
    connection->queued += bytes.size();
    connection->output.emplace_back(bytes);
    write(connection);
}

void SipTransport::connect(const sip::Flow& flow, std::string_view bytes) {
    if (flow.connection != 0) return receiver_.on_sip_closed(flow.connection);
    std::optional<TlsPeer> peer;
    const bool is_tls = flow.transport == sip::Transport::Tls;
    if (is_tls && find_tls_peer_) peer = find_tls_peer_(flow.remote);
    // A phone that came by TLS is no server: it comes back by itself.
    if ((is_tls && !peer) || connections_.size() >= kMaxConnections) {
        return receiver_.on_sip_unreachable(flow);
    }
    const auto id = ++last_connection_;
    asio::ip::tcp::socket socket{context_};
    auto connection = peer
                          ? std::make_shared<Connection>(std::move(socket), *peer->context, limits_)
                          : std::make_shared<Connection>(std::move(socket), limits_);
    connection->connect_until = read_clocks().mono + kHandshakeDeadline;
    connection->flow = flow;
    connection->flow.connection = id;
    connection->is_connected = false;
    connection->output.emplace_back(bytes);
    connection->queued = bytes.size();
    connections_.emplace(id, connection);
    opened_.insert_or_assign({flow.transport, flow.remote}, id);
    const asio::ip::tcp::endpoint target{to_host(flow.remote), flow.remote.port};
    connection->socket().async_connect(
        target, [this, connection, id, peer](boost::system::error_code error) {
            if (is_closed_ || !connections_.contains(id)) return;
            if (error) return drop(id);
            boost::system::error_code ignored;
            connection->socket().set_option(asio::ip::tcp::no_delay{true}, ignored);
            if (peer) return greet(connection, *peer);
            opened(connection);
        });
}

void SipTransport::opened(const ConnectionPtr& connection) {
    connection->is_connected = true;
    connection->connect_until.reset();
    read(connection);
    write(connection);
}

// The chain is OpenSSL's to check; whose certificate it ends in is for RFC 5922 to say, which is
// stricter than what the web does.
void SipTransport::greet(const ConnectionPtr& connection, const TlsPeer& peer) {
    auto& stream = std::get<Connection::Secure>(connection->stream);
    const bool is_address = sip::Address::parse_host(peer.name, 0).has_value();
    // What SSL_set_tlsext_host_name(3) does, whose macro has casts of the old style. It copies.
    if (!is_address) {
        SSL_ctrl(stream.native_handle(),
                 SSL_CTRL_SET_TLSEXT_HOSTNAME,
                 TLSEXT_NAMETYPE_host_name,
                 const_cast<char*>(peer.name.c_str()));
    }
    boost::system::error_code error;
    stream.set_verify_callback(
        [name = peer.name](bool is_trusted, asio::ssl::verify_context& context) {
            X509_STORE_CTX* store = context.native_handle();
            if (!is_trusted || X509_STORE_CTX_get_error_depth(store) > 0) return is_trusted;
            if (is_certificate_of(*X509_STORE_CTX_get_current_cert(store), name)) return true;
            X509_STORE_CTX_set_error(store, X509_V_ERR_HOSTNAME_MISMATCH);
            return false;
        },
        error);
    stream.async_handshake(
        asio::ssl::stream_base::client,
        [this, connection, name = peer.name](boost::system::error_code failed) {
            const auto id = connection->flow.connection;
            if (is_closed_ || !connections_.contains(id)) return;
            if (!failed) {
                ++counters_.tls_opened;
                return opened(connection);
            }
            ++counters_.tls_not_opened;
            auto& shaken = std::get<Connection::Secure>(connection->stream);
            const long verdict = SSL_get_verify_result(shaken.native_handle());
            log::warn("sip_tls_not_opened",
                      {{"peer", connection->flow.remote.to_string()},
                       {"name", name},
                       {"why",
                        verdict == X509_V_OK ? failed.message()
                                             : X509_verify_cert_error_string(verdict)}});
            drop(id);
        });
}

void SipTransport::accept(asio::ip::tcp::acceptor& acceptor, sip::Transport transport) {
    acceptor.async_accept([this, &acceptor, transport](boost::system::error_code error,
                                                       asio::ip::tcp::socket socket) {
        if (is_closed_) return;
        if (!error && connections_.size() >= kMaxConnections) {
            ++counters_.tcp_refused;
        } else if (!error) {
            welcome(std::move(socket), transport);
        }
        accept(acceptor, transport);
    });
}

void SipTransport::welcome(asio::ip::tcp::socket socket, sip::Transport transport) {
    boost::system::error_code gone;
    const auto remote = socket.remote_endpoint(gone);
    const auto local = socket.local_endpoint(gone);
    if (gone) return;
    socket.set_option(asio::ip::tcp::no_delay{true}, gone);
    const auto id = ++last_connection_;
    const bool is_tls = transport == sip::Transport::Tls;
    auto connection = is_tls ? std::make_shared<Connection>(std::move(socket), *tls_, limits_)
                             : std::make_shared<Connection>(std::move(socket), limits_);
    connection->flow = {.transport = transport,
                        .remote = to_address(remote.address(), remote.port()),
                        .local = to_address(host_, local.port()),
                        .connection = id};
    connections_.emplace(id, connection);
    if (is_tls) return shake_hands(connection);
    read(connection);
}

void SipTransport::shake_hands(const ConnectionPtr& connection) {
    connection->is_connected = false;
    connection->connect_until = read_clocks().mono + kHandshakeDeadline;
    std::get<Connection::Secure>(connection->stream)
        .async_handshake(
            asio::ssl::stream_base::server, [this, connection](boost::system::error_code error) {
                const auto id = connection->flow.connection;
                if (is_closed_ || !connections_.contains(id)) return;
                if (error) {
                    ++counters_.tls_refused;
                    log::debug("tls_handshake_failed",
                               {{"peer", connection->flow.remote.ip()}, {"why", error.message()}});
                    return drop(id);
                }
                ++counters_.tls_accepted;
                connection->is_connected = true;
                connection->connect_until.reset();
                read(connection);
                write(connection);
            });
}

void SipTransport::read(const ConnectionPtr& connection) {
    const auto take = [this, connection](boost::system::error_code error, std::size_t count) {
        const auto id = connection->flow.connection;
        if (is_closed_ || !connections_.contains(id)) return;
        if (error) return drop(id);
        const ByteView bytes{connection->input.data(), count};
        if (!connection->framer.append(bytes, read_clocks()) || !take_messages(connection)) {
            ++counters_.tcp_broken;
            return drop(id);
        }
        receiver_.on_sip_turn();
        read(connection);
    };
    std::visit([&](auto& stream) { stream.async_read_some(asio::buffer(connection->input), take); },
               connection->stream);
}

bool SipTransport::take_messages(const ConnectionPtr& connection) {
    while (true) {
        const auto next = connection->framer.next();
        if (!next) return false;
        if (!next.value()) break;
        ++counters_.tcp_in;
        receiver_.on_sip_message(connection->flow, *next.value(), Duration{0});
        if (!connections_.contains(connection->flow.connection)) return true;
    }
    for (unsigned pings = connection->framer.take_pings(); pings > 0; --pings) {
        send(connection->flow, "\r\n");
    }
    return true;
}

void SipTransport::write(const ConnectionPtr& connection) {
    if (connection->is_writing || !connection->is_connected || connection->output.empty()) return;
    connection->is_writing = true;
    const auto go_on = [this, connection](boost::system::error_code error, std::size_t) {
        if (is_closed_) return;
        if (error) return drop(connection->flow.connection);
        connection->is_writing = false;
        connection->queued -= connection->output.front().size();
        connection->output.pop_front();
        write(connection);
    };
    const auto bytes = asio::buffer(connection->output.front());
    std::visit([&](auto& stream) { asio::async_write(stream, bytes, go_on); }, connection->stream);
}

void SipTransport::drop(std::uint64_t id) {
    const auto found = connections_.find(id);
    if (found == connections_.end()) return;
    boost::system::error_code ignored;
    found->second->socket().close(ignored);
    sip::Flow flow = found->second->flow;
    connections_.erase(found);
    receiver_.on_sip_closed(id);
    const auto known = opened_.find({flow.transport, flow.remote});
    if (known == opened_.end() || known->second != id) return;
    opened_.erase(known);
    flow.connection = 0;
    receiver_.on_sip_unreachable(flow);
}

// A peer that begins a message or a handshake and does not finish it is a slow loris or dead.
void SipTransport::watch_deadlines() {
    deadlines_.expires_after(std::chrono::seconds{1});
    deadlines_.async_wait([this](boost::system::error_code error) {
        if (error || is_closed_) return;
        const Instant now = read_clocks().mono;
        std::vector<std::uint64_t> late;
        for (const auto& [id, connection] : connections_) {
            const auto deadline =
                earliest(connection->framer.deadline(), connection->connect_until);
            if (deadline && *deadline <= now) late.push_back(id);
        }
        for (const auto id : late) {
            ++counters_.tcp_broken;
            drop(id);
        }
        watch_deadlines();
    });
}

}  // namespace escucha::server
