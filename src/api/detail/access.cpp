#include "api/detail/access.h"

#include <string_view>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

namespace escucha::api {

namespace {

namespace json = boost::json;

std::string_view view(const json::value& word) {
    return word.is_string() ? std::string_view{word.get_string().data(), word.get_string().size()}
                            : std::string_view{};
}

}  // namespace

std::optional<Access> declared_access(const json::object& operation) {
    const json::value* declared = operation.if_contains("x-permission");
    if (declared == nullptr) return std::nullopt;
    if (view(*declared) == "public") return Access{.kind = Access::Kind::Public, .any_of = {}};
    if (view(*declared) == "signed_in") return Access{.kind = Access::Kind::SignedIn, .any_of = {}};
    Access access;
    const json::array words = declared->is_array() ? declared->get_array() : json::array{*declared};
    for (const json::value& word : words) {
        const auto permission = identity::parse_permission(view(word));
        if (!permission) return std::nullopt;
        access.any_of.add(*permission);
    }
    if (words.empty()) return std::nullopt;
    return access;
}

}  // namespace escucha::api
