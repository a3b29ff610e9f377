#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string_view>

#include "flow/connector.h"
#include "flow/document.h"
#include "flow/simulate.h"
#include "flow/validator.h"

/// Any bytes as a flow document: what parses must print to itself, and must be safe to validate and
/// to walk, faulty or not. The bytes are read as a connector's answer and a saved context, too.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace escucha::flow;
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    static_cast<void>(decode_look_up_reply(text).has_value());
    static_cast<void>(Context::restore(text).has_value());
    auto parsed = parse(text);
    if (!parsed) return 0;
    const auto document = std::make_shared<const Document>(std::move(parsed).value());
    const auto printed = print(*document);
    const auto again = parse(printed);
    if (!again || print(again.value()) != printed) std::abort();
    static_cast<void>(validate(*document));
    static_cast<void>(all_static_texts(*document));
    static_cast<void>(
        simulate(document, "key 1\nkeys 12#\nsilence\nkey 2\nkey 1\nkey 0\nhang_up\n").has_value());
    return 0;
}
