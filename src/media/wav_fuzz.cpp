#include <cstddef>
#include <cstdint>
#include <span>

#include "media/wav.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace escucha;
    static_cast<void>(media::parse_prompt(std::as_bytes(std::span{data, size})).has_value());
    return 0;
}
