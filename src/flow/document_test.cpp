#include "flow/document.h"

#include <algorithm>
#include <cstdlib>

#include <doctest/doctest.h>

#include "base/errc.h"
#include "flow/connector.h"
#include "flow/detail/test_flow.h"
#include "flow/validator.h"

namespace escucha::flow {
namespace {

using testing::demo_text;
using testing::parse_good;
using testing::small_flow;

std::string error_of(const std::string& json) {
    const auto document = parse(json);
    REQUIRE(!document.has_value());
    return document.error().detail;
}

std::vector<std::string> codes_of(const std::string& json) {
    std::vector<std::string> codes;
    for (const auto& problem : validate(parse_good(json))) {
        CHECK(!problem.message_es.empty());
        CHECK(!problem.message_en.empty());
        codes.push_back((problem.node.empty() ? "" : problem.node + ":") + problem.code);
    }
    return codes;
}

bool has(const std::vector<std::string>& codes, std::string_view code) {
    return std::find(codes.begin(), codes.end(), code) != codes.end();
}

}  // namespace

TEST_CASE("the demo flows are without problems and stand in the repository as they are printed") {
    for (const auto* name : {"100-servicio.json", "200-abuelos.json"}) {
        const auto text = demo_text(name);
        const auto document = parse_good(text);
        for (const auto& problem : validate(document)) {
            FAIL_CHECK(name, " ", problem.node, " ", problem.code, ": ", problem.message_en);
        }
        if (std::getenv("UPDATE_GOLDEN") != nullptr) {
            std::ofstream{std::string{ESCUCHA_SOURCE_DIR} + "/demo/flows/" + name}
                << print(document);
            continue;
        }
        CHECK_MESSAGE(print(document) == text, name, " is not in printed form");
    }
}

TEST_CASE("every kind of node survives being printed and parsed") {
    const auto json = small_flow(R"({"human_key": "9", "repeat_key": "#", "nodes": {
      "who": {"type": "identify", "by_number": false, "filler": "hold", "found": "menu", "not_found": "menu",
              "failed": "menu", "document": {"variable": "document", "prompt": "amount", "min": 4, "max": 9,
              "terminator": "*", "first_digit_s": 2.5, "no_input": "bye", "no_match": "bye"}},
      "look": {"type": "look_up", "connector": "c", "operation": "o", "params": {"a": "{document}", "b": 5},
               "results": {"x": "amount"}, "deadline_s": 0.5, "max_age_s": 60, "filler": "hold",
               "filler_after_s": 1, "next": "branch", "stale": "menu", "not_found": "menu", "failed": "menu"},
      "branch": {"type": "branch", "cases": [{"variable": "amount", "is": "less", "value": "100 EUR", "next": "bye"},
                 {"variable": "about", "is": "in", "values": ["a", "b"], "next": "bye"},
                 {"variable": "day", "is": "absent", "next": "bye"}], "otherwise": "hours"},
      "hours": {"type": "hours", "calendar": "k", "open": "find", "closed": "menu", "failed": "menu"},
      "find": {"type": "find_case", "variable": "ref", "prompt": ["amount", "wrong"], "min": 8, "max": 10,
               "no_input": "menu", "no_match": "menu", "found": "tell", "not_found": "menu", "failed": "menu"},
      "tell": {"type": "tell_status", "by_status": {"open": "hold"}, "otherwise": "hold", "next": "set", "none": "menu"},
      "set": {"type": "set", "values": {"count": 3}, "next": "speak"},
      "speak": {"type": "language", "to": "es", "next": "q"},
      "q": {"type": "queue", "queue": "z", "priority": -3, "closed": "menu", "full": "menu", "no_agents": "menu", "failed": "bye2"},
      "bye2": {"type": "end", "outcome": "refused"}},
      "prompts": {"hold": {"es": "Espere.", "file": "hold.wav"}},
      "terms": {"bill": {"es": "una factura"}}, "canvas": {"menu": {"x": 1.5, "y": -20}}})");
    const auto document = parse_good(json);
    const auto printed = print(document);
    CHECK(print(parse_good(printed)) == printed);
    const auto* look = std::get_if<LookUpNode>(&document.find_node("look")->what);
    REQUIRE(look != nullptr);
    CHECK(look->deadline == std::chrono::milliseconds{500});
    CHECK(look->params[1].value == "5");
    CHECK(document.canvas.front().second.x == 1.5);
    CHECK(printed.find("\"first_digit_s\": 2.5") != std::string::npos);
    CHECK(printed.find("\"x\": 1.5") != std::string::npos);
    CHECK(printed.find("\"y\": -20") != std::string::npos);
    CHECK(*document.find_term("bill", speech::Language::Es) == "una factura");
    CHECK(document.find_term("bill", speech::Language::En) == nullptr);
    CHECK(document.find_variable("case.reference")->type == Type::Reference);
}

TEST_CASE("the schema knows every member that a document is printed with") {
    namespace json = boost::json;
    const auto schema = json::parse(testing::read_file(std::string{ESCUCHA_SOURCE_DIR} +
                                                       "/src/flow/schema/flow-1.schema.json"));
    for (const auto* name : {"100-servicio.json", "200-abuelos.json"}) {
        const auto flow = json::parse(demo_text(name));
        for (const auto& member : flow.as_object()) {
            CHECK(schema.at("properties").as_object().contains(member.key()));
        }
        for (const auto& node : flow.at("nodes").as_object()) {
            const auto& type = node.value().at("type").as_string();
            const auto& known = schema.at("$defs").at(type).at("properties").as_object();
            for (const auto& member : node.value().as_object()) {
                CHECK_MESSAGE(known.contains(member.key()), std::string{member.key()});
            }
        }
    }
}

TEST_CASE("what is wrong in a document is named by its JSON pointer") {
    CHECK(error_of("[]").starts_with("/"));
    CHECK(error_of("{\"format\": 2}").starts_with("/format"));
    CHECK(error_of(small_flow(R"({"nodes": {"hello": {"type": "shout"}}})"))
              .starts_with("/nodes/hello/type"));
    CHECK(error_of(small_flow(R"({"nodes": {"menu": {"options": {"x": "bye"}}}})"))
              .starts_with("/nodes/menu/options"));
    CHECK(error_of(small_flow(R"({"nodes": {"menu": {"retries": 6}}})"))
              .starts_with("/nodes/menu/retries"));
    CHECK(error_of(small_flow(R"({"nodes": {"menu": {"colour": "red"}}})")) ==
          "/nodes/menu/colour: is not known here");
    CHECK(error_of(small_flow(R"({"nodes": {"a/b~c": {"type": "say", "next": 5}}})"))
              .starts_with("/nodes/a~1b~0c/next"));
    CHECK(error_of(small_flow(R"({"variables": {"a.b": {"type": "text"}}})"))
              .starts_with("/variables/a.b"));
    CHECK(error_of(small_flow(R"({"variables": {"ab": {"type": "float"}}})"))
              .starts_with("/variables/ab/type"));
    CHECK(error_of(small_flow(R"({"languages": ["es", "es"]})")).starts_with("/languages"));
    CHECK(error_of(small_flow(R"({"languages": []})")).starts_with("/languages"));
    CHECK(error_of(small_flow(R"({"prompts": {"hello": {"es": "x", "file": "../x.wav"}}})"))
              .starts_with("/prompts/hello/file"));
    CHECK(error_of(small_flow(R"({"nodes": {"amount": {"min": 5}}})"))
              .starts_with("/nodes/amount/max"));
    CHECK(error_of("{\"format\": 1,").starts_with("not JSON at byte"));
}

TEST_CASE("a document at its limits is read and one beyond them is refused") {
    const auto padded = [](std::size_t size) {
        auto json = small_flow();
        json.append(size - json.size(), ' ');
        return json;
    };
    CHECK(parse(padded(kMaxDocumentBytes)).has_value());
    CHECK(parse(padded(kMaxDocumentBytes + 1)).error().code == Errc::TooLarge);

    const auto deep = [](std::size_t depth) {
        return std::string(depth, '[') + std::string(depth, ']');
    };
    CHECK(parse(deep(kMaxDocumentDepth)).error().code == Errc::InvalidArgument);
    CHECK(parse(deep(kMaxDocumentDepth + 1)).error().code == Errc::TooLarge);

    const auto with_nodes = [](std::size_t more) {
        std::string nodes;
        for (std::size_t i = 0; i < more; ++i) {
            nodes += (i == 0 ? "" : ",") + ("\"n" + std::to_string(i)) + "\": {\"type\": \"end\"}";
        }
        return small_flow("{\"nodes\": {" + nodes + "}}");
    };
    CHECK(parse(with_nodes(kMaxNodes - 7)).has_value());
    CHECK(parse(with_nodes(kMaxNodes - 6)).error().code == Errc::TooLarge);

    const auto with_text = [](std::size_t bytes) {
        return small_flow("{\"prompts\": {\"hello\": {\"es\": \"" + std::string(bytes, 'a') +
                          "\"}}}");
    };
    CHECK(parse(with_text(kMaxPromptBytes)).has_value());
    CHECK(!parse(with_text(kMaxPromptBytes + 1)).has_value());
}

TEST_CASE("a flow without faults has no problems") { CHECK(codes_of(small_flow()).empty()); }

TEST_CASE("each fault of a flow is found at its node") {
    struct Row {
        const char* patch;
        const char* code;
    };
    const Row rows[] = {
        {R"({"start": "nowhere"})", "unknown_start"},
        {R"({"nodes": {"hello": {"next": "nowhere"}}})", "hello:unknown_target"},
        {R"({"nodes": {"menu": {"options": {"1": "nowhere"}}}})", "menu:unknown_target"},
        {R"({"nodes": {"hello": {"next": null}}})", "hello:dead_end"},
        {R"({"nodes": {"person": {"full": null}}})", "person:dead_end"},
        {R"({"nodes": {"menu": {"no_input": null}}})", "menu:missing_no_input"},
        {R"({"nodes": {"amount": {"no_match": null}}})", "amount:missing_no_match"},
        {R"({"nodes": {"alone": {"type": "end"}}})", "alone:unreachable"},
        {R"({"human": null})", "missing_human"},
        {R"({"human": "bye"})", "bye:missing_human_exit"},
        {R"({"human": "bye", "nodes": {"amount": {"no_input": "bye", "no_match": "bye", "next": "bye"}}})",
         "amount:missing_human_exit"},
        {R"({"human": "mail", "nodes": {"mail": {"on_hangup": null}, "open": {"failed": "bye"}}})",
         "mail:missing_human_exit"},
        {R"({"nodes": {"mail": {"on_hangup": "bye"}}})", "mail:on_hangup_is_no_case"},
        {R"({"nodes": {"hello": {"next": "set"}, "set": {"type": "set", "values": {"count": 1}, "next": "hello"}}})",
         "set:uncounted_loop"},
        {R"({"nodes": {"hello": {"next": "set"}, "set": {"type": "set", "values": {"count": 1}, "next": "hello"}}})",
         "set:never_ends"},
        {R"({"languages": ["es", "en"]})", "hello:missing_prompt"},
        {R"({"prompts": {"bye": null}})", "bye:unknown_prompt"},
        {R"({"prompts": {"lost": {"es": "x"}}})", "unused_prompt"},
        {R"({"prompts": {"hello": {"es": "Hola {nombre}."}}})", "hello:unknown_placeholder"},
        {R"({"prompts": {"hello": {"es": "Hola {caller.name"}}})", "hello:broken_placeholder"},
        {R"({"prompts": {"hello": {"es": "{about:cosa|cosas}"}}})", "hello:wrong_type"},
        {R"({"variables": {"about": {"type": "text", "sensitivity": "secret"}}})",
         "open:secret_spoken"},
        {R"({"variables": {"amount": null}, "prompts": {"confirm": {"es": "¿Sí?"}}})",
         "amount:unknown_variable"},
        {R"({"nodes": {"amount": {"variable": "about"}}})", "amount:wrong_type"},
        {R"({"nodes": {"amount": {"variable": "caller.name"}}})", "amount:built_in_written"},
        {R"({"nodes": {"hello": {"next": "b"}, "b": {"type": "branch", "cases": [
            {"variable": "amount", "is": "less", "value": "much", "next": "menu"}], "otherwise": "menu"}}})",
         "b:wrong_type"},
        {R"({"nodes": {"menu": {"options": {"0": "bye"}}}})", "menu:human_key_taken"},
        {R"({"nodes": {"menu": {"options": {"*": "bye"}}}})", "menu:repeat_key_taken"},
        {R"({"nodes": {"hello": {"next": "l"}, "l": {"type": "language", "to": "en", "next": "menu"}}})",
         "l:unknown_language"},
        {R"({"prompts": {"opened": {"es": "Abierto."}}})", "open:reference_not_spoken"},
    };
    for (const auto& row : rows) {
        const std::string patch{row.patch};
        CAPTURE(patch);
        const auto codes = codes_of(small_flow(row.patch));
        CHECK_MESSAGE(has(codes, row.code), std::string{row.code});
    }
    CHECK(
        !has_errors(validate(parse_good(small_flow(R"({"nodes": {"alone": {"type": "end"}}})")))));
    CHECK(has_errors(validate(parse_good(small_flow(R"({"human": null})")))));
}

TEST_CASE("what can be rendered ahead is every sentence without a value, once") {
    const auto texts = all_static_texts(parse_good(small_flow(
        R"({"prompts": {"mail": {"es": "Hola. Son {amount}. Hable ya."}, "bye": {"es": "x", "file": "bye.wav"}}})")));
    const auto count = [&](std::string_view text) {
        return std::count_if(
            texts.begin(), texts.end(), [&](const auto& one) { return one.second == text; });
    };
    CHECK(count("Hola.") == 1);
    CHECK(count("Hable ya.") == 1);
    CHECK(count("Son x.") == 0);
    CHECK(count("x") == 0);
}

TEST_CASE("a recording that nobody has is told, in each language that needs it") {
    const auto document = parse_good(small_flow(
        R"({"prompts": {"mail": {"es": "Son {amount}.", "file": "mail.wav"}, "bye": {"es": "x", "file": "bye.wav"}}})"));
    REQUIRE(all_recordings(document).size() == 1);
    CHECK(all_recordings(document).front().prompt == "bye");
    CHECK(all_recordings(document).front().file == "bye.wav");
    const auto without =
        missing_recordings(document, [](speech::Language, const std::string&) { return false; });
    REQUIRE(without.size() == 1);
    CHECK(without.front().code == "missing_recording");
    CHECK(without.front().severity == Severity::Warning);
    CHECK(without.front().message_es.find("«bye.wav»") != std::string::npos);
    CHECK(missing_recordings(document, [](speech::Language, const std::string& file) {
              return file == "bye.wav";
          }).empty());
}

TEST_CASE("a connector's answer is read with its limits, and its faults are named") {
    const auto reply = decode_look_up_reply(
        R"({"status": "ok", "source": "billing", "as_of": "2026-11-23T03:21:25Z", "new": 1,
            "fields": {"balance": {"minor_units": -1205, "currency": "EUR"}, "due": "2026-12-01", "n": 7, "gone": null}})");
    REQUIRE_MESSAGE(reply.has_value(), reply.error().message());
    REQUIRE(reply.value().fields.size() == 3);
    CHECK(reply.value().fields[0].text == "-1205 EUR");
    CHECK(reply.value().fields[2].text == "7");
    CHECK(reply.value().as_of.has_value());
    const auto error = [](std::string_view json) {
        return decode_look_up_reply(json).error().detail;
    };
    CHECK(error("{}").starts_with("/status"));
    CHECK(error(R"({"status": "ok", "fields": {"a": [1]}})").starts_with("/fields/a"));
    CHECK(error(R"({"status": "ok", "fields": {"a": 1.5}})").starts_with("/fields/a"));
    CHECK(error(R"({"status": "ok", "as_of": "today"})").starts_with("/as_of"));
    std::string many = R"({"status": "ok", "fields": {)";
    for (std::size_t i = 0; i <= kMaxReplyFields; ++i) {
        many += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\": 1";
    }
    CHECK(error(many + "}}").starts_with("/fields"));
    CHECK(decode_look_up_reply(std::string(kMaxReplyBytes + 1, ' ')).error().code ==
          Errc::TooLarge);
}

}  // namespace escucha::flow
