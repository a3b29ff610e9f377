// What the machine gives an installation: ports, descriptors, buffers, the clock.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timex.h>
#include <unistd.h>

#include <fstream>

#include "calendar/zone.h"
#include "detail/examination.h"

namespace escucha::ctl {

namespace {

/// Two sockets for each of a call's two legs, and its recording.
constexpr std::uint64_t kFilesOfACall = 5;
/// Listening sockets, logs, the store, a page or two.
constexpr std::uint64_t kOtherFiles = 256;
/// A burst of 1,000 requests of 1,400 bytes, as the kernel counts them.
constexpr std::uint64_t kLeastReceiveBuffer = 4'000'000;

bool can_bind(int type, const std::string& ip, std::uint16_t port) {
    sockaddr_storage address{};
    socklen_t size = sizeof(sockaddr_in);
    auto& v4 = reinterpret_cast<sockaddr_in&>(address);
    auto& v6 = reinterpret_cast<sockaddr_in6&>(address);
    if (inet_pton(AF_INET, ip.c_str(), &v4.sin_addr) == 1) {
        v4.sin_family = AF_INET;
        v4.sin_port = htons(port);
    } else if (inet_pton(AF_INET6, ip.c_str(), &v6.sin6_addr) == 1) {
        v6.sin6_family = AF_INET6;
        v6.sin6_port = htons(port);
        size = sizeof(sockaddr_in6);
    }
    const int probe = ::socket(address.ss_family, type | SOCK_CLOEXEC, 0);
    if (probe < 0) return false;
    const int reuse = 1;
    if (type == SOCK_STREAM) ::setsockopt(probe, SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof reuse);
    const bool is_free = ::bind(probe, reinterpret_cast<const sockaddr*>(&address), size) == 0;
    ::close(probe);
    return is_free;
}

}  // namespace

void Examination::check_port(int type, std::uint16_t port, const std::string& name) {
    const bool is_free = can_bind(type, config_.bind, port);
    add(is_free ? Level::Fine : Level::Bad,
        "port",
        config_.bind + " " + name +
            (is_free ? options_.say(" libre", " free")
                     : options_.say(" no se puede usar", " cannot be used")),
        is_free ? ""
                : options_.say("Otro programa lo usa, la dirección no es de esta máquina o falta "
                               "permiso; vea ss -lnp | grep ",
                               "Another program uses it, the address is not this machine's, or a "
                               "permission is missing; see ss -lnp | grep ") +
                      std::to_string(port));
}

// Only without a server: then its ports must be free for it.
void Examination::check_ports() {
    if (is_serving_) return;
    check_port(SOCK_DGRAM, config_.sip_port, "SIP " + std::to_string(config_.sip_port) + "/udp");
    check_port(SOCK_STREAM, config_.sip_port, "SIP " + std::to_string(config_.sip_port) + "/tcp");
    check_port(
        SOCK_STREAM, config_.http_port, "HTTP " + std::to_string(config_.http_port) + "/tcp");
    check_port(
        SOCK_DGRAM, config_.rtp_port_low, "RTP " + std::to_string(config_.rtp_port_low) + "/udp");
}

void Examination::check_files() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    const std::uint64_t ports = config_.rtp_port_high - config_.rtp_port_low + 1U;
    const std::uint64_t wanted =
        std::min<std::uint64_t>(kFilesOfACall * config_.max_live_contacts, ports * 5 / 4) +
        kOtherFiles;
    const bool is_enough = limit.rlim_max >= wanted;
    const std::string number = std::to_string(wanted);
    add(is_enough ? Level::Fine : Level::Doubt,
        "files",
        std::to_string(limit.rlim_max) + options_.say(" ficheros abiertos", " open files"),
        is_enough ? ""
                  : options_.say("Para todas las llamadas configuradas hacen falta ",
                                 "All the calls that are configured take ") +
                        number + ": LimitNOFILE=" + number +
                        options_.say(" en systemd, o ulimit -n", " in systemd, or ulimit -n"));
}

void Examination::check_buffers() {
    std::uint64_t most = 0;
    std::ifstream{"/proc/sys/net/core/rmem_max"} >> most;
    if (most == 0) return;
    const bool is_enough = most >= kLeastReceiveBuffer;
    add(is_enough ? Level::Fine : Level::Doubt,
        "buffers",
        std::to_string(most / 1'000) + options_.say(" kB por socket UDP", " kB for a UDP socket"),
        is_enough ? ""
                  : options_.say("Una ráfaga de llamadas puede perder mensajes: "
                                 "sysctl -w net.core.rmem_max=8388608",
                                 "A burst of calls may lose messages: "
                                 "sysctl -w net.core.rmem_max=8388608"));
}

void Examination::check_clock() {
    const auto zones = calendar::self_test();
    add(zones ? Level::Fine : Level::Bad,
        "zones",
        zones ? options_.say("los husos horarios son correctos", "time zones are right")
              : zones.error().message(),
        zones ? ""
              : options_.say("apt install --reinstall tzdata", "apt install --reinstall tzdata"));
    timex state{};
    const int answer = ::adjtimex(&state);
    if (answer < 0) return;
    const bool is_kept = answer != TIME_ERROR && (state.status & STA_UNSYNC) == 0;
    add(is_kept ? Level::Fine : Level::Doubt,
        "clock",
        is_kept ? options_.say("el reloj está en hora", "the clock is kept right")
                : options_.say("nadie pone en hora el reloj", "nothing keeps the clock right"),
        is_kept ? ""
                : options_.say("apt install chrony; en un contenedor lo hace el anfitrión.",
                               "apt install chrony; in a container the host does it."));
}

}  // namespace escucha::ctl
