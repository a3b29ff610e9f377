// Any JSON, checked against any schema of the contract that requests use, gives faults or none: it
// never crashes, and what it accepts is accepted again.
#include <cstddef>
#include <cstdint>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "api/detail/contract.h"
#include "api/detail/range.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace escucha::api;
    namespace json = boost::json;
    static const Contract contract{openapi_json()};
    const std::string text{reinterpret_cast<const char*>(data), size};
    parse_range(text, 1'000);
    json::error_code error;
    const json::value body = json::parse(text, error);
    if (error) return 0;
    for (const char* name : {"CasePatch", "DispositionInput", "CustomerInput", "UserInput"}) {
        const auto& schema =
            contract.document().at_pointer(std::string{"/components/schemas/"} + name);
        const bool is_good = contract.check(schema, body).empty();
        const json::value again = json::parse(json::serialize(body), error);
        if (error) return 0;  // a number beyond a double's range has no text to read back
        if (is_good != contract.check(schema, again).empty()) __builtin_trap();
    }
    return 0;
}
