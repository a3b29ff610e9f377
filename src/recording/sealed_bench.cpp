// What sealing costs the recorder, and opening the player, for each second of a stereo call.
//
//     escucha_sealed_bench [SECONDS OF SOUND]        (7200)
//
// One line of JSON each; `core_percent` is of one core, for one call.
#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>

#include "base/check.h"
#include "recording/detail/memory.h"

namespace {

using namespace escucha;
using namespace escucha::recording;

constexpr std::size_t kSecondBytes = kSampleRateHz * 4;

double cpu_seconds() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    return static_cast<double>(usage.ru_utime.tv_sec) +
           static_cast<double>(usage.ru_utime.tv_usec) / 1e6;
}

void tell(const char* what, double used, std::size_t seconds) {
    const double each = used / static_cast<double>(seconds);
    std::printf("{\"what\": \"%s\", \"us_per_second\": %.2f, \"core_percent\": %.4f}\n",
                what,
                each * 1e6,
                each * 100);
}

}  // namespace

int main(int argc, char** argv) {
    const std::size_t seconds = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 7'200;
    if (seconds == 0 || seconds > 14'400) return 2;
    const DataKey key = DataKey::random();
    const Layout layout = Layout::fresh(RecordingId{Uuid{.high = 1, .low = 1}}, 2);
    const Bytes flush = test::sound(kSecondBytes / 4);
    Bytes plain;
    plain.reserve(seconds * kSecondBytes);
    double before = cpu_seconds();
    for (std::size_t i = 0; i < seconds * 4; ++i)
        plain.insert(plain.end(), flush.begin(), flush.end());
    tell("copied", cpu_seconds() - before, seconds);

    Bytes file;
    file.reserve(plain.size() + plain.size() / 100);
    Sealer::begin(layout, {}, file);
    Sealer sealer{key, layout};
    before = cpu_seconds();
    for (std::size_t i = 0; i < seconds * 4; ++i) sealer.append(flush, file);
    sealer.finish(file);
    tell("sealed", cpu_seconds() - before, seconds);

    auto reader =
        SealedReader::open(std::make_unique<test::MemorySource>(std::move(file)), key, layout);
    ESC_CHECK(reader.has_value());
    before = cpu_seconds();
    ESC_CHECK(reader.value().read(0, plain).value() == plain.size());
    tell("opened", cpu_seconds() - before, seconds);
    return 0;
}
