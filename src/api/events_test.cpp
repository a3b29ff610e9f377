#include <atomic>
#include <memory>
#include <set>
#include <thread>

#include <doctest/doctest.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "api/detail/access.h"
#include "api/detail/event_feed.h"
#include "api/testing/world.h"

using namespace escucha;
using namespace escucha::api;
using namespace escucha::api::testing;
using namespace std::chrono_literals;
using net::testing::WebSocket;

namespace {

namespace json = boost::json;

/// A WebSocket whose every frame is checked against the contract.
class Stream {
public:
    Stream(World& world,
           const Person& who,
           const std::string& query = {},
           std::vector<std::string> headers = {})
        : world_{world},
          socket_{world.server->port(), "/api/v1/events" + query, lines(who, headers)} {}

    /// The next frame that is not a ping; null at the end.
    json::value next() {
        for (;;) {
            const auto text = socket_.receive();
            if (!text) return nullptr;
            json::value frame = json::parse(*text);
            const auto& schema =
                world_.contract.document().at_pointer("/components/schemas/EventFrame");
            for (const Fault& fault : world_.contract.check(schema, frame)) {
                FAIL_CHECK(fault.pointer, ": ", fault.detail.en, " in ", *text);
            }
            if (frame.at("type") != "ping") return frame;
        }
    }
    WebSocket& socket() { return socket_; }

private:
    static std::vector<std::string> lines(const Person& who, std::vector<std::string> headers) {
        for (std::string& line : who.credentials()) headers.push_back(std::move(line));
        return headers;
    }
    World& world_;
    WebSocket socket_;
};

Event spoken(World& world, std::int64_t number) {
    Event event = world.event("reference_spoken");
    event.contact = ContactId{Uuid{1, 1}};
    event.with("times", number);
    return event;
}

}  // namespace

TEST_CASE("a stream greets, replays what came after since, and goes on live") {
    World world{each_engine()};
    const Person sara = world.sign_in("sara");
    const std::int64_t since = world.journal->last_committed();
    world.commit({spoken(world, 1), spoken(world, 2)});
    Stream stream{world, sara, "?since=" + std::to_string(since)};
    REQUIRE(stream.socket().is_open());
    const json::value hello = stream.next();
    CHECK(hello.at("type") == "hello");
    CHECK(hello.at("seq") == since);
    const json::value first = stream.next();
    CHECK(first.at("data").at("times") == 1);
    CHECK(first.at("prev") == since);
    const json::value second = stream.next();
    CHECK(second.at("prev") == first.at("seq"));
    world.commit({spoken(world, 3)});
    CHECK(stream.next().at("data").at("times") == 3);
}

TEST_CASE("a stream without since begins now") {
    World world{each_engine()};
    const Person sara = world.sign_in("sara");
    world.commit({spoken(world, 1)});
    Stream stream{world, sara};
    CHECK(stream.next().at("type") == "hello");
    world.commit({spoken(world, 2)});
    CHECK(stream.next().at("data").at("times") == 2);
}

TEST_CASE("another company's events are not in the stream, and leave no hole in it") {
    World world{each_engine()};
    const Person sara = world.sign_in("sara");
    Stream stream{world, sara};
    const std::int64_t start = stream.next().at("seq").as_int64();
    Event foreign = spoken(world, 9);
    foreign.company = world.other_company;
    world.commit({spoken(world, 1), foreign, foreign, spoken(world, 2)});
    const json::value first = stream.next();
    const json::value second = stream.next();
    CHECK(first.at("prev") == start);
    CHECK(second.at("data").at("times") == 2);
    CHECK(second.at("prev") == first.at("seq"));
    CHECK(second.at("seq").as_int64() == first.at("seq").as_int64() + 3);
}

TEST_CASE("reconnecting in the middle of many commits loses nothing and repeats nothing") {
    World world{each_engine()};
    const Person sara = world.sign_in("sara");
    std::int64_t last = world.journal->last_committed();
    constexpr std::int64_t kEvents = 1'500;
    std::jthread writer{[&] {
        for (std::int64_t i = 1; i <= kEvents;) {
            std::vector<Event> events;
            for (int n = 0; n < 1 + i % 7 && i <= kEvents; ++n)
                events.push_back(spoken(world, i++));
            world.commit(std::move(events));
        }
    }};
    std::int64_t expected = 1;
    for (int connection = 0; expected <= kEvents; ++connection) {
        Stream stream{world, sara, "?since=" + std::to_string(last)};
        REQUIRE(stream.next().at("type") == "hello");
        // Every connection hears a little more than the one before.
        for (int n = 0; n < 3 + connection * 5 && expected <= kEvents; ++n) {
            const json::value frame = stream.next();
            REQUIRE(frame.is_object());
            REQUIRE(frame.at("data").at("times") == expected);
            REQUIRE(frame.at("prev") == last);
            last = frame.at("seq").as_int64();
            ++expected;
        }
    }
    CHECK(expected == kEvents + 1);
}

TEST_CASE("a replay reads the table when memory does not reach back") {
    World world{each_engine()};
    const Person sara = world.sign_in("sara");
    const std::int64_t since = world.journal->last_committed();
    for (std::int64_t i = 1; i <= 300; ++i) world.commit({spoken(world, i)});
    world.restart();
    world.commit({spoken(world, 301)});
    Stream stream{world, sara, "?since=" + std::to_string(since)};
    CHECK(stream.next().at("type") == "hello");
    for (std::int64_t i = 1; i <= 301; ++i) REQUIRE(stream.next().at("data").at("times") == i);
}

TEST_CASE("a since that is too old, or from another journal, asks for a new snapshot") {
    World world{each_engine()};
    const Person sara = world.sign_in("sara");
    Stream ahead{world, sara, "?since=" + std::to_string(world.journal->last_committed() + 1)};
    CHECK(ahead.next().at("type") == "snapshot_needed");
    CHECK(ahead.next().is_null());
    CHECK(ahead.socket().close_code() == kCloseSnapshotNeeded);
    std::vector<Event> many(4'000, spoken(world, 1));
    for (int i = 0; i < 5; ++i) world.commit(many);
    const std::int64_t last = world.journal->last_committed();
    Stream oldest{world, sara, "?since=" + std::to_string(last - kMaxReplay)};
    CHECK(oldest.next().at("type") == "hello");
    Stream older{world, sara, "?since=" + std::to_string(last - kMaxReplay - 1)};
    CHECK(older.next().at("type") == "snapshot_needed");
}

TEST_CASE("frames carry what is public, and name the rest") {
    World world{each_engine()};
    const Person ana = world.sign_in("ana");
    Stream stream{world, ana};
    CHECK(stream.next().at("type") == "hello");
    Event note = world.event("note_saved");
    note.case_id = CaseId{Uuid{1, 2}};
    note.with("note", NoteId{Uuid{1, 3}}.to_string())
        .with("version", std::int64_t{1})
        .with("text", "secreto");
    Event datum = world.event("datum_given");
    datum.contact = ContactId{Uuid{1, 4}};
    datum.with("name", "document").with("value", "12345678Z").with("given_by", "caller");
    Event of_case = world.event("case_datum_recorded");
    of_case.case_id = CaseId{Uuid{1, 2}};
    of_case.with("name", "document").with("value", "12345678Z").with("given_by", "caller");
    Event updated = world.event("customer_updated");
    updated.customer = world.customer;
    updated.with("address", "Calle Mayor 1");
    world.commit({note, datum, of_case, updated});
    const json::value first = stream.next();
    CHECK(first.at("data").as_object().contains("version"));
    CHECK(!first.at("data").as_object().contains("text"));
    CHECK(!stream.next().at("data").as_object().contains("value"));
    CHECK(!stream.next().at("data").as_object().contains("value"));
    CHECK(stream.next().at("data") == json::parse(R"({"masked":["address"]})"));
}

TEST_CASE("a stream is refused without a session and from another site") {
    World world{each_engine()};
    const Person nobody = world.stranger();
    Stream stranger{world, nobody};
    CHECK(!stranger.socket().is_open());
    CHECK(stranger.socket().refusal().status == 401);
    const Person sara = world.sign_in("sara");
    Stream foreign{world, sara, "", {"Origin: http://evil.example"}};
    CHECK(foreign.socket().refusal().status == 403);
    Stream bad{world, sara, "?since=-1"};
    CHECK(bad.socket().refusal().status == 422);
}

TEST_CASE("what happens is told to those who work on the floor, as long as they do") {
    World world;
    for (const char* role : {"auditor", "knowledge_editor", "department_head"}) {
        INFO(role);
        Stream refused{world, world.sign_in(world.add_person(role, world.company))};
        CHECK(refused.socket().refusal().status == 403);
    }
    Person root = world.sign_in(world.add_person("administrator", world.company));
    const auto give = [&](const std::string& permission) {
        return root
            .send("PUT",
                  "/api/v1/roles/sala",
                  R"({"name_es":"Sala","name_en":"Floor","permissions":[")" + permission + "\"]}")
            .status;
    };
    REQUIRE(give("watch_floor") == 200);
    Stream stream{world, world.sign_in(world.add_person("sala", world.company))};
    CHECK(stream.next().at("type") == "hello");
    REQUIRE(give("read_figures") == 200);
    CHECK(stream.next().is_null());
}

TEST_CASE("silence is filled with pings that tell the last event") {
    World world{each_engine()};
    world.heartbeat = 40ms;
    world.restart();
    const Person sara = world.sign_in("sara");
    WebSocket socket{
        world.server->port(), "/api/v1/events", {"Cookie: escucha_session=" + sara.cookie()}};
    CHECK(socket.receive()->find("hello") != std::string::npos);
    const json::value ping = json::parse(*socket.receive());
    CHECK(ping.at("type") == "ping");
    CHECK(ping.at("seq") == world.journal->last_committed());
}

TEST_CASE(
    "whoever its declaration does not name opens no stream, and nobody sees another company's") {
    World world{each_engine()};
    CHECK(Stream{world, world.stranger()}.socket().refusal().status == 401);
    const auto access = declared_access(*world.contract.operation("/api/v1/events", "get")).value();
    std::vector<std::unique_ptr<Stream>> ours, theirs;
    for (const auto& role : identity::built_in_roles()) {
        for (const CompanyId company : {world.company, world.other_company}) {
            auto stream =
                std::make_unique<Stream>(world, world.sign_in(world.add_person(role.key, company)));
            INFO(role.key);
            if (!access.admits(identity::built_in(role.key).value())) {
                CHECK(stream->socket().refusal().status == 403);
                continue;
            }
            CHECK(stream->next().at("type") == "hello");
            (company == world.company ? ours : theirs).push_back(std::move(stream));
        }
    }
    CHECK(ours.size() > 2);
    CHECK(theirs.size() == ours.size());

    const World::Talk talk = world.talk(world.agent);
    Event last = spoken(world, 7);
    world.commit({last});
    last.company = world.other_company;
    last.contact = ContactId{Uuid{2, 2}};
    world.commit({last});
    for (const auto& stream : theirs) {
        const json::value first = stream->next();
        CHECK(first.at("type") == "reference_spoken");
        CHECK(std::string{first.at("contact_id").as_string()} == last.contact->to_string());
    }
    for (const auto& stream : ours) {
        std::set<std::string> contacts;
        for (json::value frame = stream->next(); frame.at("type") != "reference_spoken";) {
            // The caller's number is for who opens the contact.
            CHECK(json::serialize(frame).find("+34600111222") == std::string::npos);
            if (frame.at("contact_id").is_string()) {
                contacts.emplace(frame.at("contact_id").as_string());
            }
            frame = stream->next();
        }
        CHECK(contacts == std::set{talk.contact.to_string()});
    }
}
