#include "net/http_server.h"

#include <algorithm>
#include <charconv>
#include <thread>

#include <fcntl.h>
#include <unistd.h>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/websocket/rfc6455.hpp>

#include "base/errc.h"
#include "net/detail/gate.h"
#include "net/detail/wire.h"
#include "net/tls.h"

namespace escucha::net {
namespace {

using detail::kUseTask;
using detail::ServerCore;
using detail::Socket;
using detail::Task;
using detail::Timer;
using detail::UpgradeRequest;
using detail::Work;
using detail::asio::awaitable;
namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

using Acceptor = asio::basic_socket_acceptor<asio::ip::tcp, detail::Executor>;
using Parser = http::request_parser<http::string_body>;

constexpr std::size_t kReadAtOnce = 8 * 1'024;
constexpr std::uint64_t kFileChunk = 64 * 1'024;
/// What is still read, and for how long, of a request already refused, so that the peer gets to see
/// the answer instead of a reset.
constexpr int kLingerReads = 64;
constexpr std::chrono::seconds kLinger{2};
constexpr std::chrono::milliseconds kAcceptPause{100};

using Upgrade = std::variant<Response, std::unique_ptr<FrameSource>>;

Work<Response> run_handler(RequestHandler* handler, const Request* request) {
    co_return handler->handle(*request);
}
Work<Upgrade> run_open_stream(RequestHandler* handler, const Request* request) {
    co_return handler->open_stream(*request);
}

class File final : public BodySource {
public:
    explicit File(const std::string& path) : fd_{::open(path.c_str(), O_RDONLY | O_CLOEXEC)} {}
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    ~File() override {
        if (fd_ >= 0) ::close(fd_);
    }
    [[nodiscard]] bool is_open() const { return fd_ >= 0; }
    std::size_t read(std::uint64_t offset, std::span<std::byte> out) override {
        const ssize_t count = ::pread(fd_, out.data(), out.size(), static_cast<off_t>(offset));
        return count > 0 ? static_cast<std::size_t>(count) : 0;
    }

private:
    int fd_;
};

/// Empty at the end and on failure.
Work<std::string> read_chunk(BodySource* source, std::uint64_t offset, std::uint64_t length) {
    std::string chunk(static_cast<std::size_t>(std::min(length, kFileChunk)), '\0');
    chunk.resize(source->read(offset, std::as_writable_bytes(std::span{chunk})));
    co_return chunk;
}

bool is_header_text(std::string_view text) {
    return std::ranges::none_of(text, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

/// Status line and headers. 204 and 304 have no body and say no length (RFC 9110 §8.6).
std::string head_of(const Response& response, std::uint64_t length, bool keep_alive) {
    const auto reason = http::obsolete_reason(http::int_to_status(response.status));
    std::string head =
        "HTTP/1.1 " + std::to_string(response.status) + ' ' + std::string{reason} + "\r\n";
    for (const auto& [name, value] : response.headers) {
        if (is_header_text(name) && is_header_text(value)) head += name + ": " + value + "\r\n";
    }
    if (response.status != 204 && response.status != 304) {
        head += "Content-Length: " + std::to_string(length) + "\r\n";
    }
    head += keep_alive ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n";
    return head;
}

std::uint64_t length_of(const Response& response) {
    if (const auto* file = std::get_if<FileBody>(&response.body)) return file->length;
    if (const auto* made = std::get_if<SourceBody>(&response.body)) return made->length;
    return response.text().size();
}

Request to_request(const Parser::value_type& message) {
    Request request;
    request.method = std::string{message.method_string()};
    const std::string_view target{message.target().data(), message.target().size()};
    const std::size_t mark = std::min(target.find('?'), target.size());
    request.path = std::string{target.substr(0, mark)};
    request.query = std::string{target.substr(std::min(mark + 1, target.size()))};
    for (const auto& field : message) {
        std::string name{field.name_string()};
        std::ranges::transform(name, name.begin(), [](char c) {
            return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        });
        request.headers.emplace_back(std::move(name), std::string{field.value()});
    }
    return request;
}

/// False for a request that somebody between might read to another end, or for another host, than
/// we: of two ways to say how long it is there is exactly one, and of hosts too (RFC 9112 §3.2,
/// §6).
bool is_unambiguous(const Parser::value_type& message) {
    const bool has_host = message.version() < 11 || message.count(http::field::host) == 1;
    if (!message.target().starts_with('/') || !has_host) return false;
    const auto lengths = message.count(http::field::content_length);
    const auto codings = message.count(http::field::transfer_encoding);
    if (lengths + codings > 1) return false;
    // "5, 5" is taken by the parser.
    const std::string_view length = message[http::field::content_length];
    if (length.find_first_not_of("0123456789") != std::string_view::npos) return false;
    if (codings == 0) return true;
    return message.version() >= 11 &&
           beast::iequals(message[http::field::transfer_encoding], "chunked");
}

unsigned status_of(const boost::system::error_code& error) {
    if (error == http::error::body_limit) return 413;
    if (error == asio::error::try_again) return 503;
    if (error == http::error::header_limit || error == http::error::buffer_overflow) return 431;
    return error.category() == http::make_error_code(http::error::end_of_stream).category() ? 400
                                                                                            : 0;
}

/// One connection: requests one after the other until either side has enough.
class HttpSession final : public detail::Session {
public:
    HttpSession(const HttpSession&) = delete;
    HttpSession& operator=(const HttpSession&) = delete;
    ~HttpSession() override { forget_large_body(); }
    HttpSession(ServerCore& core, Socket socket, std::string peer)
        : core_{core},
          wire_{std::make_unique<detail::Wire>(std::move(socket), core.tls)},
          is_secure_{wire_->is_secure()},
          peer_{std::move(peer)} {}

    Task<void> run();

    void drain() override {
        if (is_idle_) wire_->close();
    }
    void cut() override {
        if (wire_) wire_->close();
        if (gate_) gate_->close();
    }

private:
    enum class Next { Again, End };

    void forget_large_body() {
        if (std::exchange(has_large_body_, false)) --core_.large_bodies;
    }

    [[nodiscard]] Request request_of(const Parser::value_type& message) const;
    Task<bool> wait_for_request();
    Task<boost::system::error_code> read_request(Parser* parser);
    boost::system::error_code allow_body(Parser& parser);
    Task<Next> answer(Parser* parser);
    Task<Response> depart(Response response, const Request* request);
    Task<Next> upgrade(Parser* parser, Request request);
    Task<bool> write(Response response, bool keep_alive, bool is_head);
    Task<bool> write_file(const FileBody* part);
    Task<bool> write_source(BodySource* source, std::uint64_t offset, std::uint64_t length);
    Task<void> refuse(Response response);

    ServerCore& core_;
    std::unique_ptr<detail::Wire> wire_;  ///< Null once it is a WebSocket's.
    const bool is_secure_;
    beast::flat_buffer buffer_;
    const std::string peer_;
    std::shared_ptr<detail::Gate> gate_;  ///< While an answer waits for its departure.
    Request request_;                     ///< The head of the one being read.
    std::optional<Response> refusal_;
    bool is_idle_ = false;
    bool has_large_body_ = false;  ///< One of `core_.large_bodies`.
};

Task<void> HttpSession::run() {
    buffer_.max_size(core_.options.max_header_bytes + kReadAtOnce);
    is_idle_ = true;
    const bool have_met = co_await wire_->shake_hands(core_.options.handshake_time);
    is_idle_ = false;
    if (!have_met) co_return wire_->close();
    for (;;) {
        const bool has_bytes = co_await wait_for_request();
        if (!has_bytes) break;
        request_ = {};
        Parser parser;
        parser.header_limit(static_cast<std::uint32_t>(core_.options.max_header_bytes));
        parser.body_limit(
            std::max(core_.options.max_body_bytes, core_.options.max_large_body_bytes));
        const auto error = co_await read_request(&parser);
        if (error) {
            const unsigned status = status_of(error);
            if (refusal_) {
                co_await refuse(std::move(*refusal_));
            } else if (status != 0 && error != http::error::end_of_stream &&
                       error != http::error::partial_message) {
                co_await refuse(core_.handler.refuse(status));
            }
            break;
        }
        ++core_.requests;
        const Next next = co_await answer(&parser);
        forget_large_body();
        if (next == Next::End || core_.is_draining) break;
    }
    if (wire_) wire_->close();
}

Task<bool> HttpSession::wait_for_request() {
    if (buffer_.size() > 0) co_return true;
    if (core_.is_draining) co_return false;
    is_idle_ = true;
    wire_->expires_after(core_.options.idle_time);
    auto [error, bytes] = co_await wire_->async_read_some(buffer_.prepare(kReadAtOnce), kUseTask);
    is_idle_ = false;
    if (error) co_return false;
    buffer_.commit(bytes);
    co_return true;
}

Task<boost::system::error_code> HttpSession::read_request(Parser* parser) {
    // One deadline for the whole header: a byte now and then does not put it off.
    wire_->expires_after(core_.options.header_time);
    auto [header_error, header_bytes] =
        co_await http::async_read_header(*wire_, buffer_, *parser, kUseTask);
    if (header_error) co_return header_error;
    if (!is_unambiguous(parser->get())) {
        co_return http::make_error_code(http::error::bad_transfer_encoding);
    }
    // From the head alone: fields after a body in chunks are nobody's to say.
    request_ = request_of(parser->get());
    refusal_ = core_.handler.turn_away(request_);
    if (refusal_) co_return boost::asio::error::access_denied;
    if (const auto refused = allow_body(*parser)) co_return refused;
    wire_->expires_after(has_large_body_ ? core_.options.large_body_time : core_.options.body_time);
    if (parser->get()[http::field::expect] == "100-continue" && !parser->is_done()) {
        static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
        auto [error, bytes] = co_await asio::async_write(*wire_, asio::buffer(kContinue), kUseTask);
        if (error) co_return error;
    }
    auto [body_error, body_bytes] = co_await http::async_read(*wire_, buffer_, *parser, kUseTask);
    co_return body_error;
}

Request HttpSession::request_of(const Parser::value_type& message) const {
    Request request = to_request(message);
    request.peer = peer_;
    request.scheme = is_secure_ ? Scheme::Https : Scheme::Http;
    core_.options.fronts.look_behind(request);
    return request;
}

/// The usual limit, or the large one for who may have it while there is room.
boost::system::error_code HttpSession::allow_body(Parser& parser) {
    const std::size_t usual = core_.options.max_body_bytes;
    const std::uint64_t length = parser.content_length().value_or(0);
    parser.body_limit(usual);
    if (length <= usual) return {};
    if (!core_.handler.takes_large_body(request_)) {
        return http::make_error_code(http::error::body_limit);
    }
    if (core_.large_bodies >= core_.options.max_large_bodies) {
        return boost::asio::error::try_again;
    }
    parser.body_limit(core_.options.max_large_body_bytes);
    ++core_.large_bodies;
    has_large_body_ = true;
    return {};
}

Task<HttpSession::Next> HttpSession::answer(Parser* parser) {
    const auto& message = parser->get();
    const bool keep_alive = message.keep_alive() && !core_.is_draining;
    Request request = std::move(request_);
    request.body = std::move(parser->get().body());
    if (beast::websocket::is_upgrade(message)) {
        const Next next = co_await upgrade(parser, std::move(request));
        co_return next;
    }
    const bool is_head = request.method == "HEAD";
    if (is_head) request.method = "GET";
    wire_->expires_never();
    auto& pool = core_.handler.is_slow(request) ? core_.slow_pool : core_.pool;
    auto [error, response] =
        co_await asio::co_spawn(pool, run_handler(&core_.handler, &request), kUseTask);
    if (error) response = core_.handler.refuse(500);
    if (response.departure) response = co_await depart(std::move(response), &request);
    const bool was_written = co_await write(std::move(response), keep_alive, is_head);
    co_return was_written&& keep_alive ? Next::Again : Next::End;
}

/// The response when it may leave, or what is answered instead.
Task<Response> HttpSession::depart(Response response, const Request* request) {
    gate_ = std::make_shared<detail::Gate>(core_.io.get_executor());
    const auto verdict =
        co_await gate_->wait(std::exchange(response.departure, nullptr), core_.options.hold_time);
    gate_.reset();
    if (verdict == Departure::Verdict::Withhold) co_return core_.handler.withhold(*request);
    co_return response;
}

Task<HttpSession::Next> HttpSession::upgrade(Parser* parser, Request request) {
    wire_->expires_never();
    auto [error, opened] =
        co_await asio::co_spawn(core_.pool, run_open_stream(&core_.handler, &request), kUseTask);
    if (error) opened = core_.handler.refuse(500);
    if (auto* refusal = std::get_if<Response>(&opened)) {
        const bool keep_alive = parser->get().keep_alive();
        const bool was_written = co_await write(std::move(*refusal), keep_alive, false);
        co_return was_written&& keep_alive ? Next::Again : Next::End;
    }
    auto source = std::get<std::unique_ptr<FrameSource>>(std::move(opened));
    co_await detail::serve_stream(&core_, std::move(wire_), parser->release(), std::move(source));
    co_return Next::End;
}

Task<bool> HttpSession::write(Response response, bool keep_alive, bool is_head) {
    const std::string head = head_of(response, length_of(response), keep_alive);
    const auto* file = std::get_if<FileBody>(&response.body);
    const auto* made = std::get_if<SourceBody>(&response.body);
    const bool has_body = !is_head && response.status != 204 && response.status != 304;
    const std::string_view body = has_body ? std::string_view{response.text()} : std::string_view{};
    wire_->expires_after(core_.options.write_time);
    const std::array<asio::const_buffer, 2> parts{asio::buffer(head), asio::buffer(body)};
    auto [error, bytes] = co_await asio::async_write(*wire_, parts, kUseTask);
    if (error) co_return false;
    if (!has_body || (file == nullptr && made == nullptr)) co_return true;
    bool was_written = false;
    if (file != nullptr) {
        was_written = co_await write_file(file);
    } else {
        was_written = co_await write_source(made->source.get(), made->offset, made->length);
    }
    co_return was_written;
}

Task<bool> HttpSession::write_file(const FileBody* part) {
    File file{part->path};
    if (!file.is_open()) co_return false;
    const bool was_written = co_await write_source(&file, part->offset, part->length);
    co_return was_written;
}

/// False when there are fewer bytes than were announced: the connection must then end.
Task<bool> HttpSession::write_source(BodySource* source,
                                     std::uint64_t offset,
                                     std::uint64_t length) {
    std::uint64_t sent = 0;
    while (sent < length) {
        auto [read_error, chunk] = co_await asio::co_spawn(
            core_.pool, read_chunk(source, offset + sent, length - sent), kUseTask);
        if (read_error || chunk.empty()) co_return false;
        wire_->expires_after(core_.options.write_time);
        auto [error, bytes] = co_await asio::async_write(*wire_, asio::buffer(chunk), kUseTask);
        if (error) co_return false;
        sent += chunk.size();
    }
    co_return true;
}

Task<void> HttpSession::refuse(Response response) {
    ++core_.refused;
    const bool was_written = co_await write(std::move(response), false, request_.method == "HEAD");
    if (!was_written) co_return;
    co_await wire_->shut_down(kLinger);
    wire_->expires_after(kLinger);
    buffer_.clear();
    for (int i = 0; i < kLingerReads; ++i) {
        auto [error, bytes] =
            co_await wire_->async_read_some(buffer_.prepare(kReadAtOnce), kUseTask);
        if (error) co_return;
    }
}

Task<void> serve_connection(ServerCore* core, Socket socket, std::string peer) {
    const detail::OfSite counted{*core, site_of(peer)};
    const auto session = std::make_unique<HttpSession>(*core, std::move(socket), std::move(peer));
    const detail::Listed listed{*core, *session};
    ++core->connections;
    ++core->open_connections;
    co_await session->run();
    --core->open_connections;
}

class Server final : public HttpServer {
public:
    Server(ServerOptions options, RequestHandler& handler)
        : core_{std::move(options), handler},
          acceptor_{core_.io.get_executor()},
          drain_timer_{core_.io.get_executor()},
          work_{core_.io.get_executor()} {}
    ~Server() override;

    Result<void> listen();

    [[nodiscard]] std::uint16_t port() const override { return port_; }
    void wake_streams() override;
    Result<void> reload_tls() override;
    [[nodiscard]] Counters counters() const override {
        return {core_.connections,
                core_.requests,
                core_.refused,
                core_.streams,
                core_.open_connections,
                core_.open_streams};
    }

private:
    Task<void> accept();
    [[nodiscard]] bool has_room_for(const std::string& peer) const;
    void turn_away(Socket socket);
    void drain();
    void end_when_empty();

    ServerCore core_;
    Acceptor acceptor_;
    Timer drain_timer_;
    asio::executor_work_guard<detail::Executor> work_;
    std::thread thread_;
    std::uint16_t port_ = 0;
    std::atomic<bool> is_wake_posted_{false};
};

Result<void> Server::listen() {
    if (core_.options.tls) {
        ESC_TRY(core_.tls, make_https_server(*core_.options.tls));
    }
    boost::system::error_code error;
    const auto address = asio::ip::make_address(core_.options.bind, error);
    if (error) return fail(Errc::InvalidArgument, "bind address");
    const asio::ip::tcp::endpoint endpoint{address, core_.options.port};
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(asio::socket_base::reuse_address{true}, error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error) {
        return fail(Errc::Io,
                    "port " + std::to_string(core_.options.port) + ": " + error.message());
    }
    port_ = acceptor_.local_endpoint().port();
    detail::spawn("http_accept", core_.io.get_executor(), accept(), [] {});
    thread_ = std::thread{[this] { core_.io.run(); }};
    return ok();
}

Task<void> Server::accept() {
    while (acceptor_.is_open()) {
        Socket socket{core_.io.get_executor()};
        auto [error] = co_await acceptor_.async_accept(socket, kUseTask);
        if (core_.is_draining) co_return;
        if (error) {
            // Out of descriptors, or the peer left at once: the former needs a pause.
            Timer pause{core_.io.get_executor()};
            pause.expires_after(kAcceptPause);
            auto [waited] = co_await pause.async_wait(kUseTask);
            static_cast<void>(waited);
            continue;
        }
        boost::system::error_code ignored;
        socket.set_option(asio::ip::tcp::no_delay{true}, ignored);
        const auto endpoint = socket.remote_endpoint(ignored);
        std::string peer = canonical_address(endpoint.address().to_string()).value_or("");
        if (!has_room_for(peer)) {
            turn_away(std::move(socket));
            continue;
        }
        detail::spawn("http_session",
                      core_.io.get_executor(),
                      serve_connection(&core_, std::move(socket), std::move(peer)),
                      [this] { end_when_empty(); });
    }
}

bool Server::has_room_for(const std::string& peer) const {
    if (core_.sessions.size() >= core_.options.max_connections) return false;
    if (core_.options.fronts.contains(peer)) return true;
    const auto site = core_.sites.find(site_of(peer));
    return site == core_.sites.end() || site->second < core_.options.max_connections_per_site;
}

void Server::turn_away(Socket socket) {
    ++core_.refused;
    if (core_.tls) return;  // No handshake for an apology.
    const Response response = core_.handler.refuse(503);
    const std::string answer = head_of(response, length_of(response), false) + response.text();
    boost::system::error_code ignored;
    socket.non_blocking(true, ignored);
    socket.write_some(asio::buffer(answer), ignored);
    socket.shutdown(Socket::shutdown_both, ignored);
}

void Server::wake_streams() {
    // One wake-up at a time is enough: it is consumed before the sessions look for news.
    if (is_wake_posted_.exchange(true)) return;
    asio::post(core_.io, [this] {
        is_wake_posted_ = false;
        for (detail::Session* session : core_.sessions) session->wake();
    });
}

Result<void> Server::reload_tls() {
    if (!core_.options.tls) return ok();
    ESC_TRY(auto fresh, make_https_server(*core_.options.tls));
    asio::post(core_.io, [this, fresh = std::move(fresh)] { core_.tls = fresh; });
    return ok();
}

void Server::end_when_empty() {
    if (!core_.is_draining || !core_.sessions.empty()) return;
    drain_timer_.cancel();
    work_.reset();
}

void Server::drain() {
    core_.is_draining = true;
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    for (detail::Session* session : std::set<detail::Session*>{core_.sessions}) session->drain();
    drain_timer_.expires_after(core_.options.drain_time);
    drain_timer_.async_wait([this](const boost::system::error_code& error) {
        if (error) return;
        for (detail::Session* session : std::set<detail::Session*>{core_.sessions}) session->cut();
        core_.io.stop();
    });
    end_when_empty();
}

Server::~Server() {
    if (!thread_.joinable()) return;
    asio::post(core_.io, [this] { drain(); });
    thread_.join();
    core_.pool.join();
    core_.slow_pool.join();
}

}  // namespace

Result<std::unique_ptr<HttpServer>> HttpServer::start(ServerOptions options,
                                                      RequestHandler& handler) {
    auto server = std::make_unique<Server>(std::move(options), handler);
    ESC_TRY(server->listen());
    return std::unique_ptr<HttpServer>{std::move(server)};
}

}  // namespace escucha::net
