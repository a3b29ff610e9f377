// CPU of SRTP for one packet of 20 ms of G.711: what an encrypted leg costs beside one in clear.

#include <array>
#include <cstdio>
#include <ctime>
#include <vector>

#include "base/check.h"
#include "rtp/packet.h"
#include "rtp/srtp.h"

using namespace escucha;
using namespace escucha::rtp;

namespace {

constexpr std::size_t kPlainBytes = kHeaderBytes + 160;
constexpr std::size_t kPackets = 200'000;
using Buffer = std::array<std::byte, kPlainBytes + kSrtpRoom>;

double cpu_ns() { return static_cast<double>(std::clock()) * 1e9 / CLOCKS_PER_SEC; }

void packets(SrtpSuite suite) {
    const SrtpKey key{.suite = suite, .master = {1, 2, 3}};
    SrtpDirection sender{key};
    SrtpDirection receiver{key};
    std::vector<Buffer> all(kPackets);
    for (std::size_t n = 0; n < kPackets; ++n) {
        write({.sequence = {static_cast<std::uint16_t>(n)}, .timestamp = {}, .ssrc = 1},
              std::span{all[n]}.first<kHeaderBytes>());
    }
    std::size_t size = 0;
    const double start = cpu_ns();
    for (Buffer& one : all) size = sender.protect_rtp(one, kPlainBytes).value();
    const double half = cpu_ns();
    for (Buffer& one : all) ESC_CHECK(receiver.unprotect_rtp(std::span{one}.first(size)));
    const double end = cpu_ns();
    std::printf("%s: protect %.0f ns, unprotect %.0f ns a packet\n",
                name_of(suite).data(),
                (half - start) / kPackets,
                (end - half) / kPackets);
}

}  // namespace

int main() {
    for (const SrtpSuite suite : kSrtpSuites) packets(suite);
    return 0;
}
