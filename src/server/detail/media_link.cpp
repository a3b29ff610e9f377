#include "server/detail/media_link.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include <fmt/format.h>
#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>

#include "base/log.h"

extern char** environ;

namespace escucha::server {

namespace asio = boost::asio;
using asio::local::stream_protocol;

namespace {

bool is_answer_to_create(const media::Event& event) {
    static const std::uint8_t create = media::wire_type(media::Create{});
    if (const auto* failed = std::get_if<media::Failed>(&event)) return failed->command == create;
    return std::holds_alternative<media::Created>(event);
}

}  // namespace

MediaLink::MediaLink(asio::io_context& context, const Config& config, Receiver& receiver)
    : config_{config}, receiver_{receiver}, socket_{context}, retry_{context} {}

MediaLink::~MediaLink() = default;

void MediaLink::start() { connect(); }

void MediaLink::connect() {
    if (is_closed_) return;
    ++generation_;
    boost::system::error_code error;
    socket_.close(error);
    // A Unix socket connects or refuses at once; there is nothing to wait for.
    socket_.open(stream_protocol{}, error);
    if (!error) socket_.connect(stream_protocol::endpoint{config_.media_socket().string()}, error);
    if (!error) return connected();
    if (!has_child()) start_process();
    retry();
}

void MediaLink::connected() {
    is_connected_ = true;
    wait_ = kRetryFirst;
    frames_ = media::FrameReader{};
    listing_ = media::Listing{};
    output_.clear();
    writing_.clear();
    read();
    send(media::Hello{});
    send(media::List{});
}

void MediaLink::retry() {
    retry_.expires_after(wait_);
    wait_ = std::min(wait_ * 2, kRetryAtMost);
    retry_.async_wait([this](boost::system::error_code error) {
        if (!error) connect();
    });
}

void MediaLink::read() {
    socket_.async_read_some(
        asio::buffer(input_),
        [this, generation = generation_](boost::system::error_code error, std::size_t count) {
            if (is_closed_ || generation != generation_) return;
            if (error) return lost(error.message());
            frames_.feed(ByteView{input_.data(), count});
            while (true) {
                const auto frame = frames_.next();
                if (!frame) return lost("frame of impossible length");
                if (!frame.value()) break;
                const auto event = media::decode_event(*frame.value());
                if (!event) return lost(event.error().message());
                take(event.value());
                if (generation != generation_) return;
            }
            receiver_.on_media_turn();
            read();
        });
}

void MediaLink::take(const media::Event& event) {
    if (const auto* hello = std::get_if<media::HelloReply>(&event)) {
        if (hello->version != media::kProtocolVersion) return lost("another protocol version");
        pid_ = static_cast<pid_t>(hello->pid);
        return;
    }
    if (const auto* part = std::get_if<media::Listing>(&event)) {
        const auto append = [](auto& all, const auto& more) {
            all.insert(all.end(), more.begin(), more.end());
        };
        append(listing_.endpoints, part->endpoints);
        append(listing_.recordings, part->recordings);
        append(listing_.ended, part->ended);
        append(listing_.mixes, part->mixes);
        if (!part->is_last) return;
        is_ready_ = true;
        log::info("media_ready",
                  {{"pid", std::to_string(pid_.value_or(0))},
                   {"endpoints", std::to_string(listing_.endpoints.size())}});
        receiver_.on_media_ready(listing_);
        return;
    }
    if (!asked_.empty() && is_answer_to_create(event)) asked_.pop_front();
    receiver_.on_media_event(event);
}

void MediaLink::send(const media::Command& command) {
    if (!is_connected_) return;
    if (std::holds_alternative<media::Create>(command)) asked_.push_back(read_clocks().mono);
    media::encode(command, output_);
    if (output_.size() > kMaxQueuedBytes) return lost("media does not read");
    write();
}

void MediaLink::write() {
    if (!writing_.empty() || output_.empty()) return;
    std::swap(writing_, output_);
    // Most commands fit the socket's buffer: written here and now, without a trip to the loop.
    boost::system::error_code error;
    socket_.non_blocking(true, error);
    const std::size_t done = socket_.write_some(asio::buffer(writing_), error);
    if (!error && done == writing_.size()) {
        writing_.clear();
        return;
    }
    if (error && error != asio::error::would_block) return lost(error.message());
    writing_.erase(writing_.begin(), writing_.begin() + static_cast<std::ptrdiff_t>(done));
    asio::async_write(
        socket_,
        asio::buffer(writing_),
        [this, generation = generation_](boost::system::error_code failed, std::size_t) {
            if (is_closed_ || generation != generation_) return;
            if (failed) return lost(failed.message());
            writing_.clear();
            write();
        });
}

void MediaLink::lost(std::string_view why) {
    if (is_closed_) return;
    ++generation_;
    is_connected_ = false;
    asked_.clear();
    boost::system::error_code ignored;
    socket_.close(ignored);
    log::warn("media_lost", {{"why", std::string{why}}});
    if (is_ready_) {
        is_ready_ = false;
        receiver_.on_media_lost();
        receiver_.on_media_turn();
    }
    wait_ = kRetryFirst;
    retry();
}

bool MediaLink::has_child() {
    if (!child_) return false;
    int status = 0;
    if (waitpid(*child_, &status, WNOHANG) == 0) return true;
    log::warn("media_exited",
              {{"pid", std::to_string(*child_)}, {"status", std::to_string(status)}});
    child_.reset();
    return false;
}

void MediaLink::start_process() {
    const std::vector<std::string> arguments{
        config_.media_program.string(),
        "--control-socket",
        config_.media_socket().string(),
        "--rtp-ports",
        fmt::format("{}-{}", config_.rtp_port_low, config_.rtp_port_high),
        "--bind",
        config_.bind,
        "--advertise",
        config_.advertised_address(),
        "--workers",
        std::to_string(config_.media_workers),
        "--opus-bitrate",
        std::to_string(config_.opus_bitrate_bps),
        "--opus-complexity",
        std::to_string(config_.opus_complexity),
        "--opus-fec",
        config_.opus_fec ? "on" : "off",
        "--opus-dtx",
        config_.opus_dtx ? "on" : "off",
        "--recordings",
        config_.recordings_dir().string(),
        "--prompts",
        config_.prompts_dir().string()};
    std::vector<char*> argv;
    for (const auto& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);

    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    // A group of its own: Ctrl-C in the terminal must not end the media of calls that go on.
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
    posix_spawnattr_setpgroup(&attributes, 0);
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes, &none);
    // Our sockets must not live on in the child: after a kill their ports have to be free again.
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    constexpr int kFirstOwnFile = 3;
    posix_spawn_file_actions_addclosefrom_np(&files, kFirstOwnFile);
    pid_t pid = 0;
    const int error = posix_spawn(&pid, argv[0], &files, &attributes, argv.data(), environ);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
    if (error != 0) {
        log::error("media_not_started",
                   {{"program", arguments[0]}, {"why", std::generic_category().message(error)}});
        return;
    }
    ++starts_;
    child_ = pid;
    log::info("media_started", {{"pid", std::to_string(pid)}});
}

void MediaLink::stop_process() {
    if (pid_) kill(*pid_, SIGTERM);
    if (!child_) return;
    constexpr int kTries = 150;
    for (int i = 0; i < kTries && waitpid(*child_, nullptr, WNOHANG) == 0; ++i) {
        const timespec pause{.tv_sec = 0, .tv_nsec = 20'000'000};
        nanosleep(&pause, nullptr);
    }
    child_.reset();
}

void MediaLink::close() {
    is_closed_ = true;
    boost::system::error_code ignored;
    socket_.close(ignored);
    retry_.cancel();
}

}  // namespace escucha::server
