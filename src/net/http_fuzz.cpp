// What a peer writes into a URL or a cookie never crashes, and decodes to what encodes it.
#include <cstddef>
#include <cstdint>

#include "net/http.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace escucha::net;
    const std::string text{reinterpret_cast<const char*>(data), size};
    const auto decoded = percent_decode(text);
    if (decoded && decoded->size() > text.size()) __builtin_trap();
    const auto query = parse_query(text);
    if (query && query->size() > kMaxQueryParameters) __builtin_trap();
    const Request request{"GET", "/", "", {{"cookie", text}}, "", ""};
    if (request.cookie("escucha_session").size() > text.size()) __builtin_trap();
    return 0;
}
