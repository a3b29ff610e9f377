#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <string>
#include <string_view>
#include <thread>

#include "base/errc.h"
#include "base/log.h"
#include "media/engine/control_server.h"
#include "media/engine/engine.h"

// escucha-media: RTP, prompts, digits, bridges and recordings for one escuchad, over one Unix
// socket. docs/media-protocol.md.

namespace {

using namespace escucha;

constexpr std::string_view kHelp =
    "Usage: escucha-media --control-socket PATH --recordings DIR --prompts DIR [OPTIONS]\n"
    "\n"
    "  --control-socket PATH  Unix socket to listen on (created with mode 0600)\n"
    "  --recordings DIR       where recordings are written\n"
    "  --prompts DIR          where prompts are read\n"
    "  --bind ADDR            address of the RTP sockets (127.0.0.1)\n"
    "  --advertise ADDR       address that peers are told instead, behind a NAT or for 0.0.0.0\n"
    "  --rtp-ports LOW-HIGH   port range, even ports for RTP (16384-32767)\n"
    "  --workers N            packet threads (processors less one, at least 1)\n"
    "  --opus-bitrate N       of Opus that is made here, 6000 to 64000 bit/s (24000)\n"
    "  --opus-complexity N    0 to 10 (4)\n"
    "  --opus-fec on|off      packets carry a copy of the one before (on)\n"
    "  --opus-dtx on|off      nothing is sent while nothing is said (off)\n"
    "  --drain SECONDS        how long a first SIGTERM waits for calls to end (10)\n"
    "  --debug                log every connection and more\n"
    "  --version, --help\n"
    "\n"
    "SIGTERM or SIGINT: no new endpoints, then stop when the last one is gone or the drain time\n"
    "has passed; a second one stops at once. Recordings are closed properly either way.\n";

struct Options {
    std::string control_socket;
    media::EngineConfig engine;
    std::chrono::seconds drain{10};
    log::Level level = log::Level::Info;
};

std::optional<std::uint32_t> number(std::string_view text, std::uint32_t most) {
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value > most)
        return std::nullopt;
    return value;
}

bool set_ports(media::EngineConfig& engine, std::string_view text) {
    const auto dash = text.find('-');
    if (dash == std::string_view::npos) return false;
    const auto low = number(text.substr(0, dash), 65'535);
    const auto high = number(text.substr(dash + 1), 65'535);
    if (!low || !high) return false;
    engine.port_low = static_cast<std::uint16_t>(*low);
    engine.port_high = static_cast<std::uint16_t>(*high);
    return true;
}

bool set_opus(audio::OpusSettings& opus, std::string_view name, std::string_view value) {
    using Opus = audio::OpusSettings;
    if (name == "--opus-fec" || name == "--opus-dtx") {
        const bool is_on = value == "on";
        if (!is_on && value != "off") return false;
        if (name == "--opus-fec") opus.fec = is_on ? Opus::Fec::On : Opus::Fec::Off;
        if (name == "--opus-dtx") opus.dtx = is_on ? Opus::Dtx::On : Opus::Dtx::Off;
        return true;
    }
    const auto amount = number(value, Opus::kMaxBitrate);
    if (!amount) return false;
    if (name == "--opus-bitrate") {
        opus.bitrate_bps = *amount;
    } else if (name == "--opus-complexity") {
        opus.complexity = static_cast<int>(*amount);
    } else {
        return false;
    }
    return opus.is_valid();
}

bool set_option(Options& options, std::string_view name, std::string_view value) {
    if (name == "--control-socket") {
        options.control_socket = value;
    } else if (name == "--recordings") {
        options.engine.recordings = value;
    } else if (name == "--prompts") {
        options.engine.prompts = value;
    } else if (name == "--bind") {
        options.engine.bind_ip = value;
    } else if (name == "--advertise") {
        options.engine.advertised_ip = value;
    } else if (name == "--rtp-ports") {
        return set_ports(options.engine, value);
    } else if (name == "--workers") {
        const auto workers = number(value, 64);
        options.engine.workers = workers.value_or(0);
        return options.engine.workers > 0;
    } else if (name.starts_with("--opus-")) {
        return set_opus(options.engine.opus, name, value);
    } else if (name == "--drain") {
        const auto seconds = number(value, 86'400);
        options.drain = std::chrono::seconds{seconds.value_or(0)};
        return seconds.has_value();
    } else {
        return false;
    }
    return !value.empty();
}

Result<Options> parse(int argc, char** argv) {
    Options options;
    options.engine.workers = std::max(2U, std::thread::hardware_concurrency()) - 1;
    for (int i = 1; i < argc; ++i) {
        const std::string_view name{argv[i]};
        if (name == "--debug") {
            options.level = log::Level::Debug;
            continue;
        }
        if (i + 1 == argc || !set_option(options, name, argv[i + 1])) {
            return fail(Errc::InvalidArgument, std::string{name});
        }
        ++i;
    }
    if (options.control_socket.empty()) return fail(Errc::InvalidArgument, "--control-socket");
    if (options.engine.recordings.empty()) return fail(Errc::InvalidArgument, "--recordings");
    if (options.engine.prompts.empty()) return fail(Errc::InvalidArgument, "--prompts");
    return options;
}

// No core dump of voices and digits, no new privileges, files for the owner only, and as many
// descriptors as the hard limit gives: two sockets an endpoint.
void harden() {
    ::umask(0077);
    ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    const rlimit no_core{.rlim_cur = 0, .rlim_max = 0};
    ::setrlimit(RLIMIT_CORE, &no_core);
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
}

media::UniqueFd stop_signals() {
    sigset_t signals;
    ::sigemptyset(&signals);
    ::sigaddset(&signals, SIGTERM);
    ::sigaddset(&signals, SIGINT);
    ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    ::signal(SIGPIPE, SIG_IGN);
    return media::UniqueFd{::signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC)};
}

int run(const Options& options) {
    // Before any thread, so that every thread inherits the mask.
    const media::UniqueFd signals = stop_signals();
    auto engine = media::Engine::start(options.engine);
    if (!engine) {
        log::error("start_failed", {{"why", engine.error().message()}});
        return 1;
    }
    auto server = media::ControlServer::listen(options.control_socket, *engine.value());
    if (!server) {
        log::error("start_failed", {{"why", server.error().message()}});
        return 1;
    }
    log::info("started",
              {{"workers", std::to_string(options.engine.workers)},
               {"ports",
                std::to_string(options.engine.port_low) + "-" +
                    std::to_string(options.engine.port_high)}});
    server.value()->serve(signals.get(), options.drain);
    server.value().reset();
    engine.value().reset();
    log::info("stopped");
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc == 2 && std::string_view{argv[1]} == "--version") {
        std::printf("escucha-media %s\n", ESCUCHA_VERSION);
        return 0;
    }
    if (argc == 2 && std::string_view{argv[1]} == "--help") {
        std::fwrite(kHelp.data(), 1, kHelp.size(), stdout);
        return 0;
    }
    const auto options = parse(argc, argv);
    if (!options) {
        std::fprintf(stderr, "escucha-media: %s\n\n", options.error().message().c_str());
        std::fwrite(kHelp.data(), 1, kHelp.size(), stderr);
        return 2;
    }
    harden();
    log::open("escucha-media", options.value().level);
    return run(options.value());
}
