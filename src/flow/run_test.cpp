#include "flow/run.h"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "flow/detail/test_flow.h"

namespace escucha::flow {
namespace {

using namespace std::chrono_literals;
using testing::Caller;
using testing::case_reply;
using testing::small_flow;

/// Greeted, and hearing the menu.
Caller in_menu(std::string_view patch = "{}") {
    Caller caller{small_flow(patch)};
    caller.start().heard();
    REQUIRE(caller.run.node() == "menu");
    return caller;
}

std::string outcome_of(Caller& caller) {
    const auto* end = caller.effect<End>();
    REQUIRE(end != nullptr);
    constexpr const char* kOutcomes[] = {
        "self_served", "abandoned_menu", "abandoned_queue", "voicemail", "refused", "fault"};
    return kOutcomes[static_cast<std::size_t>(end->outcome)];
}

}  // namespace

TEST_CASE(
    "a prompt that may not be cut short plays on, and a key typed meanwhile is used after it") {
    Caller caller{small_flow()};
    caller.start();
    CHECK(caller.said() == "Hola.");
    CHECK(!caller.effect<Say>()->is_interruptible);
    caller.key('1');
    CHECK(caller.effects.empty());
    caller.heard();
    CHECK(caller.run.node() == "amount");
    CHECK(caller.said() == "¿Cuánto?");
}

TEST_CASE("a key cuts the menu short and chooses") {
    auto caller = in_menu();
    CHECK(caller.said() == "Menú.");
    caller.key('3');
    CHECK(std::holds_alternative<StopSaying>(caller.effects.front()));
    CHECK(caller.said() == "Adiós.");
    caller.heard();
    CHECK(outcome_of(caller) == "self_served");
    CHECK(caller.run.is_over());
}

TEST_CASE("keys typed ahead are bounded and dropped beyond the bound") {
    Caller caller{small_flow(R"({"nodes": {"hello": {"next": "amount"},
        "amount": {"max": 32, "min": 1, "confirm": null, "least": null, "most": null, "variable": "document"}}})")};
    caller.start();
    caller.keys(std::string(Run::kMaxTypedAhead, '1') + "22222");
    caller.heard();
    const auto* given = caller.fact<DatumGiven>();
    REQUIRE(given != nullptr);
    CHECK(to_text(given->datum.value) == std::string(32, '1'));
    CHECK(caller.run.node() == "menu");
}

TEST_CASE("silence after the prompt is told and asked again, then leads to a person") {
    auto caller = in_menu();
    for (int attempt = 0; attempt < 2; ++attempt) {
        caller.heard();
        CHECK(caller.effects.empty());
        caller.after(6s - 1us);
        CHECK(caller.effects.empty());
        caller.after(1us);
        CHECK(caller.said() == "Nada. Menú.");
    }
    caller.heard().after(6s);
    REQUIRE(caller.fact<Rerouted>() != nullptr);
    CHECK(caller.fact<Rerouted>()->reason == "no_input");
    caller.heard();
    REQUIRE(caller.effect<EnterQueue>() != nullptr);
    CHECK(caller.effect<EnterQueue>()->queue == "main");
    CHECK(caller.effect<EnterQueue>()->reason == "no_input");
}

TEST_CASE("wrong keys are told and counted, and the rest of what was typed is forgotten") {
    auto caller = in_menu();
    caller.key('7');
    CHECK(caller.said() == "Mal. Menú.");
    caller.key('8');
    CHECK(caller.said() == "Mal. Menú.");
    caller.key('#');
    CHECK(caller.fact<Rerouted>() != nullptr);
    CHECK(caller.run.node() == "person");
}

TEST_CASE("zero reaches a person from every question, and star repeats it") {
    auto caller = in_menu();
    caller.key('*');
    CHECK(caller.said() == "Menú.");
    caller.key('0');
    CHECK(caller.fact<Rerouted>()->reason == "asked");
    CHECK(caller.said() == "Espere.");

    auto collecting = in_menu();
    collecting.key('1').keys("0#");
    CHECK(collecting.fact<Rerouted>()->reason == "asked");

    auto confirming = in_menu();
    confirming.key('1').keys("50#").key('0');
    CHECK(confirming.fact<Rerouted>()->reason == "asked");

    auto named = in_menu(R"({"nodes": {"menu": {"human_key": "9"}}})");
    named.key('0');
    CHECK(named.fact<Rerouted>() == nullptr);
    named.key('9');
    CHECK(named.fact<Rerouted>() != nullptr);
}

TEST_CASE("an amount is read back, corrected once and kept when it is accepted") {
    auto caller = in_menu();
    caller.key('1').keys("50#");
    CHECK(caller.said() == "¿Son •••?");
    CHECK(caller.run.context().find("amount") == nullptr);
    caller.key('2');
    CHECK(caller.said() == "¿Cuánto?");
    caller.keys("1200");
    caller.key('1');
    const auto* datum = caller.run.context().find("amount");
    REQUIRE(datum != nullptr);
    CHECK(to_text(datum->value) == "120000 EUR");
    CHECK(datum->shown() == "•••");
    CHECK(datum->given_by == GivenBy::Caller);
    CHECK(caller.run.node() == "menu");
}

TEST_CASE("an entry ends at the terminator, at its longest, or when the caller stops") {
    auto stopped = in_menu();
    stopped.key('1').keys("50");
    stopped.after(4s - 1us);
    CHECK(stopped.effects.empty());
    stopped.after(1us);
    CHECK(stopped.said() == "¿Son •••?");

    auto too_short = in_menu();
    too_short.key('1').keys("5#");
    CHECK(too_short.said() == "Mal. ¿Cuánto?");

    auto out_of_range = in_menu();
    out_of_range.key('1').keys("09#");
    CHECK(out_of_range.said() == "Mal. ¿Cuánto?");

    auto started_again = in_menu();
    started_again.key('1').keys("99*50#");
    started_again.key('1');
    CHECK(to_text(started_again.run.context().find("amount")->value) == "5000 EUR");
}

TEST_CASE("a hash behind the longest entry is not taken for an answer, a later one is") {
    auto caller = in_menu();
    caller.key('1').keys("1200#");
    CHECK(caller.said() == "¿Son •••?");
    caller.key('#');
    CHECK(caller.said() == "Mal. ¿Son •••?");
}

TEST_CASE("what is known is not asked again, and a forced second question is counted") {
    auto caller = in_menu();
    caller.key('1').keys("50#").key('1');
    CHECK(caller.run.node() == "menu");
    caller.key('1');
    CHECK(caller.run.node() == "menu");
    CHECK(caller.run.context().reasks() == 0);

    auto forced = in_menu(R"({"nodes": {"amount": {"ask": "always"}}})");
    forced.key('1').keys("50#").key('1');
    forced.key('1');
    REQUIRE(forced.fact<ReaskCounted>() != nullptr);
    CHECK(forced.fact<ReaskCounted>()->name == "amount");
    CHECK(forced.run.context().reasks() == 1);
    CHECK(forced.said() == "¿Cuánto?");
}

TEST_CASE("going round the same menu twice without progress leads to a person") {
    auto caller = in_menu();
    caller.key('1').keys("50#").key('1');
    CHECK(caller.run.node() == "menu");
    caller.key('1');
    CHECK(caller.run.node() == "menu");
    caller.key('1');
    REQUIRE(caller.fact<Rerouted>() != nullptr);
    CHECK(caller.fact<Rerouted>()->reason == "loop");
    CHECK(caller.run.node() == "person");
}

TEST_CASE(
    "a case is opened with what is known, its reference spoken to its end and repeated by key") {
    auto caller = in_menu();
    caller.key('2');
    const auto* open = caller.asked<OpenCase>();
    REQUIRE(open != nullptr);
    CHECK(open->kind == "claim");
    CHECK(open->topic == "bill");
    CHECK(open->subject == "Sobre bill");
    REQUIRE(open->fields.size() == 1);
    CHECK(open->fields.front().name == "about");

    caller.answer(case_reply("12345678"));
    CHECK(caller.said() == "Referencia uno dos tres cuatro, cinco seis siete ocho.");
    CHECK(!caller.effect<Say>()->is_interruptible);
    CHECK(caller.fact<ReferenceSpoken>() == nullptr);
    caller.heard();
    REQUIRE(caller.fact<ReferenceSpoken>() != nullptr);
    CHECK(caller.fact<ReferenceSpoken>()->times == 1);
    CHECK(caller.said() == "Asterisco.");
    caller.key('*').heard();
    CHECK(caller.fact<ReferenceSpoken>()->times == 2);
    caller.heard().after(6s);
    CHECK(caller.run.node() == "bye");
}

TEST_CASE("a case's subject is written for eyes: figures, masks, and gaps where nothing is known") {
    const auto subject_of = [](std::string_view patch, std::string_view keys) {
        auto caller = in_menu(patch);
        caller.key('1').keys(keys).key('1');
        caller.key('2');
        return caller.asked<OpenCase>()->subject;
    };
    const std::string masked =
        R"({"prompts": {"subject": {"es": "{amount}, {day}, {caller.name}"}}})";
    CHECK(subject_of(masked, "1200") == "•••, …, …");
    const std::string shown =
        R"({"variables": {"amount": {"type": "money", "sensitivity": "internal"}},
            "prompts": {"subject": {"es": "{amount}"}}})";
    CHECK(subject_of(shown, "1200") == "1200 EUR");
    const std::string counted =
        R"({"variables": {"amount": {"type": "number"}}, "prompts": {"subject": {"es": "{amount:f hora|horas}"}}})";
    CHECK(subject_of(counted, "21#") == "21 horas");
    const std::string dated =
        R"({"variables": {"amount": {"type": "date"}}, "nodes": {"amount": {"min": 4}},
            "prompts": {"subject": {"es": "{amount} {call.time}"}}})";
    CHECK(subject_of(dated, "0512") == "05/12/2026 09:00");
}

TEST_CASE("a case that cannot be opened in time leads on by the failure edge") {
    auto caller = in_menu();
    caller.key('2').after(3s - 1us);
    CHECK(caller.effects.empty());
    caller.after(1us);
    CHECK(caller.run.node() == "person");
    CHECK(caller.fact<Rerouted>()->reason == "look_up_failed");
}

TEST_CASE("a hang-up opens the case that is pending, with what is known, and no second one") {
    auto caller = in_menu();
    caller.key('2').hang_up();
    const auto* open = caller.asked<OpenCase>();
    REQUIRE(open != nullptr);
    CHECK(open->reason == OpenCase::Reason::HungUp);
    CHECK(open->topic == "bill");
    CHECK(outcome_of(caller) == "abandoned_menu");
    caller.hang_up();
    CHECK(caller.effects.empty());

    auto opened = in_menu();
    opened.key('2').answer(case_reply("12345678")).hang_up();
    CHECK(opened.asked<OpenCase>() == nullptr);
    CHECK(outcome_of(opened) == "self_served");

    // The voicemail behind a full queue belongs to the case that was opened before.
    auto message = in_menu(R"({"nodes": {"open": {"next": "person"}}})");
    message.key('2').answer(case_reply("12345678")).heard().key('1').heard();
    message.answer(QueueReply{QueueReply::Status::Full}).heard();
    CHECK(message.asked<TakeVoicemail>() != nullptr);
    message.hang_up();
    CHECK(message.asked<OpenCase>() == nullptr);

    auto nothing_pending = in_menu();
    nothing_pending.hang_up();
    CHECK(nothing_pending.asked<OpenCase>() == nullptr);
}

TEST_CASE("a queue that gives the caller back leads to its edge; a hang-up there is an abandon") {
    using Status = QueueReply::Status;
    for (const auto status : {Status::Closed, Status::Full, Status::NoAgents, Status::Returned}) {
        auto caller = in_menu();
        caller.key('0').heard();
        CHECK(!caller.run.next_wakeup().has_value());
        caller.key('5').after(1h);
        CHECK(caller.effects.empty());
        caller.answer(QueueReply{status});
        CHECK(caller.run.node() == "mail");
    }
    auto gone = in_menu();
    gone.key('0').heard().hang_up();
    CHECK(outcome_of(gone) == "abandoned_queue");
}

TEST_CASE("a message left, or broken off by hanging up, is a voicemail with its case") {
    auto caller = in_menu();
    caller.key('0').heard().answer(QueueReply{QueueReply::Status::Full}).heard();
    REQUIRE(caller.asked<TakeVoicemail>() != nullptr);
    CHECK(caller.asked<TakeVoicemail>()->max_length == 60s);
    auto finished = std::move(caller);
    finished.answer(VoicemailReply{VoicemailReply::Status::Recorded});
    CHECK(finished.asked<OpenCase>() != nullptr);
    finished.answer(case_reply("12345678")).heard().key('1').heard();
    CHECK(outcome_of(finished) == "voicemail");

    auto broken_off = in_menu();
    broken_off.key('0').heard().answer(QueueReply{QueueReply::Status::Full}).heard().hang_up();
    CHECK(broken_off.asked<OpenCase>()->reason == OpenCase::Reason::HungUp);
    CHECK(outcome_of(broken_off) == "voicemail");
}

TEST_CASE("a slow look-up is filled with a sentence, and its answer waits for the sentence's end") {
    const auto* patch = R"({"nodes": {"hello": {"next": "look"},
      "look": {"type": "look_up", "connector": "c", "operation": "o", "params": {"who": "{caller.number}"},
               "results": {"x": "amount"}, "deadline_s": 5, "filler": "hold", "next": "menu", "failed": "person"}}})";
    Caller caller{small_flow(patch)};
    caller.start().heard();
    REQUIRE(caller.asked<LookUp>() != nullptr);
    CHECK(caller.asked<LookUp>()->params.front().second == "+34600111222");
    caller.after(2s);
    CHECK(caller.said() == "Espere.");
    LookUpReply reply;
    reply.status = LookUpReply::Status::Ok;
    reply.fields = {{"x", "1205 EUR"}};
    reply.source = "c";
    caller.answer(reply);
    CHECK(caller.effects.empty());
    caller.heard();
    CHECK(caller.run.node() == "menu");
    CHECK(caller.fact<LookUpDone>()->result == "ok");
    CHECK(caller.run.context().find("amount")->source == "c");
}

TEST_CASE("every way a look-up can go wrong takes its edge") {
    const std::string patch = R"({"nodes": {"hello": {"next": "look"},
      "look": {"type": "look_up", "connector": "c", "operation": "o", "results": {"x": "amount"}, "max_age_s": 60,
               "next": "menu", "stale": "mail", "not_found": "bye", "failed": "person"}}})";
    using Status = LookUpReply::Status;
    const auto node_after = [&](Status status, std::string text, Duration age) {
        Caller caller{small_flow(patch)};
        caller.start().heard();
        LookUpReply reply;
        reply.status = status;
        reply.fields = {{"x", std::move(text)}};
        reply.as_of = caller.now.wall - age;
        caller.answer(reply);
        return caller.run.node();
    };
    CHECK(node_after(Status::Ok, "5 EUR", 60s) == "menu");
    CHECK(node_after(Status::Ok, "5 EUR", 61s) == "mail");
    CHECK(node_after(Status::Stale, "5 EUR", 0s) == "mail");
    CHECK(node_after(Status::NotFound, "5 EUR", 0s) == "bye");
    CHECK(node_after(Status::Failed, "5 EUR", 0s) == "person");
    CHECK(node_after(Status::Ok, "lots", 0s) == "person");
    Caller late{small_flow(patch)};
    late.start().heard().after(3s);
    CHECK(late.fact<LookUpDone>()->result == "timeout");
    CHECK(late.run.node() == "person");
}

TEST_CASE("a prompt in which nothing can be said is not waited for") {
    Caller caller{small_flow(R"({"prompts": {"hello": {"es": "{about}."}}})")};
    caller.start();
    CHECK(caller.run.node() == "menu");
    CHECK(caller.said() == "Menú.");
}

TEST_CASE("a recognised caller is spoken to in the language that is known of them") {
    const auto* patch = R"({"languages": ["es", "en"], "nodes": {"hello": {"next": "who"},
        "who": {"type": "identify", "found": "menu", "not_found": "menu", "failed": "menu"}},
        "prompts": {"menu": {"es": "Menú.", "en": "Menu."}}})";
    Caller caller{small_flow(patch)};
    caller.start().heard();
    IdentifyReply found;
    found.status = IdentifyReply::Status::Found;
    found.customer = CustomerId{Uuid{.high = 3, .low = 3}};
    found.language = speech::Language::En;
    caller.answer(found);
    REQUIRE(caller.fact<LanguageChosen>() != nullptr);
    CHECK(caller.said() == "Menu.");
    caller.hang_up();
    CHECK(outcome_of(caller) == "abandoned_menu");
}

TEST_CASE("who calls is asked of the number once, then of a document once, and never again") {
    const std::string flow = small_flow(R"({"nodes": {"hello": {"next": "who"},
        "who": {"type": "identify", "found": "menu", "not_found": "menu", "failed": "person",
                "filler": "hold", "document": {"variable": "document", "prompt": "amount", "min": 4, "max": 4,
                "retries": 1, "no_match_prompt": "wrong", "no_input": "person", "no_match": "person"}},
        "menu": {"type": "menu", "prompt": "menu", "options": {"1": "who"}, "no_input": "person",
                 "no_match": "person"}}})");
    IdentifyReply nobody;
    nobody.status = IdentifyReply::Status::NotFound;
    IdentifyReply several;
    several.status = IdentifyReply::Status::Ambiguous;

    Caller caller{flow};
    caller.start().heard();
    REQUIRE(caller.asked<IdentifyByNumber>() != nullptr);
    caller.answer(several);
    CHECK(caller.said() == "¿Cuánto?");
    caller.keys("1234");
    REQUIRE(caller.asked<IdentifyByDocument>() != nullptr);
    CHECK(caller.asked<IdentifyByDocument>()->digits == "1234");
    caller.after(2s);
    CHECK(caller.said() == "Espere.");
    caller.heard().answer(nobody);
    CHECK(caller.said() == "Mal. ¿Cuánto?");
    caller.keys("5678").answer(nobody);
    CHECK(caller.run.node() == "menu");
    CHECK(to_text(caller.run.context().find("document")->value) == "5678");
    caller.key('1');
    CHECK(caller.run.node() == "menu");
    CHECK(caller.run.context().reasks() == 0);

    Caller withheld{flow, ""};
    withheld.start().heard();
    CHECK(withheld.asked<IdentifyByNumber>() == nullptr);
    CHECK(withheld.said() == "¿Cuánto?");
    withheld.keys("1234").after(5s);
    CHECK(withheld.run.node() == "person");
    CHECK(withheld.fact<Rerouted>()->reason == "look_up_failed");

    Caller found{flow};
    IdentifyReply ana;
    ana.status = IdentifyReply::Status::Found;
    ana.customer = CustomerId{Uuid{.high = 3, .low = 3}};
    ana.name = "Ana";
    found.start().heard().answer(nobody).keys("1234").answer(ana);
    REQUIRE(found.fact<CallerIdentified>() != nullptr);
    CHECK(found.fact<CallerIdentified>()->verified);
    CHECK(found.run.context().find("document")->verified == "document");
    CHECK(found.run.context().find("caller.name")->verified == "document");
}

TEST_CASE("a reference that was mistyped is asked again, one that is unknown is not") {
    const std::string flow = small_flow(R"({"nodes": {"hello": {"next": "find"},
        "find": {"type": "find_case", "variable": "ref", "prompt": "amount", "min": 8, "max": 10, "retries": 1,
                 "no_match_prompt": "wrong", "no_input": "person", "no_match": "person", "found": "tell",
                 "not_found": "menu", "failed": "person"},
        "tell": {"type": "tell_status", "by_status": {"closed": "bye"}, "otherwise": "hold", "next": "find",
                 "none": "menu"}}})");
    const auto with = [](CaseReply::Status status) {
        CaseReply reply;
        reply.status = status;
        return reply;
    };
    Caller caller{flow};
    caller.start().heard().keys("12345678#");
    REQUIRE(caller.asked<FindCase>() != nullptr);
    caller.answer(with(CaseReply::Status::Mistyped));
    CHECK(caller.said() == "Mal. ¿Cuánto?");
    caller.keys("12345679#").answer(with(CaseReply::Status::NotFound));
    CHECK(caller.run.node() == "menu");

    Caller failed{flow};
    failed.start().heard().keys("12345678#").answer(with(CaseReply::Status::Failed));
    CHECK(failed.run.node() == "person");

    Caller found{flow};
    found.start().heard().keys("12345678#").answer(case_reply("12345678"));
    CHECK(found.fact<CaseChosen>()->how == "reference");
    CHECK(found.said() == "Espere.");
    // Coming back with the same reference does not ask for it again.
    found.heard();
    CHECK(found.asked<FindCase>() == nullptr);
    CHECK(found.said() == "Espere.");
}

TEST_CASE("opening hours lead on by what the calendar says, and silence by the failure edge") {
    const std::string flow = small_flow(R"({"prompts": {"bye": {"es": "Hasta {hours.next_date}."}},
        "nodes": {"hello": {"next": "hours"},
        "hours": {"type": "hours", "calendar": "main", "open": "menu", "closed": "bye", "failed": "person"}}})");
    Caller open{flow};
    open.start().heard().answer(HoursReply{HoursReply::Status::Open, {}, {}});
    CHECK(open.run.node() == "menu");
    Caller closed{flow};
    closed.start().heard().answer(HoursReply{
        HoursReply::Status::Closed, speech::Date{2026, 11, 24}, speech::TimeOfDay{9, 0}});
    CHECK(closed.said() == "Hasta martes, veinticuatro de noviembre de dos mil veintiséis.");
    Caller silent{flow};
    silent.start().heard().after(2s);
    CHECK(silent.run.node() == "person");
}

TEST_CASE("stale ids, repeated events and events after the end change nothing") {
    auto caller = in_menu();
    caller.run.prompt_ended(PlayId{1}, caller.now, caller.fresh());
    CHECK(caller.effects.empty());
    caller.run.reply(AskId{99}, QueueReply{}, caller.now, caller.fresh());
    CHECK(caller.effects.empty());
    caller.start();
    CHECK(caller.effects.empty());
    caller.key('?');
    CHECK(caller.effects.empty());
    caller.key('2');
    const auto old = *caller.run.awaited();
    caller.answer(QueueReply{});  // Not the kind that was asked for: a failure.
    CHECK(caller.run.node() == "person");
    caller.run.reply(old, case_reply("1"), caller.now, caller.fresh());
    CHECK(caller.effects.empty());
    caller.hang_up();
    caller.key('1').heard().after(1h).start();
    CHECK(caller.effects.empty());
    CHECK(!caller.run.next_wakeup().has_value());
}

TEST_CASE("a player that never reports the end of a prompt does not keep the caller") {
    Caller caller{small_flow()};
    caller.start();
    REQUIRE(caller.run.next_wakeup().has_value());
    caller.after(*caller.run.next_wakeup() - caller.now.mono);
    CHECK(caller.run.node() == "menu");
}

TEST_CASE("a caller who keeps coming back from a person is let go after the last reroute") {
    auto caller = in_menu(R"({"nodes": {"person": {"full": "menu"}}})");
    for (int round = 0; round < Run::kMaxReroutes; ++round) {
        caller.key('0').heard().answer(QueueReply{QueueReply::Status::Full});
        CHECK(caller.run.node() == "menu");
    }
    caller.key('0');
    CHECK(outcome_of(caller) == "fault");
}

TEST_CASE("a run saved anywhere goes on at the same node with the same knowledge") {
    auto caller = in_menu();
    caller.key('1').keys("50#").key('1');
    caller.key('2').answer(case_reply("12345678"));
    const auto saved = caller.run.save();
    auto document = std::make_shared<const Document>(testing::parse_good(small_flow()));
    auto restored =
        Run::restore(document, Environment{.company_name = "Luz", .caller = "+34600111222"}, saved);
    REQUIRE_MESSAGE(restored.has_value(), restored.error().message());
    Caller again{std::move(restored).value()};
    CHECK(again.run.save() == saved);
    CHECK(again.run.context() == caller.run.context());
    again.run.resume(again.now, again.fresh());
    CHECK(again.run.node() == "open");
    CHECK(again.asked<OpenCase>() == nullptr);
    CHECK(again.said() == "Referencia uno dos tres cuatro, cinco seis siete ocho.");
}

TEST_CASE("a run saved in a queue rests there after it is restored") {
    auto caller = in_menu();
    caller.key('0').heard();
    const auto ask = caller.effect<EnterQueue>()->id;
    auto document = std::make_shared<const Document>(testing::parse_good(small_flow()));
    Caller again{Run::restore(document, Environment{}, caller.run.save()).value()};
    again.run.resume(again.now, again.fresh());
    CHECK(again.effects.empty());
    CHECK(again.run.awaited() == ask);
    again.answer(QueueReply{QueueReply::Status::Closed});
    CHECK(again.run.node() == "mail");
}

TEST_CASE("a saved run that is damaged, or of another flow, is refused") {
    auto document = std::make_shared<const Document>(testing::parse_good(small_flow()));
    CHECK(!Run::restore(document, Environment{}, "{").has_value());
    CHECK(!Run::restore(document, Environment{}, "[]").has_value());
    CHECK(!Run::restore(document, Environment{}, R"({"node": "gone", "language": "es"})")
               .has_value());
    CHECK(!Run::restore(document,
                        Environment{},
                        R"({"node": "menu", "language": "es", "context": {"data": [{}]}})")
               .has_value());
}

TEST_CASE("whatever a caller and the world do, the run always waits for something or is over") {
    const auto document = std::make_shared<const Document>(
        testing::parse_good(testing::demo_text("200-abuelos.json")));
    CHECK(rc::check("events in any order", [&](const std::vector<std::uint16_t>& steps) {
        Caller caller{Run{document, Environment{.company_name = "Luz", .caller = "+34600111222"}}};
        caller.start();
        int ends = 0;
        int hung_up_cases = 0;
        for (const auto step : steps) {
            caller.fresh();
            switch (step % 8) {
                case 0:
                    caller.heard();
                    break;
                case 1:
                    caller.after(1s);
                    break;
                case 2:
                    if (const auto due = caller.run.next_wakeup())
                        caller.after(*due - caller.now.mono);
                    break;
                case 3:
                    if (caller.run.awaited()) {
                        IdentifyReply found;
                        found.status = IdentifyReply::Status::Found;
                        found.customer = CustomerId{Uuid{.high = 3, .low = 3}};
                        found.group = step % 16 == 3 ? "friend" : "child";
                        const Reply replies[] = {found,
                                                 case_reply("12345678"),
                                                 HoursReply{HoursReply::Status::Open, {}, {}},
                                                 VoicemailReply{VoicemailReply::Status::Recorded},
                                                 QueueReply{QueueReply::Status::Full}};
                        caller.answer(replies[(step >> 4U) % 5]);
                    }
                    break;
                case 4:
                    if (step % 128 == 4) caller.hang_up();
                    break;
                default:
                    caller.key("0123456789*#"[(step >> 3U) % 12]);
                    break;
            }
            for (const auto& effect : caller.effects) {
                if (std::holds_alternative<End>(effect)) ++ends;
                if (const auto* ask = std::get_if<Ask>(&effect)) {
                    const auto* open = std::get_if<OpenCase>(&ask->what);
                    if (open && open->reason == OpenCase::Reason::HungUp) ++hung_up_cases;
                }
            }
            const bool is_in_queue = caller.run.awaited() && !caller.run.next_wakeup();
            RC_ASSERT(caller.run.is_over() || caller.run.next_wakeup() || is_in_queue);
        }
        RC_ASSERT(ends == (caller.run.is_over() ? 1 : 0));
        RC_ASSERT(hung_up_cases <= 1);
        const auto saved = caller.run.save();
        const auto restored = Run::restore(
            document, Environment{.company_name = "Luz", .caller = "+34600111222"}, saved);
        RC_ASSERT(restored.has_value());
        RC_ASSERT(restored.value().save() == saved);
    }));
}

}  // namespace escucha::flow
