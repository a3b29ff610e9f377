#include "flow/connector.h"

#include <boost/json/object.hpp>

#include "flow/context.h"
#include "flow/detail/json_reader.h"

namespace escucha::flow {

namespace json = boost::json;
using detail::JsonReader;

namespace {

constexpr std::size_t kMostDepth = 8;

std::optional<LookUpReply::Status> status_of(std::string_view word) {
    if (word == "ok") return LookUpReply::Status::Ok;
    if (word == "stale") return LookUpReply::Status::Stale;
    if (word == "not_found") return LookUpReply::Status::NotFound;
    if (word == "failed") return LookUpReply::Status::Failed;
    return std::nullopt;
}

/// A text as it is, a whole number, or money as an object; nullopt for anything else.
std::optional<std::string> text_of(const json::value& value) {
    if (const auto* text = value.if_string()) {
        if (text->size() > kMaxValueBytes) return std::nullopt;
        return std::string{text->data(), text->size()};
    }
    if (const auto* number = value.if_int64()) return std::to_string(*number);
    const auto* object = value.if_object();
    if (object == nullptr) return std::nullopt;
    const auto* units = object->if_contains("minor_units");
    const auto* currency = object->if_contains("currency");
    if (units == nullptr || !units->is_int64() || currency == nullptr || !currency->is_string()) {
        return std::nullopt;
    }
    const speech::Money money{.minor_units = units->as_int64(),
                              .currency = std::string{currency->as_string().c_str()}};
    return to_text(Value{money});
}

void read_fields(JsonReader& reader, LookUpReply& reply) {
    const auto* fields = reader.member("fields");
    if (fields == nullptr) return;
    if (!fields->is_object() || fields->as_object().size() > kMaxReplyFields) {
        return reader.fault("fields", "an object of at most 50 members is expected");
    }
    for (const auto& member : fields->as_object()) {
        const std::string name{member.key().data(), member.key().size()};
        if (member.value().is_null()) continue;
        auto text = text_of(member.value());
        if (!text) {
            return reader.fault("fields/" + detail::escape_pointer(name),
                                "a text, a whole number or money is expected");
        }
        reply.fields.push_back({.name = name, .text = *std::move(text)});
    }
}

}  // namespace

Result<LookUpReply> decode_look_up_reply(std::string_view text) {
    ESC_TRY(const auto value, detail::parse_json(text, kMaxReplyBytes, kMostDepth));
    std::optional<Error> fault;
    JsonReader reader{value, "", fault};
    LookUpReply reply;
    const auto status = status_of(reader.text("status", 20));
    if (!status) reader.fault("status", "ok, stale, not_found or failed is expected");
    reply.status = status.value_or(LookUpReply::Status::Failed);
    reply.source = reader.text_or("source", {}, kMaxValueBytes);
    if (reader.has("as_of")) {
        reply.as_of = parse_rfc3339(reader.text_or("as_of", {}, 40));
        if (!reply.as_of) reader.fault("as_of", "an RFC 3339 time is expected");
    }
    read_fields(reader, reply);
    if (fault) return *fault;
    return reply;
}

}  // namespace escucha::flow
