#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "server/detail/tls.h"
#include "sip/address.h"
#include "sip/framer.h"
#include "sip/settings.h"

namespace escucha::server {

/// The sockets of SIP: one UDP port and one TCP port of the same number, and one of TLS where there
/// is a certificate; on the control strand. Carries bytes and knows nothing of what they mean.
class SipTransport {
public:
    static constexpr std::size_t kMaxConnections = 2'000;
    static constexpr std::size_t kMaxQueuedBytes = 1024 * 1024;  ///< Per connection; then closed.
    static constexpr int kSocketBufferBytes = 8 * 1024 * 1024;
    static constexpr std::size_t kDatagramsPerTurn = 32;
    static constexpr std::chrono::seconds kHandshakeDeadline{10};

    class Receiver {
    public:
        virtual ~Receiver() = default;
        /// `waited`: how long it lay in the socket; known of datagrams, zero for the others.
        virtual void on_sip_message(const sip::Flow& flow, ByteView message, Duration waited) = 0;
        virtual void on_sip_closed(std::uint64_t connection) = 0;
        /// There is no connection to this address, or one that we had opened is gone.
        virtual void on_sip_unreachable(const sip::Flow& flow) = 0;
        /// After a batch of messages.
        virtual void on_sip_turn() = 0;
    };

    SipTransport(boost::asio::io_context& context, const sip::Limits& limits, Receiver& receiver);
    ~SipTransport();

    /// Error: `Io` naming the address when it cannot be bound.
    Result<void> open(const std::string& bind, std::uint16_t port);
    /// SIP over TLS, after `open`. Again with another context: new connections get that one.
    Result<void> open_tls(std::uint16_t port, std::shared_ptr<boost::asio::ssl::context> context);
    /// Whom we may connect to by TLS; before the first `send`.
    void set_tls_peers(FindTlsPeer find) { find_tls_peer_ = std::move(find); }
    /// A flow without a connection goes by the one that was opened to its address before, else by
    /// one that is opened now.
    void send(const sip::Flow& flow, std::string_view bytes);
    void close();

    struct Counters {
        std::uint64_t udp_in = 0, udp_out = 0, udp_dropped = 0;
        std::uint64_t tcp_in = 0, tcp_out = 0, tcp_refused = 0, tcp_broken = 0;
        std::uint64_t tls_accepted = 0, tls_refused = 0;
        std::uint64_t tls_opened = 0, tls_not_opened = 0;
    };
    [[nodiscard]] const Counters& counters() const { return counters_; }
    /// The address of the UDP and TCP ports, after `open`.
    [[nodiscard]] const sip::Address& local() const { return udp_local_; }
    [[nodiscard]] std::size_t connections() const { return connections_.size(); }

private:
    struct Connection;
    using ConnectionPtr = std::shared_ptr<Connection>;

    void wait_for_datagrams();
    void read_datagrams();
    void accept(boost::asio::ip::tcp::acceptor& acceptor, sip::Transport transport);
    void welcome(boost::asio::ip::tcp::socket socket, sip::Transport transport);
    void shake_hands(const ConnectionPtr& connection);
    Result<void> listen(boost::asio::ip::tcp::acceptor& acceptor, std::uint16_t port);
    void read(const ConnectionPtr& connection);
    void write(const ConnectionPtr& connection);
    void connect(const sip::Flow& flow, std::string_view bytes);
    void greet(const ConnectionPtr& connection, const TlsPeer& peer);
    void opened(const ConnectionPtr& connection);
    void drop(std::uint64_t connection);
    void watch_deadlines();
    [[nodiscard]] bool take_messages(const ConnectionPtr& connection);

    boost::asio::io_context& context_;
    sip::Limits limits_;
    Receiver& receiver_;
    boost::asio::ip::udp::socket udp_;
    boost::asio::ip::tcp::acceptor acceptor_;
    boost::asio::ip::tcp::acceptor tls_acceptor_;
    std::shared_ptr<boost::asio::ssl::context> tls_;
    boost::asio::steady_timer deadlines_;
    sip::Address udp_local_;
    boost::asio::ip::address host_;
    struct Batch;
    std::unique_ptr<Batch> batch_;
    std::unordered_map<std::uint64_t, ConnectionPtr> connections_;
    using Target = std::pair<sip::Transport, sip::Address>;
    std::map<Target, std::uint64_t> opened_;  ///< The connections we made, by where they go.
    FindTlsPeer find_tls_peer_;
    std::uint64_t last_connection_ = 0;
    bool is_closed_ = false;
    Counters counters_;
};

}  // namespace escucha::server
