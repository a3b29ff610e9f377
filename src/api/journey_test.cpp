// What was recorded of one contact, put on one clock from its events.
#include <doctest/doctest.h>

#include "api/detail/journey.h"

namespace escucha::api {
namespace {

const AgentId kAna{Uuid{.high = 1, .low = 1}};
const AgentId kLuis{Uuid{.high = 1, .low = 2}};
const AgentId kSara{Uuid{.high = 1, .low = 3}};
const QueueId kBilling{Uuid{.high = 2, .low = 1}};
const RecordingId kFirst{Uuid{.high = 3, .low = 1}};
const RecordingId kSecond{Uuid{.high = 3, .low = 2}};

/// A contact's journal, written by the second.
struct Journal {
    std::vector<store::StoredEvent> events;

    store::StoredEvent& at(double seconds, std::string type, std::string data = "{}") {
        store::StoredEvent event;
        event.seq = static_cast<std::int64_t>(events.size()) + 1;
        event.at = from_micros(1'000'000'000 + static_cast<std::int64_t>(seconds * 1e6));
        event.type = std::move(type);
        event.data = std::move(data);
        return events.emplace_back(std::move(event));
    }
    void connect(double seconds, AgentId agent) {
        auto& event = at(seconds, "contact_connected");
        event.agent = agent;
        event.queue = kBilling;
    }
    void queue(double seconds) { at(seconds, "contact_queued").queue = kBilling; }
    void start(double seconds, RecordingId id, const char* kind = "call") {
        at(seconds,
           "recording_started",
           R"({"recording":")" + id.to_string() + R"(","kind":")" + kind + R"("})");
    }
    void end(double seconds, RecordingId id, int duration_ms, const std::string& more) {
        at(seconds,
           "recording_ended",
           R"({"recording":")" + id.to_string() + R"(","duration_ms":)" +
               std::to_string(duration_ms) + more + "}");
    }
    void pause(double seconds, RecordingId id, const char* reason) {
        at(seconds,
           "recording_paused",
           R"({"recording":")" + id.to_string() + R"(","reason":")" + reason + R"("})");
    }
    void resume(double seconds, RecordingId id) {
        at(seconds, "recording_resumed", R"({"recording":")" + id.to_string() + R"("})");
    }
    [[nodiscard]] Journey read() const { return journey_of(events); }
};

constexpr const char* kWhole = R"(,"complete":true,"reason":"stopped")";

}  // namespace

TEST_CASE_FIXTURE(Journal, "a transfer makes two segments, each with whom the caller spoke with") {
    at(0, "contact_arrived", R"({"caller":"+34600111222"})");
    queue(10);
    connect(30, kAna);
    start(30, kFirst);
    queue(60);
    at(60, "transfer_started", R"({"to_kind":"agent"})");
    queue(60);
    end(60.5, kFirst, 30'000, kWhole);
    connect(75, kLuis);
    start(75, kSecond);
    end(100, kSecond, 25'000, kWhole);
    const Journey journey = read();
    CHECK(journey.caller == "+34600111222");
    REQUIRE(journey.segments.size() == 2);
    CHECK(journey.segments[0].from_ms == 30'000);
    CHECK(journey.segments[0].to_ms == 60'000);
    CHECK(journey.segments[0].agent == kAna);
    CHECK(journey.segments[0].queue == kBilling);
    CHECK(journey.segments[0].is_complete);
    CHECK(journey.segments[1].agent == kLuis);
    CHECK(journey.segments[1].from_ms == 75'000);
    CHECK(journey.duration_ms() == 100'000);
    REQUIRE(journey.gaps.size() == 2);
    CHECK(journey.gaps[0].what == Journey::Between::Queue);
    CHECK(journey.gaps[0].queue == kBilling);
    CHECK(journey.gaps[0].to_ms == 30'000);
    CHECK(journey.gaps[1].what == Journey::Between::Transfer);
    CHECK(journey.gaps[1].from_ms == 60'000);
    CHECK(journey.gaps[1].to_ms == 75'000);
}

TEST_CASE_FIXTURE(Journal,
                  "a number outside is who the caller spoke with, once the agent is gone") {
    at(0, "contact_arrived");
    connect(0, kAna);
    start(0, kFirst);
    at(20, "outside_answered", R"({"number":"+34600123456"})");
    at(30, "contact_disconnected");
    end(30, kFirst, 30'000, kWhole);
    start(30, kSecond);
    at(60, "outside_ended");
    end(60, kSecond, 30'000, kWhole);
    const Journey journey = read();
    REQUIRE(journey.segments.size() == 2);
    CHECK(journey.segments[0].agent == kAna);
    CHECK(journey.segments[0].outside == "");
    CHECK_FALSE(journey.segments[1].agent.has_value());
    CHECK_FALSE(journey.segments[1].queue.has_value());
    CHECK(journey.segments[1].outside == "+34600123456");
    CHECK(journey.gaps.empty());
}

TEST_CASE_FIXTURE(Journal, "a caller passed on to a queue waits there") {
    at(0, "contact_arrived");
    connect(0, kAna);
    start(0, kFirst);
    at(10, "transfer_started", R"({"to_kind":"queue"})");
    queue(10);
    end(10, kFirst, 10'000, kWhole);
    connect(20, kLuis);
    start(20, kSecond);
    const Journey journey = read();
    REQUIRE(journey.gaps.size() == 1);
    CHECK(journey.gaps[0].what == Journey::Between::Queue);
    CHECK(journey.gaps[0].queue == kBilling);
}

TEST_CASE_FIXTURE(Journal, "who else was there is in every recording of that time, as what") {
    const auto with = [](const char* name, AgentId who, const char* more = "") {
        return std::string{R"({")"} + name + R"(":")" + who.to_string() + R"(")" + more + "}";
    };
    at(0, "contact_arrived");
    connect(0, kAna);
    start(0, kFirst);
    at(5, "conference_joined", with("with", kLuis));
    at(6, "supervision_started", with("supervisor", kSara, R"(,"mode":"listen")"));
    at(8, "supervision_changed", with("supervisor", kSara, R"(,"mode":"join")"));
    // Ana leaves: Luis is the agent, and who supervises stays.
    at(10, "conference_left", with("with", kLuis));
    connect(10, kLuis);
    start(10, kSecond);
    end(10, kFirst, 10'000, kWhole);
    at(12, "supervision_ended", with("supervisor", kSara));
    at(13, "conference_left", with("with", kAna));  // Of nobody who was there: nothing.
    end(20, kSecond, 10'000, kWhole);
    const Journey journey = read();
    REQUIRE(journey.segments.size() == 2);
    struct Line {
        AgentId who;
        std::string as;
        std::int64_t from_ms, to_ms;
    };
    const auto check = [](const Journey::Segment& segment, const std::vector<Line>& wanted) {
        REQUIRE(segment.others.size() == wanted.size());
        for (std::size_t i = 0; i < wanted.size(); ++i) {
            CAPTURE(i);
            CHECK(segment.others[i].agent == wanted[i].who);
            CHECK(segment.others[i].as == wanted[i].as);
            CHECK(segment.others[i].from_ms == wanted[i].from_ms);
            CHECK(segment.others[i].to_ms == wanted[i].to_ms);
        }
    };
    check(journey.segments[0],
          {{kLuis, "colleague", 5'000, 10'000},
           {kSara, "listen", 6'000, 8'000},
           {kSara, "join", 8'000, 10'000}});
    check(journey.segments[1], {{kSara, "join", 10'000, 12'000}});
}

TEST_CASE_FIXTURE(Journal, "what a dead media process lost is a gap that says so") {
    at(0, "contact_arrived");
    connect(5, kAna);
    start(5, kFirst);
    end(20, kFirst, 9'500, R"(,"complete":false,"reason":"interrupted")");
    start(20.2, kSecond);
    end(30, kSecond, 9'800, kWhole);
    const Journey journey = read();
    REQUIRE(journey.segments.size() == 2);
    CHECK_FALSE(journey.segments[0].is_complete);
    CHECK(journey.segments[1].agent == kAna);
    REQUIRE(journey.gaps.size() == 2);
    CHECK(journey.gaps[0].what == Journey::Between::Menu);
    CHECK(journey.gaps[1].what == Journey::Between::Lost);
    CHECK(journey.gaps[1].from_ms == 14'500);
    CHECK(journey.gaps[1].to_ms == 20'200);
}

TEST_CASE_FIXTURE(Journal, "pauses lie where media masked, with the reasons that were given") {
    at(0, "contact_arrived");
    connect(5, kAna);
    start(5, kFirst);
    pause(10, kFirst, "card_data");
    resume(15, kFirst);
    at(16, "hold_started");
    at(18, "hold_ended");
    pause(20, kFirst, "other");

    SUBCASE("while it goes on, as far as the journal knows") {
        const Journey journey = read();
        REQUIRE(journey.segments.size() == 1);
        const auto& segment = journey.segments[0];
        CHECK_FALSE(segment.is_over);
        CHECK(segment.to_ms == 20'000);
        REQUIRE(segment.pauses.size() == 2);
        CHECK(segment.pauses[1].from_ms == 20'000);
        REQUIRE(segment.holds.size() == 1);
        CHECK(segment.holds[0].to_ms == 18'000);
    }
    SUBCASE("to the millisecond when it is over") {
        end(30,
            kFirst,
            25'000,
            R"(,"complete":true,"reason":"stopped","pauses":"5010-10020,15005-25000")");
        const auto segment = read().segments.at(0);
        REQUIRE(segment.pauses.size() == 2);
        CHECK(segment.pauses[0].from_ms == 10'010);
        CHECK(segment.pauses[0].to_ms == 15'020);
        CHECK(segment.pauses[0].reason == "card_data");
        CHECK(segment.pauses[1].to_ms == 30'000);
        CHECK(segment.pauses[1].reason == "other");
    }
    SUBCASE("of an older recording, as the journal has them, the last to its end") {
        end(30, kFirst, 25'000, "");
        const auto segment = read().segments.at(0);
        CHECK(segment.end.empty());
        REQUIRE(segment.pauses.size() == 2);
        CHECK(segment.pauses[0].from_ms == 10'000);
        CHECK(segment.pauses[1].to_ms == 30'000);
    }
}

TEST_CASE_FIXTURE(Journal, "a voicemail has nobody on the right, and odd events change nothing") {
    at(0, "contact_arrived");
    at(1, "recording_started", "not json");
    at(2, "recording_ended", R"({"recording":"?"})");
    resume(2, kFirst);
    at(3, "hold_ended");
    start(4, kFirst, "voicemail");
    end(10, kFirst, 6'000, R"(,"complete":true,"reason":"silence","pauses":"x-")");
    const Journey journey = read();
    REQUIRE(journey.segments.size() == 1);
    CHECK(journey.segments[0].is_voicemail);
    CHECK_FALSE(journey.segments[0].agent);
    CHECK(journey.segments[0].pauses.empty());
    CHECK(Journal{}.read().segments.empty());
}

}  // namespace escucha::api
