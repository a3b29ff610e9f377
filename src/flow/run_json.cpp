#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "base/errc.h"
#include "flow/detail/context_json.h"
#include "flow/detail/json_reader.h"
#include "flow/detail/walk.h"

namespace escucha::flow {

namespace json = boost::json;
using detail::JsonReader;
using detail::text;

namespace {

constexpr std::size_t kMostSavedBytes = 1024 * 1024;
constexpr std::size_t kMostSavedDepth = 8;
constexpr std::int64_t kMostCount = 1'000'000'000;

json::object summary_to_json(const CaseSummary& summary) {
    json::object object;
    object["id"] = text(summary.id.to_string());
    object["reference"] = text(summary.reference);
    object["kind"] = text(summary.kind);
    object["topic"] = text(summary.topic);
    object["status"] = text(summary.status);
    object["subject"] = text(summary.subject);
    if (summary.opened) object["opened"] = text(to_text(Value{*summary.opened}));
    if (summary.due) object["due"] = text(to_text(Value{*summary.due}));
    return object;
}

template <typename T>
std::optional<T> read_value(JsonReader& reader, std::string_view name, Type type) {
    if (!reader.has(name)) return std::nullopt;
    const auto value = parse_value(type, reader.text_or(name, {}, kMaxValueBytes));
    if (!value) {
        reader.fault(name, "is malformed");
        return std::nullopt;
    }
    return std::get<T>(value.value());
}

CaseSummary summary_from_json(const json::value& value, JsonReader& parent, std::string_view name) {
    JsonReader reader{value, parent.pointer(name), parent.fault_slot()};
    CaseSummary summary;
    summary.id = CaseId::parse(reader.text_or("id", {}, 36)).value_or(CaseId{});
    summary.reference = reader.text_or("reference", {}, kMaxValueBytes);
    summary.kind = reader.text_or("kind", {}, kMaxValueBytes);
    summary.topic = reader.text_or("topic", {}, kMaxValueBytes);
    summary.status = reader.text_or("status", {}, kMaxValueBytes);
    summary.subject = reader.text_or("subject", {}, 10 * kMaxValueBytes);
    summary.opened = read_value<speech::Date>(reader, "opened", Type::Date);
    summary.due = read_value<speech::Date>(reader, "due", Type::Date);
    return summary;
}

template <typename Each>
void each_member(JsonReader& reader, std::string_view name, Each each) {
    const auto* value = reader.member(name);
    if (value == nullptr) return;
    if (!value->is_object()) return reader.fault(name, "an object is expected");
    for (const auto& member : value->as_object()) {
        each(std::string{member.key().data(), member.key().size()}, member.value());
    }
}

}  // namespace

std::string Run::save() const {
    const auto& walk = *walk_;
    json::object saved;
    saved["node"] = text(walk.node);
    saved["language"] = text(speech::code(walk.language));
    saved["context"] = detail::context_to_json(walk.context);
    const auto* resting = std::get_if<Walk::Resting>(&walk.state);
    if (resting != nullptr) saved["resting"] = static_cast<std::int64_t>(resting->ask);
    saved["over"] = is_over();
    saved["plays"] = static_cast<std::int64_t>(walk.last_play);
    saved["asks"] = static_cast<std::int64_t>(walk.last_ask);
    json::object visits;
    for (const auto& [node, count] : walk.visits) visits[node] = count;
    saved["visits"] = std::move(visits);
    json::array done;
    for (const auto& what : walk.done) done.push_back(text(what));
    saved["done"] = std::move(done);
    saved["reroutes"] = walk.reroutes;
    saved["reroute_reason"] = text(walk.reroute_reason);
    saved["detour"] = text(walk.detour);
    saved["hangup_case"] = text(walk.hangup_case);
    json::object opened;
    for (const auto& [node, summary] : walk.opened) opened[node] = summary_to_json(summary);
    saved["opened"] = std::move(opened);
    if (walk.case_now) saved["case"] = summary_to_json(*walk.case_now);
    saved["case_chosen"] = walk.is_case_chosen;
    saved["reference_times"] = walk.reference_times;
    if (walk.customer) saved["customer"] = text(walk.customer->to_string());
    saved["number_tried"] = walk.is_number_tried;
    saved["document_tried"] = walk.is_document_tried;
    saved["voicemail_left"] = walk.is_voicemail_left;
    if (walk.next_open_date) saved["next_date"] = text(to_text(Value{*walk.next_open_date}));
    if (walk.next_open_time) saved["next_time"] = text(to_text(Value{*walk.next_open_time}));
    return json::serialize(saved);
}

Result<Run> Run::restore(std::shared_ptr<const Document> document,
                         Environment environment,
                         std::string_view saved) {
    ESC_TRY(const auto value, detail::parse_json(saved, kMostSavedBytes, kMostSavedDepth));
    std::optional<Error> fault;
    JsonReader reader{value, "", fault};
    Run run{std::move(document), std::move(environment)};
    auto& walk = *run.walk_;
    const auto count = [&](std::string_view name) {
        return reader.integer_or(name, 0, 0, kMostCount);
    };
    walk.node = reader.text_or("node", {}, kMaxNameBytes);
    if (!walk.node.empty() && walk.document->find_node(walk.node) == nullptr) {
        reader.fault("node", "is not in this version of the flow");
    }
    walk.language = speech::parse_language(reader.text("language", 8)).value_or(walk.language);
    if (const auto* context = reader.member("context")) {
        ESC_TRY(walk.context, detail::context_from_json(*context, "/context"));
    }
    walk.last_play = static_cast<std::uint32_t>(count("plays"));
    walk.last_ask = static_cast<std::uint32_t>(count("asks"));
    each_member(reader, "visits", [&](const std::string& node, const json::value& times) {
        if (times.is_int64()) walk.visits[node] = static_cast<int>(times.as_int64());
    });
    if (const auto* done = reader.member("done"); done != nullptr && done->is_array()) {
        for (const auto& what : done->as_array()) {
            if (what.is_string()) walk.done.emplace(what.as_string().c_str());
        }
    }
    walk.reroutes = static_cast<int>(count("reroutes"));
    walk.reroute_reason = reader.text_or("reroute_reason", {}, kMaxNameBytes);
    walk.detour = reader.text_or("detour", {}, kMaxNameBytes);
    walk.hangup_case = reader.text_or("hangup_case", {}, kMaxNameBytes);
    each_member(reader, "opened", [&](const std::string& node, const json::value& summary) {
        walk.opened.emplace(node, summary_from_json(summary, reader, "opened"));
    });
    if (const auto* summary = reader.member("case")) {
        walk.case_now = summary_from_json(*summary, reader, "case");
    }
    walk.is_case_chosen = reader.flag_or("case_chosen", false);
    walk.reference_times = static_cast<int>(count("reference_times"));
    if (reader.has("customer")) walk.customer = CustomerId::parse(reader.text("customer", 36));
    walk.is_number_tried = reader.flag_or("number_tried", false);
    walk.is_document_tried = reader.flag_or("document_tried", false);
    walk.is_voicemail_left = reader.flag_or("voicemail_left", false);
    walk.next_open_date = read_value<speech::Date>(reader, "next_date", Type::Date);
    walk.next_open_time = read_value<speech::TimeOfDay>(reader, "next_time", Type::Time);
    if (reader.has("resting")) {
        walk.state = Walk::Resting{.ask = AskId{static_cast<std::uint32_t>(count("resting"))}};
    }
    if (reader.flag_or("over", false)) walk.state = Walk::Over{};
    if (fault) return *fault;
    return run;
}

}  // namespace escucha::flow
