#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include "base/check.h"
#include "recording/detail/memory.h"
#include "recording/sealed.h"

// The bytes are a file. The key is that of the corpus, so that its chunks open.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace escucha;
    using namespace escucha::recording;
    const auto bytes = std::as_bytes(std::span{data, size});
    const auto layout = Layout::decode(bytes);
    if (!layout) return 0;
    auto reader =
        SealedReader::open(std::make_unique<test::MemorySource>(Bytes{bytes.begin(), bytes.end()}),
                           DataKey{std::array<std::uint8_t, 32>{1, 2, 3}},
                           layout.value());
    if (!reader) return 0;
    Bytes some(5'000);
    for (const std::uint64_t at : {std::uint64_t{0}, reader.value().data_bytes() / 2}) {
        const auto count = reader.value().read(at, some);
        ESC_CHECK(!count || count.value() <= some.size());
    }
    return 0;
}
