#pragma once
// size: one world, so that each test reads as one story.

#include <doctest/doctest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <utility>

#include "base/overloaded.h"
#include "base/rng.h"
#include "control/centre.h"

namespace escucha::control::testing {

using namespace std::chrono_literals;

inline constexpr std::string_view kPhoneSdp =
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    "m=audio 4000 RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\n";
inline constexpr std::string_view kHoldSdp =
    "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    "m=audio 4000 RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\na=sendonly\r\n";
inline constexpr std::string_view kVideoOnlySdp =
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    "m=video 4000 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n";

/// "hello" is said, then the caller waits for a person.
inline std::shared_ptr<const flow::Document> straight_to_queue() {
    flow::Document document;
    document.name = "test";
    document.languages = {speech::Language::Es};
    document.start = "hello";
    document.human = "queue";
    document.prompts.emplace_back(
        "hello", flow::Prompt{.text = {{speech::Language::Es, "Hola."}}, .file = {}});
    flow::SayNode hello;
    hello.prompt = {"hello"};
    hello.next = "queue";
    flow::QueueNode queue;
    queue.queue = "main";
    queue.closed = queue.full = queue.no_agents = queue.failed = "end";
    const auto add = [&](flow::NodeId id, flow::Node::What what) {
        document.nodes.emplace_back(std::move(id), flow::Node{std::move(what), {}});
    };
    add("hello", hello);
    add("queue", queue);
    add("end", flow::EndNode{});
    return std::make_shared<const flow::Document>(std::move(document));
}

/// A variable of each kind of secret is set, a case with them is opened, then a person is wanted.
inline std::shared_ptr<const flow::Document> opens_a_case() {
    flow::Document document = *straight_to_queue();
    document.start = "give";
    const auto variable = [&](const char* name, flow::Type type, flow::Sensitivity sensitivity) {
        document.variables.emplace_back(name, flow::Variable{type, sensitivity});
    };
    variable("date", flow::Type::Date, flow::Sensitivity::Internal);
    variable("document", flow::Type::Digits, flow::Sensitivity::Personal);
    variable("balance", flow::Type::Money, flow::Sensitivity::Financial);
    variable("other", flow::Type::Text, flow::Sensitivity::Public);
    flow::SetNode give;
    give.values = {{"date", "2026-11-29"},
                   {"document", "12345678"},
                   {"balance", "1205 EUR"},
                   {"other", "not for the case"}};
    give.next = "case";
    flow::OpenCaseNode open;
    open.kind = "childcare";
    open.include = {"date", "document", "balance"};
    open.next = open.failed = "queue";
    document.nodes.emplace_back("give", flow::Node{give, {}});
    document.nodes.emplace_back("case", flow::Node{open, {}});
    return std::make_shared<const flow::Document>(std::move(document));
}

/// The caller is asked for a day and a number; both edges of a question lead to a person.
inline std::shared_ptr<const flow::Document> asks_the_day() {
    flow::Document document = *straight_to_queue();
    document.start = "day";
    document.variables.emplace_back("date",
                                    flow::Variable{flow::Type::Date, flow::Sensitivity::Internal});
    document.variables.emplace_back(
        "document", flow::Variable{flow::Type::Digits, flow::Sensitivity::Personal});
    const auto ask = [&](const char* name, flow::NodeId next) {
        flow::CollectNode collect;
        collect.variable = name;
        collect.entry.prompt = {"hello"};
        collect.entry.attempts.no_input = collect.entry.attempts.no_match = "queue";
        collect.next = std::move(next);
        return collect;
    };
    document.nodes.emplace_back("day", flow::Node{ask("date", "number"), {}});
    document.nodes.emplace_back("number", flow::Node{ask("document", "queue"), {}});
    return std::make_shared<const flow::Document>(std::move(document));
}

/// A connector is asked, then the caller waits for a person whatever it said.
inline std::shared_ptr<const flow::Document> asks_a_connector() {
    flow::Document document = *straight_to_queue();
    document.start = "ask";
    flow::LookUpNode look;
    look.connector = "billing";
    look.operation = "balance";
    look.next = look.failed = "queue";
    document.nodes.emplace_back("ask", flow::Node{look, {}});
    return std::make_shared<const flow::Document>(std::move(document));
}

inline std::string sdp_of(const std::string& types, const std::string& attributes) {
    return "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n"
           "m=audio 4000 RTP/AVP " +
           types + "\r\n" + attributes;
}

inline OutsideRules mobiles() { return {.allow = {"+346"}, .deny = {"+34699"}}; }

/// A centre with one line, one queue and two agents, whose media and speech answer at once. What it
/// does to telephones is kept for the test to look at and to answer.
class World {
public:
    explicit World(std::shared_ptr<const flow::Document> flow = straight_to_queue(),
                   OutsideRules outside = mobiles())
        : document{std::move(flow)}, rules{std::move(outside)} {
        Effects effects;
        centre.configure(config(), now, effects);
        centre.add_references(company->id, 0, 1'000);
        centre.media_ready({}, now, effects);
        take(effects);
        for (const auto* phone : {"ana", "luis"}) {
            act([&](Effects& out) {
                centre.on_phone(phone, acd::Reachability::Reachable, Signalling::Clear, now, out);
            });
        }
    }

    template <typename Body>
    void act(Body body) {
        Effects effects;
        body(effects);
        take(effects);
        while (!answers.empty()) {
            const auto next = std::move(answers.front());
            answers.pop_front();
            Effects more;
            next(more);
            take(more);
        }
        CHECK(centre.broken_invariant() == std::nullopt);
    }
    void leg(LegEvent event) {
        act([&](Effects& out) { centre.on(event, now, out); });
    }
    void sound(media::Event event) {
        act([&](Effects& out) { centre.on(event, now, out); });
    }
    Result<void> command(Command wanted) {
        done.clear();
        act([&](Effects& out) {
            centre.on_command(CommandToken{1}, company->id, wanted, now, out);
        });
        REQUIRE(done.size() == 1);
        return done.front();
    }
    void pass(Duration time) {
        const Instant until = now.mono + time;
        while (true) {
            const auto next = centre.next_wakeup();
            if (!next || *next > until) break;
            advance_to(std::max(*next, now.mono));
            act([&](Effects& out) { centre.wake(now, out); });
        }
        advance_to(until);
    }
    void set_encryption(sdp::Encryption everybodys,
                        std::optional<sdp::Encryption> trunks = std::nullopt) {
        Config changed = config();
        changed.encryption = everybodys;
        changed.trunks.front().encryption = trunks;
        act([&](Effects& out) { centre.configure(std::move(changed), now, out); });
    }
    void register_phone(std::string_view phone, Signalling signalling) {
        act([&](Effects& out) {
            centre.on_phone(phone, acd::Reachability::Reachable, signalling, now, out);
        });
    }
    /// What a new control makes of another one's row, all its legs and endpoints still there.
    void be_restored_from(const World& dead, ContactId contact, const std::string& row) {
        SavedContact saved{.contact = contact, .state = row, .living_legs = {}};
        for (const auto& action : dead.to_legs) {
            if (const auto* answer = std::get_if<AnswerCaller>(&action)) {
                saved.living_legs.push_back(answer->leg);
            } else if (const auto* ring = std::get_if<RingPhone>(&action)) {
                saved.living_legs.push_back(ring->leg);
            }
        }
        media::Listing listing;
        for (const auto& command : dead.to_media) {
            const auto* create = std::get_if<media::Create>(&command);
            if (create != nullptr) listing.endpoints.push_back({.endpoint = create->endpoint});
        }
        act([&](Effects& out) {
            centre.restore({.contacts = {saved}, .states = dead.states}, now, out);
        });
        act([&](Effects& out) { centre.media_ready(listing, now, out); });
    }
    void reconfigure() {
        act([&](Effects& out) { centre.configure(config(), now, out); });
    }
    void choose_music(std::vector<std::string> chosen) {
        music = std::move(chosen);
        reconfigure();
    }
    void choose_sink(std::string connector) {
        sink = SecureSink{
            .company = company->id, .connector = std::move(connector), .operation = "keyed"};
        reconfigure();
    }
    /// A second company, line 200 and a queue of its own, which Ana serves too.
    void add_partner() {
        partner = make_company();
        reconfigure();
        centre.add_references(partner->id, 0, 1'000);
    }
    void stop_queue() {
        is_stopped = true;
        reconfigure();
    }
    /// Beside Ana and Luis, with a registered phone of that name.
    AgentId add_agent(const std::string& name) {
        others.emplace_back(AgentId::make(now.wall, rng), name);
        reconfigure();
        register_phone(name, Signalling::Clear);
        return others.back().first;
    }
    void make_ready(AgentId agent) {
        REQUIRE(command(SignIn{agent}));
        REQUIRE(command(SetReady{agent}));
    }
    /// By the first caller.
    void press(std::string_view keys) {
        const auto* create = std::get_if<media::Create>(&to_media.front());
        REQUIRE(create != nullptr);
        for (const char key : keys) sound(media::Digit{.endpoint = create->endpoint, .digit = key});
    }
    /// What signalling says at the centre's next look.
    void look(const std::vector<LegId>& living) {
        const auto before = looks;
        pass(5s);
        REQUIRE(looks > before);
        act([&](Effects& out) { centre.on_living_legs(living, now, out); });
    }
    /// A caller who dialled, was answered and heard the flow out.
    LegId caller(std::string sdp = std::string{kPhoneSdp},
                 std::string number = "600123456",
                 std::string dialled = "100") {
        const LegId leg_id = LegId::make(now.wall, rng);
        leg(IncomingCall{.leg = leg_id,
                         .source = trunk,
                         .dialled = std::move(dialled),
                         .caller = std::move(number),
                         .caller_display = {},
                         .sdp = std::move(sdp)});
        leg(LegConfirmed{leg_id, std::nullopt});
        return leg_id;
    }
    [[nodiscard]] std::vector<std::string> events(std::string_view type) const {
        std::vector<std::string> found;
        for (const Event& event : journal) {
            if (event.type == type) found.emplace_back(event.type);
        }
        return found;
    }
    [[nodiscard]] std::string field(std::string_view type, std::string_view name) const {
        for (auto event = journal.rbegin(); event != journal.rend(); ++event) {
            if (event->type != type) continue;
            const auto* value = event->find(name);
            if (value == nullptr) return "(absent)";
            if (const auto* text = std::get_if<std::string>(value)) return *text;
            if (const auto* number = std::get_if<std::int64_t>(value)) {
                return std::to_string(*number);
            }
            return "(other)";
        }
        return "(no event)";
    }
    template <typename T>
    [[nodiscard]] std::vector<T> legs_told() const {
        std::vector<T> found;
        for (const auto& action : to_legs) {
            if (const auto* one = std::get_if<T>(&action)) found.push_back(*one);
        }
        return found;
    }
    template <typename T>
    [[nodiscard]] std::size_t told_media() const {
        return static_cast<std::size_t>(
            std::count_if(to_media.begin(), to_media.end(), [](const auto& command) {
                return std::holds_alternative<T>(command);
            }));
    }
    [[nodiscard]] AgentState state(AgentId agent) const {
        return centre.agent(company->id, agent)->state;
    }

    std::shared_ptr<const flow::Document> document;
    OutsideRules rules;
    Rng rng{5};
    Now now{.mono = Instant{1'000s}, .wall = *parse_rfc3339("2026-11-23T10:00:00Z")};
    std::shared_ptr<Company> company = make_company();
    TrunkId trunk = TrunkId::make(now.wall, rng);
    QueueId queue = QueueId::make(now.wall, rng);
    AgentId ana = AgentId::make(now.wall, rng);
    AgentId luis = AgentId::make(now.wall, rng);
    std::shared_ptr<Company> partner{};
    QueueId partners_queue = QueueId::make(now.wall, rng);
    AgentId ana_there = AgentId::make(now.wall, rng);
    bool is_stopped = false;
    UserId anas = UserId::make(now.wall, rng);
    Centre centre{11, [rng = Rng{5}](std::span<std::uint8_t> bytes) mutable {
                      for (auto& byte : bytes) byte = static_cast<std::uint8_t>(rng.next());
                  }};
    std::vector<Event> journal;
    std::vector<LegAction> to_legs;
    std::vector<media::Command> to_media;
    std::vector<CompanyId> recorded_for;
    std::vector<Result<void>> done;
    std::map<ContactId, std::string> rows;
    std::vector<std::pair<std::string, std::string>> states;
    std::vector<std::string> music;                       ///< Of the queue.
    std::vector<std::pair<AgentId, std::string>> others;  ///< Added.
    CallerFacts facts;
    std::size_t looks = 0;                 ///< Times the centre asked which legs live.
    std::vector<Ticket> connectors_asked;  ///< For the test to answer.
    bool has_voice = true;                 ///< The speech engine works.
    bool is_media_slow = false;            ///< The test says itself when an endpoint is made.
    std::vector<AskConnector> questions;   ///< Of these.
    std::optional<SecureSink> sink;        ///< Of the company, from the next `choose_sink`.

private:
    std::shared_ptr<Company> make_company() {
        auto made = std::make_shared<Company>();
        made->id = CompanyId::make(now.wall, rng);
        made->name = "Prueba";
        made->calling_code = "34";
        made->zone = "Europe/Madrid";
        return made;
    }
    std::shared_ptr<const Line> line_of(const std::shared_ptr<Company>& whose,
                                        const std::string& dialled) {
        return std::make_shared<const Line>(Line{.id = LineId::make(now.wall, rng),
                                                 .company = whose,
                                                 .name = "Atención",
                                                 .dialled = dialled,
                                                 .flow = FlowId::make(now.wall, rng),
                                                 .flow_version = 1,
                                                 .document = document});
    }
    Config config() {
        Config out;
        out.lines.push_back(line_of(company, "100"));
        out.queues.push_back({.acd = {.id = queue, .company = company->id, .name = "Principal"},
                              .key = "main",
                              .hours = nullptr,
                              .music = music,
                              .is_stopped = is_stopped});
        std::vector<std::pair<AgentId, std::string>> agents{{ana, "ana"}, {luis, "luis"}};
        agents.insert(agents.end(), others.begin(), others.end());
        for (const auto& [id, name] : agents) {
            out.agents.push_back(
                {.profile = {.id = id,
                             .company = company->id,
                             .memberships = {{.queue = queue}},
                             .person = id == ana ? anas : UserId::make(now.wall, rng)},
                 .user = id == ana ? anas : UserId::make(now.wall, rng),
                 .name = name,
                 .phone = name});
        }
        if (partner) {
            out.lines.push_back(line_of(partner, "200"));
            out.queues.push_back(
                {.acd = {.id = partners_queue, .company = partner->id, .name = "P"},
                 .key = "main",
                 .hours = nullptr});
            out.agents.push_back({.profile = {.id = ana_there,
                                              .company = partner->id,
                                              .memberships = {{.queue = partners_queue}},
                                              .person = anas},
                                  .user = anas,
                                  .name = "ana",
                                  .phone = "ana"});
        }
        out.trunks.push_back({.id = trunk, .company = company->id});
        if (partner) out.trunks.back().others = {partner->id};
        out.outside.push_back({.company = company->id,
                               .calling_code = company->calling_code,
                               .zone = company->zone,
                               .rules = rules,
                               .trunks = {trunk},
                               .ring_time = 25s});
        if (sink) out.secure_sinks.push_back(*sink);
        return out;
    }
    void advance_to(Instant instant) {
        now.wall += instant - now.mono;
        now.mono = instant;
    }
    void take(Effects& effects) {
        for (auto& event : effects.events) journal.push_back(event);
        for (const auto& change : effects.live) {
            std::visit(
                overloaded{[&](const LiveRow& row) { rows[row.contact] = row.state; },
                           [&](const LiveRowGone& gone) { rows.erase(gone.contact); },
                           [&](const StateRow& row) { states.emplace_back(row.name, row.state); }},
                change);
        }
        for (auto& action : effects.actions) carry_out(action);
    }
    void carry_out(Action& action) {
        std::visit(
            overloaded{[&](const LegAction& leg) { to_legs.push_back(leg); },
                       [&](const media::Command& command) {
                           to_media.push_back(command);
                           answer_media(command);
                       },
                       [&](const StartRecording& start) {
                           recorded_for.push_back(start.company);
                           to_media.emplace_back(start.record);
                       },
                       [&](const PrepareSpeech& speech) {
                           answers.push_back([this, speech](Effects& out) {
                               std::optional<std::vector<std::string>> prompts;
                               if (has_voice) prompts.emplace(1, "es/hola.wav");
                               centre.on_speech(
                                   speech.contact, speech.play, std::move(prompts), now, out);
                           });
                       },
                       [&](const AskStore& question) {
                           if (const auto* asked = std::get_if<AskConnector>(&question.question)) {
                               questions.push_back(*asked);
                               connectors_asked.push_back(question.ticket);
                               return;
                           }
                           answers.push_back([this, question](Effects& out) {
                               centre.on_answer(question.ticket, facts, now, out);
                           });
                       },
                       [&](const CommandDone& finished) { done.push_back(finished.result); },
                       [](const WantReferences&) {},
                       [&](const WantLivingLegs&) { ++looks; }},
            action);
    }
    void answer_media(const media::Command& command) {
        const auto* create = std::get_if<media::Create>(&command);
        if (create != nullptr && !is_media_slow) {
            answers.push_back([this, endpoint = create->endpoint](Effects& out) {
                centre.on(media::Event{media::Created{
                              .endpoint = endpoint, .ip = "127.0.0.1", .port = 20'000}},
                          now,
                          out);
            });
        }
        const auto* play = std::get_if<media::Play>(&command);
        if (play != nullptr && play->repeat == media::Repeat::Once) {
            answers.push_back([this, play = *play](Effects& out) {
                centre.on(
                    media::Event{media::PlayEnded{.endpoint = play.endpoint, .play = play.play}},
                    now,
                    out);
            });
        }
    }

    std::deque<std::function<void(Effects&)>> answers;
};

/// One call in a world of its own: what the rigs of several chapters begin with.
struct OneCall {
    template <typename... Options>
    explicit OneCall(Options&&... options) : world{std::forward<Options>(options)...} {}

    /// The caller talks with Ana; their two legs are set.
    void talk() {
        world.make_ready(world.ana);
        caller = world.caller();
        agent = world.legs_told<RingPhone>().front().leg;
        world.leg(LegAnswered{agent, std::string{kPhoneSdp}});
    }
    /// Ana's phone puts the caller on hold and dials: its second call is `phone`.
    void hold_and_dial(std::string number) {
        world.leg(LegReoffered{agent, std::string{kHoldSdp}});
        phone = LegId::make(world.now.wall, world.rng);
        world.leg(IncomingCall{.leg = phone,
                               .source = world.ana,
                               .dialled = std::move(number),
                               .caller = "ana",
                               .caller_display = {},
                               .sdp = std::string{kPhoneSdp}});
    }
    [[nodiscard]] ContactView contact() const {
        return world.centre.contacts(world.company->id).front();
    }
    [[nodiscard]] bool was_ended(LegId leg) const {
        const auto ended = world.legs_told<EndLeg>();
        return std::ranges::find(ended, leg, &EndLeg::leg) != ended.end();
    }
    /// Of the n-th leg that was made: the caller, the agent, then whom the test makes.
    [[nodiscard]] media::EndpointId endpoint(std::size_t n) const {
        std::vector<media::EndpointId> made;
        for (const auto& command : world.to_media) {
            if (const auto* create = std::get_if<media::Create>(&command)) {
                made.push_back(create->endpoint);
            }
        }
        return made.at(n);
    }
    /// For a world that begins where this one was killed.
    [[nodiscard]] SavedRows saved(const std::vector<LegId>& living) const {
        SavedRows rows{.contacts = {}, .states = world.states};
        for (const auto& [contact, state] : world.rows) {
            rows.contacts.push_back({.contact = contact, .state = state, .living_legs = living});
        }
        return rows;
    }

    World world;
    LegId caller;
    LegId agent;
    LegId phone;
};

}  // namespace escucha::control::testing
