#include "control/secure_input.h"

#include <string>

#include "base/errc.h"
#include "control/detail/test_world.h"

using namespace escucha;
using namespace escucha::control;
using namespace escucha::control::testing;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view kCard = "4111111111111111";
constexpr std::string_view kWrongCard = "4111111111111112";

/// Ana talks with a caller.
struct Talk : World {
    Talk() {
        make_ready(ana);
        caller_leg = caller();
        ring = legs_told<RingPhone>().front().leg;
        leg(LegAnswered{ring, std::string{kPhoneSdp}});
        REQUIRE(state(ana) == AgentState::Talking);
        for (const auto& command : to_media) {
            if (const auto* create = std::get_if<media::Create>(&command)) {
                endpoints.push_back(create->endpoint);
            }
        }
        REQUIRE(endpoints.size() == 2);
        contact = centre.contacts(company->id).front().id;
    }
    void begin(SecureKind kind = SecureKind::Card, std::optional<std::size_t> most = std::nullopt) {
        REQUIRE(command(BeginSecureInput{.agent = ana, .kind = kind, .digits_max = most}));
    }
    [[nodiscard]] ContactView view() const { return *centre.contact(company->id, contact); }
    [[nodiscard]] std::string result() const { return field("secure_input_ended", "result"); }
    /// What media was told last, of all that opens and shuts the agent's and the recording's ear.
    [[nodiscard]] bool is_bridged() const { return last_is<media::Bridge, media::Unbridge>(); }
    [[nodiscard]] bool is_recorded() const {
        return last_is<media::ResumeRecord, media::PauseRecord>();
    }
    [[nodiscard]] bool is_beeping() const {
        bool found = false;
        for (const auto& command : to_media) {
            if (const auto* play = std::get_if<media::Play>(&command)) {
                if (play->endpoint == endpoints[1]) found = true;
            } else if (const auto* stop = std::get_if<media::StopPlay>(&command)) {
                if (stop->endpoint == endpoints[1]) found = false;
            }
        }
        return found;
    }
    [[nodiscard]] bool is_talk_whole() const {
        return is_bridged() && is_recorded() && !is_beeping();
    }
    /// Everything that is kept or shown: the journal, the live rows, the trace and the view.
    [[nodiscard]] bool is_anywhere(std::string_view digits) const {
        const auto has = [&](std::string_view text) {
            return text.find(digits) != std::string_view::npos;
        };
        for (const Event& event : journal) {
            if (has(to_json(event))) return true;
        }
        for (const auto& [id, row] : rows) {
            if (has(row)) return true;
        }
        const auto lines = centre.trace_of(company->id, contact);
        for (const auto& line : lines ? *lines : std::vector<TraceLine>{}) {
            if (has(line.text)) return true;
        }
        const auto live = centre.contact(company->id, contact);
        return live && live->secure_input && has(live->secure_input->last_four);
    }
    static std::string to_json(const Event& event) {
        std::string all;
        for (const auto& [name, value] : event.data) {
            if (const auto* text = std::get_if<std::string>(&value)) all += *text + " ";
            if (const auto* number = std::get_if<std::int64_t>(&value)) {
                all += std::to_string(*number) + " ";
            }
        }
        return all;
    }

    LegId caller_leg;
    LegId ring;
    std::vector<media::EndpointId> endpoints;  ///< The caller's, the agent's.
    ContactId contact;

private:
    template <typename Open, typename Shut>
    [[nodiscard]] bool last_is() const {
        bool is_open = true;
        for (const auto& command : to_media) {
            if (std::holds_alternative<Open>(command)) is_open = true;
            if (std::holds_alternative<Shut>(command)) is_open = false;
        }
        return is_open;
    }
};

}  // namespace

TEST_CASE("a card has a check digit and 12 to 19 digits") {
    CHECK(passes_luhn("4111111111111111"));
    CHECK(passes_luhn("378282246310005"));
    CHECK(!passes_luhn("4111111111111112"));
    CHECK(!passes_luhn("1411111111111111"));
    CHECK(!passes_luhn(""));
    struct Case {
        SecureKind kind;
        std::string_view keys;
        bool is_valid;
    };
    for (const auto& [kind, keys, is_valid] :
         {Case{SecureKind::Card, "00000000000", false},  // 11, and the check digit is right
          Case{SecureKind::Card, "000000000000", true},
          Case{SecureKind::Card, "0000000000000000000", true},  // 19
          Case{SecureKind::SecurityCode, "12", false},
          Case{SecureKind::SecurityCode, "123", true},
          Case{SecureKind::SecurityCode, "1234", true},
          Case{SecureKind::Document, "1234", false},
          Case{SecureKind::Document, "12345", true},
          Case{SecureKind::Other, "", false},
          Case{SecureKind::Other, "1", true}}) {
        CAPTURE(keys);
        SecureEntry entry{kind};
        for (const char key : keys) entry.press(key);
        CHECK(entry.is_valid() == is_valid);
        CHECK(entry.value() == keys);
    }
}

TEST_CASE("keys are counted, begun anew by a star and ended by a hash or the last digit") {
    using Step = SecureEntry::Step;
    SecureEntry entry{SecureKind::Document, 6};
    CHECK(entry.most() == 6);
    CHECK(entry.press('1') == Step::Changed);
    CHECK(entry.press('A') == Step::Ignored);
    CHECK(entry.count() == 1);
    CHECK(entry.press('*') == Step::Changed);
    CHECK(entry.count() == 0);
    for (const char key : std::string_view{"12345"}) CHECK(entry.press(key) == Step::Changed);
    CHECK(entry.press('6') == Step::Ended);
    CHECK(entry.press('7') == Step::Ignored);
    CHECK(entry.value() == "123456");
    CHECK(entry.last_four().empty());
    entry.wipe();
    CHECK(entry.value().empty());
    CHECK(entry.press('#') == Step::Ended);
    SUBCASE("a most that the kind does not have is the kind's own") {
        CHECK(SecureEntry{SecureKind::Document, 4}.most() == 15);
        CHECK(SecureEntry{SecureKind::Document, 5}.most() == 5);
        CHECK(SecureEntry{SecureKind::Document, 16}.most() == 15);
        CHECK(SecureEntry{SecureKind::Other, 33}.most() == kMostSecureDigits);
    }
}

TEST_CASE("every kind and result has its word") {
    for (std::size_t i = 0; i < kSecureKinds; ++i) {
        const auto kind = static_cast<SecureKind>(i);
        CHECK(parse_secure_kind(word(kind)) == kind);
    }
    CHECK(parse_secure_kind("pin") == std::nullopt);
    CHECK(word(SecureResult::TimedOut) == "timed_out");
    CHECK(word(static_cast<SecureResult>(kSecureResults - 1)) == "interrupted");
}

TEST_CASE("a card is keyed while neither the agent nor the recording hears the caller") {
    Talk talk;
    talk.begin();
    CHECK(!talk.is_bridged());
    CHECK(!talk.is_recorded());
    CHECK(talk.is_beeping());
    CHECK(talk.field("recording_paused", "reason") == "secure_input");
    CHECK(talk.field("secure_input_started", "kind") == "card");
    CHECK(talk.field("secure_input_started", "digits_max") == "19");

    talk.press(kCard);
    CHECK(talk.view().secure_input->digits == 16);
    CHECK(talk.view().secure_input->state == SecureInputView::State::Keying);
    CHECK(talk.field("secure_input_keyed", "digits") == "16");
    CHECK(talk.events("secure_input_keyed").size() == 16);
    talk.press("#");
    CHECK(talk.result() == "complete");
    CHECK(talk.field("secure_input_ended", "digits") == "16");
    const auto over = *talk.view().secure_input;
    CHECK(over.state == SecureInputView::State::Ended);
    CHECK(over.result == SecureResult::Complete);
    CHECK(over.last_four == "1111");
    CHECK(!over.is_delivered);
    CHECK(!talk.is_anywhere(kCard.substr(0, 6)));
    CHECK(!talk.is_anywhere(kCard.substr(8)));

    // The last key may still sound.
    CHECK(!talk.is_bridged());
    CHECK(!talk.is_recorded());
    talk.pass(kSecureTail - 1ms);
    CHECK(!talk.is_bridged());
    talk.pass(1ms);
    CHECK(talk.is_talk_whole());
    CHECK(talk.events("recording_resumed").size() == 1);
    CHECK(talk.centre.counters().secure_inputs_started == 1);
    CHECK(talk.centre.counters().secure_inputs_ended.at(0) == 1);
}

TEST_CASE("keys after the last one keep the ears shut, but not for ever") {
    Talk talk;
    talk.begin(SecureKind::SecurityCode, 3);
    talk.press("123");
    CHECK(talk.result() == "complete");
    CHECK(talk.view().secure_input->last_four.empty());
    talk.pass(900ms);
    talk.press("4");
    talk.pass(900ms);
    CHECK(!talk.is_bridged());
    talk.pass(100ms);
    CHECK(talk.is_talk_whole());

    talk.begin(SecureKind::SecurityCode, 3);
    talk.press("123");
    for (Duration passed{}; passed < kSecureLongestTail; passed += 500ms) {
        CHECK(!talk.is_bridged());
        talk.press("9");
        talk.pass(500ms);
    }
    CHECK(talk.is_talk_whole());
    CHECK(talk.events("secure_input_ended").size() == 2);
}

TEST_CASE("keys in INFO are as secret, and one press told twice counts once") {
    Talk talk;
    talk.begin(SecureKind::Document);
    // With RFC 4733 agreed, INFO repeats what comes with the sound.
    talk.leg(LegKey{talk.caller_leg, '7'});
    CHECK(talk.view().secure_input->digits == 0);
    talk.press("1");
    CHECK(talk.view().secure_input->digits == 1);

    World world;
    world.make_ready(world.ana);
    const LegId caller = world.caller(sdp_of("0", ""));
    world.leg(LegAnswered{world.legs_told<RingPhone>().front().leg, std::string{kPhoneSdp}});
    REQUIRE(world.command(BeginSecureInput{.agent = world.ana, .kind = SecureKind::Document}));
    for (const char key : std::string_view{"55555"}) {
        world.leg(LegKey{caller, key});
        world.press({&key, 1});  // and in its voice
    }
    CHECK(world.field("secure_input_keyed", "digits") == "5");
    world.leg(LegKey{caller, '#'});
    CHECK(world.field("secure_input_ended", "result") == "complete");
}

TEST_CASE("what is wrong is asked for again, three times in all") {
    Talk talk;
    talk.begin();
    for (std::uint32_t attempt = 1; attempt < kSecureAttempts; ++attempt) {
        CHECK(talk.view().secure_input->attempt == attempt);
        talk.press(kWrongCard);
        talk.press("#");
        CHECK(talk.field("secure_input_retried", "reason") == "invalid");
        CHECK(talk.view().secure_input->digits == 0);
        CHECK(talk.events("secure_input_ended").empty());
        CHECK(!talk.is_bridged());
    }
    SUBCASE("and then given up") {
        talk.press(kWrongCard);
        talk.press("#");
        CHECK(talk.result() == "invalid");
        CHECK(talk.view().secure_input->last_four.empty());
    }
    SUBCASE("and may be right at last") {
        talk.press(kCard);
        talk.press("#");
        CHECK(talk.result() == "complete");
        CHECK(talk.field("secure_input_ended", "attempts") == "3");
    }
    talk.pass(kSecureTail);
    CHECK(talk.is_talk_whole());
}

TEST_CASE("who keys nothing is asked again and then let go; who stops is taken to have ended") {
    Talk talk;
    talk.begin();
    talk.pass(kSecureFirstKey - 1ms);
    CHECK(talk.events("secure_input_retried").empty());
    talk.pass(1ms);
    CHECK(talk.field("secure_input_retried", "reason") == "timed_out");
    SUBCASE("nothing") {
        talk.pass(kSecureFirstKey * 2);
        CHECK(talk.result() == "timed_out");
    }
    SUBCASE("a whole card without a hash") {
        talk.press(kCard);
        talk.pass(kSecureNextKey - 1ms);
        CHECK(talk.events("secure_input_ended").empty());
        talk.pass(1ms);
        CHECK(talk.result() == "complete");
    }
    talk.pass(kSecureTail);
    CHECK(talk.is_talk_whole());
}

TEST_CASE("a value goes to the company's connector and nowhere else") {
    Talk talk;
    talk.choose_sink("payments");
    talk.begin();
    talk.press(kCard);
    talk.press("#");
    CHECK(talk.view().secure_input->state == SecureInputView::State::Checking);
    REQUIRE(talk.questions.size() == 1);
    const AskConnector& question = talk.questions.front();
    CHECK(question.connector == "payments");
    CHECK(question.operation == "keyed");
    CHECK(question.deadline == kSecureDeadline);
    const std::map<std::string, std::string> params{question.params.begin(), question.params.end()};
    CHECK(params.at("value") == kCard);
    CHECK(params.at("kind") == "card");
    CHECK(params.at("contact") == talk.contact.to_string());
    CHECK(!talk.is_anywhere(kCard.substr(0, 6)));
    const auto answer = [&](const Answer& said) {
        talk.act([&](Effects& out) {
            talk.centre.on_answer(talk.connectors_asked.back(), said, talk.now, out);
        });
    };
    const auto says = [](ConnectorAnswer::Status status) {
        return ConnectorAnswer{.status = status, .fields = {}, .source = {}, .as_of = {}};
    };
    using Status = ConnectorAnswer::Status;
    SUBCASE("which takes it") {
        answer(says(Status::Ok));
        CHECK(talk.result() == "complete");
        CHECK(talk.view().secure_input->is_delivered);
        CHECK(talk.view().secure_input->last_four == "1111");
    }
    SUBCASE("which does not want it") {
        answer(says(Status::NotFound));
        CHECK(talk.result() == "rejected");
        CHECK(talk.view().secure_input->last_four.empty());
    }
    SUBCASE("which fails") {
        answer(NotAvailable{"status 500"});
        CHECK(talk.result() == "undelivered");
        CHECK(!talk.view().secure_input->is_delivered);
    }
    SUBCASE("which says nothing") {
        talk.pass(kSecureDeadline + kSecureTail);
        CHECK(talk.result() == "undelivered");
        answer(says(Status::Ok));
        CHECK(talk.events("secure_input_ended").size() == 1);
    }
    CHECK(!talk.is_bridged());
    talk.pass(kSecureTail);
    CHECK(talk.is_talk_whole());
}

TEST_CASE("an answer that comes too late is none to the next input") {
    Talk talk;
    talk.choose_sink("payments");
    talk.begin();
    talk.press(kCard);
    talk.press("#");
    talk.pass(kSecureDeadline + kSecureTail * 2);
    CHECK(talk.result() == "undelivered");
    talk.begin();
    talk.press(kCard);
    talk.press("#");
    REQUIRE(talk.connectors_asked.size() == 2);
    const ConnectorAnswer taken{
        .status = ConnectorAnswer::Status::Ok, .fields = {}, .source = {}, .as_of = {}};
    talk.act([&](Effects& out) {
        talk.centre.on_answer(talk.connectors_asked.front(), taken, talk.now, out);
    });
    CHECK(talk.view().secure_input->state == SecureInputView::State::Checking);
    talk.act([&](Effects& out) {
        talk.centre.on_answer(talk.connectors_asked.back(), taken, talk.now, out);
    });
    CHECK(talk.result() == "complete");
}

TEST_CASE("a label is cut between two letters") {
    Talk talk;
    const auto label_of = [&](const std::string& label) {
        REQUIRE(talk.command(BeginSecureInput{.agent = talk.ana, .label = label}));
        REQUIRE(talk.command(EndSecureInput{talk.ana}));
        talk.pass(kSecureTail);
        return talk.field("secure_input_started", "label");
    };
    const std::string most(kLongestSecureLabel, 'x');
    CHECK(label_of(most) == most);
    CHECK(label_of(most + "y") == most);
    CHECK(label_of(most.substr(1) + "ñ") == most.substr(1));
}

TEST_CASE("the agent ends it, and nothing else is done with the caller meanwhile") {
    Talk talk;
    CHECK(talk.command(EndSecureInput{talk.ana}).error().code == Errc::Conflict);
    talk.begin();
    talk.press("4111");
    for (const Command& refused : {Command{Hold{talk.ana}},
                                   Command{TransferToQueue{talk.ana, talk.queue}},
                                   Command{TransferToAgent{talk.ana, talk.luis}},
                                   Command{TransferOutside{talk.ana, "600111222"}},
                                   Command{ConsultAgent{talk.ana, talk.luis}},
                                   Command{PauseRecording{talk.ana, "other"}},
                                   Command{ResumeRecording{talk.ana}},
                                   Command{BeginSecureInput{.agent = talk.ana}}}) {
        CHECK(talk.command(refused).error().code == Errc::Conflict);
    }
    CHECK(!talk.is_recorded());
    REQUIRE(talk.command(EndSecureInput{talk.ana}));
    CHECK(talk.result() == "cancelled");
    CHECK(talk.command(EndSecureInput{talk.ana}).error().code == Errc::Conflict);
    CHECK(!talk.is_bridged());
    talk.pass(kSecureTail);
    CHECK(talk.is_talk_whole());
    REQUIRE(talk.command(Hold{talk.ana}));
    CHECK(talk.command(BeginSecureInput{.agent = talk.ana}).error().detail == "on hold");
}

TEST_CASE("a recording that the agent had paused stays paused") {
    Talk talk;
    REQUIRE(talk.command(PauseRecording{talk.ana, "other"}));
    talk.begin(SecureKind::SecurityCode);
    talk.press("123#");
    talk.pass(kSecureTail);
    CHECK(talk.is_bridged());
    CHECK(!talk.is_recorded());
    CHECK(talk.events("recording_paused").size() == 1);
    REQUIRE(talk.command(ResumeRecording{talk.ana}));
    CHECK(talk.is_talk_whole());
}

TEST_CASE("a phone that holds ends it, and the caller hears music until it resumes") {
    Talk talk;
    talk.begin();
    talk.leg(LegReoffered{talk.ring, std::string{kHoldSdp}});
    CHECK(talk.result() == "cancelled");
    CHECK(talk.view().state == ContactState::Held);
    talk.pass(kSecureTail);
    CHECK(!talk.is_bridged());
    CHECK(talk.is_recorded());
    talk.leg(LegReoffered{talk.ring, std::string{kPhoneSdp}});
    CHECK(talk.is_talk_whole());
}

TEST_CASE("who hangs up ends it with the talk") {
    Talk talk;
    talk.begin();
    talk.press("4111");
    SUBCASE("the caller") {
        talk.leg(LegEnded{talk.caller_leg, "bye"});
        CHECK(talk.result() == "interrupted");
    }
    SUBCASE("the agent") {
        REQUIRE(talk.command(HangUp{talk.ana}));
        CHECK(talk.result() == "cancelled");
    }
    CHECK(talk.centre.live_contacts() == 0);
    CHECK(talk.events("secure_input_ended").size() == 1);
    talk.pass(1min);
    CHECK(talk.told_media<media::Bridge>() == 1);
}

TEST_CASE("after a kill it is interrupted, and the talk goes on as it was") {
    Talk before;
    before.begin();
    before.press("41111111");
    const std::string row = before.rows.at(before.contact);
    CHECK(row.find("4111") == std::string::npos);

    World after;
    after.be_restored_from(before, before.contact, row);
    CHECK(after.field("secure_input_ended", "result") == "interrupted");
    CHECK(after.field("secure_input_ended", "kind") == "card");
    CHECK(after.told_media<media::Bridge>() == 0);
    CHECK(after.told_media<media::ResumeRecord>() == 0);
    after.pass(kSecureTail);
    CHECK(after.told_media<media::Bridge>() == 1);
    CHECK(after.told_media<media::ResumeRecord>() == 1);
    REQUIRE(after.told_media<media::StopPlay>() == 1);
    CHECK(after.events("recording_resumed").size() == 1);
    // One that had ended says so no second time.
    before.press("11111111#");
    World again;
    again.be_restored_from(before, before.contact, before.rows.at(before.contact));
    CHECK(again.events("secure_input_ended").empty());
    again.pass(kSecureTail);
    CHECK(again.told_media<media::Bridge>() == 1);
}

TEST_CASE("when media dies it is interrupted, and the next recording goes on in clear") {
    Talk talk;
    talk.begin();
    talk.press("41111111");
    const auto recording = *RecordingId::parse(talk.field("recording_started", "recording"));
    talk.act([&](Effects& out) { talk.centre.media_lost(talk.now, out); });
    CHECK(talk.result() == "interrupted");
    talk.pass(5s);  // without media nothing is opened
    CHECK(talk.told_media<media::Bridge>() == 1);
    media::Listing listing;
    media::RecordEnded ended;
    ended.recording = recording;
    ended.reason = media::RecordEnd::Interrupted;
    listing.ended.push_back(ended);
    talk.act([&](Effects& out) { talk.centre.media_ready(listing, talk.now, out); });
    CHECK(talk.events("recording_started").size() == 2);
    CHECK(talk.told_media<media::Bridge>() == 1);
    CHECK(!talk.is_recorded());
    talk.pass(kSecureTail);
    CHECK(talk.is_bridged());
    CHECK(talk.is_recorded());
    CHECK(!talk.view().is_recording_paused);
}
