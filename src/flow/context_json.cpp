#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "base/errc.h"
#include "flow/context.h"
#include "flow/detail/context_json.h"
#include "flow/detail/json_reader.h"

namespace escucha::flow {

namespace json = boost::json;

namespace {

constexpr std::size_t kMostContextBytes = 512 * 1024;
constexpr std::size_t kMostContextDepth = 6;
constexpr std::int64_t kMostReasks = 1'000'000;

json::string to_json(std::string_view text) { return json::string{text.data(), text.size()}; }

std::optional<WallTime> read_time(detail::JsonReader& reader, std::string_view name) {
    const auto time = parse_rfc3339(reader.text_or(name, {}, 40));
    if (!time) reader.fault(name, "an RFC 3339 time is expected");
    return time;
}

}  // namespace

namespace detail {

json::value datum_to_json(const Datum& datum) {
    json::object object;
    object["name"] = to_json(datum.name);
    object["type"] = to_json(to_text(datum.type));
    object["value"] = to_json(to_text(datum.value));
    object["given_by"] = to_json(to_text(datum.given_by));
    object["at"] = to_json(to_rfc3339(datum.at));
    if (!datum.verified.empty()) object["verified"] = to_json(datum.verified);
    object["sensitivity"] = to_json(to_text(datum.sensitivity));
    if (!datum.source.empty()) object["source"] = to_json(datum.source);
    if (datum.as_of) object["as_of"] = to_json(to_rfc3339(*datum.as_of));
    return object;
}

Result<Datum> datum_from_json(const json::value& value, std::string pointer) {
    std::optional<Error> fault;
    JsonReader reader{value, std::move(pointer), fault};
    Datum datum;
    datum.name = reader.text("name", kMaxValueBytes);
    const auto type = parse_type(reader.text("type", 20));
    const auto given_by = parse_given_by(reader.text("given_by", 20));
    const auto sensitivity = parse_sensitivity(reader.text("sensitivity", 20));
    const auto at = read_time(reader, "at");
    datum.verified = reader.text_or("verified", {}, kMaxValueBytes);
    datum.source = reader.text_or("source", {}, kMaxValueBytes);
    if (reader.has("as_of")) datum.as_of = read_time(reader, "as_of");
    const auto text = reader.text_or("value", {}, kMaxValueBytes);
    if (!type) reader.fault("type", "is unknown");
    if (!given_by) reader.fault("given_by", "is unknown");
    if (!sensitivity) reader.fault("sensitivity", "is unknown");
    if (fault) return *fault;
    auto parsed = parse_value(*type, text);
    if (!parsed) {
        return fail(Errc::InvalidArgument, reader.pointer("value") + ": " + parsed.error().detail);
    }
    datum.type = *type;
    datum.value = std::move(parsed).value();
    datum.given_by = *given_by;
    datum.sensitivity = *sensitivity;
    datum.at = *at;
    return datum;
}

json::value context_to_json(const Context& context) {
    json::array data;
    for (const auto& datum : context.data()) data.push_back(datum_to_json(datum));
    json::object object;
    object["data"] = std::move(data);
    object["reasks"] = static_cast<std::int64_t>(context.reasks());
    return object;
}

Result<Context> context_from_json(const json::value& value, std::string pointer) {
    std::optional<Error> fault;
    JsonReader reader{value, pointer, fault};
    Context context;
    const auto reasks = reader.integer_or("reasks", 0, 0, kMostReasks);
    const auto* data = reader.member("data");
    if (data == nullptr || !data->is_array()) reader.fault("data", "a list is expected");
    if (fault) return *fault;
    for (std::size_t i = 0; i < data->as_array().size(); ++i) {
        ESC_TRY(auto datum,
                datum_from_json(data->as_array()[i], pointer + "/data/" + std::to_string(i)));
        ESC_TRY(context.give(std::move(datum)));
    }
    for (std::int64_t i = 0; i < reasks; ++i) context.count_reask();
    return context;
}

}  // namespace detail

std::string Context::save() const { return json::serialize(detail::context_to_json(*this)); }

Result<Context> Context::restore(std::string_view text) {
    ESC_TRY(const auto value, detail::parse_json(text, kMostContextBytes, kMostContextDepth));
    return detail::context_from_json(value, "");
}

}  // namespace escucha::flow
