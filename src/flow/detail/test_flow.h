#pragma once

#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "flow/document.h"
#include "flow/run.h"

namespace escucha::flow::testing {

inline std::string read_file(const std::string& path) {
    std::ifstream in{path, std::ios::binary};
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

inline std::string demo_text(std::string_view name) {
    return read_file(std::string{ESCUCHA_SOURCE_DIR} + "/demo/flows/" + std::string{name});
}

inline Document parse_good(const std::string& json) {
    auto document = parse(json);
    REQUIRE_MESSAGE(document.has_value(), document.error().message());
    return std::move(document).value();
}

/// A small whole flow: greeting, menu (1 amount, 2 case, 3 end), person, voicemail. `patch` is
/// merged into it: members of objects are replaced, null deletes.
inline std::string small_flow(std::string_view patch = "{}") {
    constexpr std::string_view kFlow = R"({
      "format": 1, "name": "small", "languages": ["es"], "start": "hello", "human": "person",
      "variables": {
        "amount": {"type": "money", "sensitivity": "financial"},
        "day": {"type": "date"}, "count": {"type": "number"}, "document": {"type": "digits", "sensitivity": "personal"},
        "about": {"type": "text"}, "ref": {"type": "reference"}
      },
      "nodes": {
        "hello": {"type": "say", "prompt": "hello", "interruptible": false, "next": "menu"},
        "menu": {"type": "menu", "prompt": "menu",
                 "options": {"1": "amount", "2": {"next": "open", "set": {"about": "bill"}}, "3": "bye"},
                 "retries": 2, "no_input_prompt": "nothing", "no_match_prompt": "wrong",
                 "no_input": "person", "no_match": "person"},
        "amount": {"type": "collect", "variable": "amount", "prompt": "amount", "min": 2, "max": 4,
                   "least": 10, "most": 5000, "retries": 1, "no_match_prompt": "wrong",
                   "no_input": "person", "no_match": "person", "confirm": "confirm", "next": "menu"},
        "open": {"type": "open_case", "on_hangup": "open", "kind": "claim", "topic": "{about}",
                 "subject": "subject", "include": ["about", "amount"], "prompt": "opened",
                 "repeat": "repeat", "next": "bye", "failed": "person"},
        "person": {"type": "queue", "queue": "main", "prompt": "hold", "closed": "mail", "full": "mail",
                   "no_agents": "mail", "failed": "mail"},
        "mail": {"type": "voicemail", "on_hangup": "open", "prompt": "mail", "max_length_s": 60,
                 "next": "open", "empty": "bye", "failed": "bye"},
        "bye": {"type": "end", "prompt": "bye"}
      },
      "prompts": {
        "hello": {"es": "Hola."}, "menu": {"es": "Menú."}, "nothing": {"es": "Nada."},
        "wrong": {"es": "Mal."}, "amount": {"es": "¿Cuánto?"}, "confirm": {"es": "¿Son {amount}?"},
        "subject": {"es": "Sobre {about}"}, "opened": {"es": "Referencia {case.reference}."},
        "repeat": {"es": "Asterisco."}, "hold": {"es": "Espere."}, "mail": {"es": "Hable."},
        "bye": {"es": "Adiós."}
      }
    })";
    auto flow = boost::json::parse(boost::json::string_view{kFlow.data(), kFlow.size()});
    const auto merge =
        [](auto&& self, boost::json::object& into, const boost::json::object& from) -> void {
        for (const auto& [name, value] : from) {
            if (value.is_null()) {
                into.erase(name);
            } else if (value.is_object() && into.contains(name) && into[name].is_object() &&
                       !value.as_object().contains("type")) {
                self(self, into[name].as_object(), value.as_object());
            } else {
                into[name] = value;
            }
        }
    };
    merge(merge,
          flow.as_object(),
          boost::json::parse(boost::json::string_view{patch.data(), patch.size()}).as_object());
    return boost::json::serialize(flow);
}

/// A Run with a clock, and what it did since the last question.
class Caller {
public:
    explicit Caller(const std::string& json, std::string number = "+34600111222")
        : Caller{Run{std::make_shared<const Document>(parse_good(json)),
                     Environment{.company_name = "Luz", .caller = std::move(number)}}} {}
    explicit Caller(Run run_in) : run{std::move(run_in)} {}

    Caller& start() {
        run.start(now, fresh());
        return *this;
    }
    Caller& key(char pressed) {
        run.digit(pressed, now, fresh());
        return *this;
    }
    Caller& keys(std::string_view pressed) {
        fresh();
        for (const char one : pressed) run.digit(one, now, effects);
        return *this;
    }
    /// The prompt that plays ends.
    Caller& heard() {
        run.prompt_ended(last_play, now, fresh());
        return *this;
    }
    Caller& answer(Reply reply) {
        REQUIRE(run.awaited().has_value());
        run.reply(*run.awaited(), std::move(reply), now, fresh());
        return *this;
    }
    Caller& after(Duration length) {
        now.mono += length;
        now.wall += length;
        run.wake(now, fresh());
        return *this;
    }
    Caller& hang_up() {
        run.caller_gone(now, fresh());
        return *this;
    }

    template <typename T>
    const T* effect() {
        note_play();
        for (const auto& one : effects) {
            if (const auto* found = std::get_if<T>(&one)) return found;
        }
        return nullptr;
    }
    template <typename T>
    const T* asked() {
        for (const auto& one : effects) {
            const auto* ask = std::get_if<Ask>(&one);
            if (ask == nullptr) continue;
            if (const auto* found = std::get_if<T>(&ask->what)) return found;
        }
        return nullptr;
    }
    template <typename T>
    const T* fact() {
        for (const auto& one : effects) {
            const auto* journal = std::get_if<Journal>(&one);
            if (journal == nullptr) continue;
            if (const auto* found = std::get_if<T>(&journal->fact)) return found;
        }
        return nullptr;
    }
    /// Everything that was said, one after another.
    std::string said() {
        std::string all;
        for (const auto& one : effects) {
            if (const auto* say = std::get_if<Say>(&one)) {
                all += speech::transcript(say->what, say->language);
            }
        }
        return all;
    }

    Effects& fresh() {
        note_play();
        effects.clear();
        return effects;
    }
    void note_play() {
        for (const auto& one : effects) {
            if (const auto* say = std::get_if<Say>(&one)) last_play = say->id;
        }
    }

    Run run;
    Now now{.mono = Instant{} + std::chrono::hours{1},
            .wall = from_micros(1'795'424'400'000'000)};  // 2026-11-23T09:00:00Z
    Effects effects;
    PlayId last_play{};
};

inline CaseReply case_reply(std::string reference) {
    CaseReply reply;
    reply.status = CaseReply::Status::Ok;
    reply.summary.id = CaseId{Uuid{.high = 7, .low = 7}};
    reply.summary.reference = std::move(reference);
    reply.summary.status = "open";
    return reply;
}

}  // namespace escucha::flow::testing
