// What is kept of a call through a kill, and how it goes on.

#include <algorithm>
#include <stdexcept>
#include <utility>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "base/hex.h"
#include "control/detail/impl.h"

namespace escucha::control {

namespace {

namespace json = boost::json;

constexpr int kFormat = 1;
/// Plays of a call before the kill may still end afterwards: their numbers are not used again.
constexpr std::uint64_t kPlaysSkipped = 1'000;

// Keys are kept with the dialog they belong to, whose saved messages hold them too, and for as
// long: see ADR 15.
json::object write(const SrtpKey& key) {
    return {{"suite", name_of(key.suite)}, {"key", to_hex(key.bytes())}};
}

SrtpKey read_key(const json::value& saved) {
    const json::object& in = saved.as_object();
    SrtpKey key{.suite = srtp_suite_of(in.at("suite").as_string()).value(), .master = {}};
    if (!from_hex(in.at("key").as_string(), key.bytes())) throw std::runtime_error{"key"};
    return key;
}

json::object write(const Leg& leg) {
    json::object out{{"id", leg.id.to_string()},
                     {"endpoint", static_cast<std::uint64_t>(leg.endpoint)},
                     {"address", leg.local.address},
                     {"port", leg.local.port},
                     {"session", leg.local.session_id},
                     {"version", leg.local.session_version},
                     {"silent", leg.is_silent},
                     {"encryption", static_cast<int>(leg.local.encryption)}};
    if (!leg.local.keys.empty()) {
        json::array& keys = out["keys"].emplace_array();
        for (const SrtpKey& key : leg.local.keys) keys.emplace_back(write(key));
    }
    if (leg.agreed) {
        const sdp::Agreed& agreed = *leg.agreed;
        out["agreed"] = {{"codec", static_cast<int>(agreed.codec)},
                         {"pt", agreed.payload_type},
                         {"event_pt", agreed.telephone_event_pt.value_or(0)},
                         {"event_hz", agreed.telephone_event_hz},
                         {"ip", agreed.remote_address},
                         {"port", agreed.remote_port},
                         {"rtcp", agreed.remote_rtcp_port},
                         {"mux", agreed.is_rtcp_mux},
                         {"direction", static_cast<int>(agreed.direction)},
                         {"profile", static_cast<int>(agreed.profile)}};
        if (agreed.srtp) {
            out["srtp"] = {{"send", write(agreed.srtp->send)},
                           {"receive", write(agreed.srtp->receive)}};
        }
    }
    return out;
}

// Saved text is ours; a field that is missing or of another kind throws, and `restore` catches it
// at the border and gives the call up as one that cannot be read.
Leg read_leg(const json::object& in) {
    Leg leg;
    leg.id = LegId::parse(in.at("id").as_string()).value_or(LegId{});
    leg.endpoint = media::EndpointId{in.at("endpoint").to_number<std::uint64_t>()};
    leg.local.address = in.at("address").as_string().c_str();
    leg.local.port = in.at("port").to_number<std::uint16_t>();
    leg.local.session_id = in.at("session").to_number<std::uint64_t>();
    leg.local.session_version = in.at("version").to_number<std::uint64_t>();
    leg.is_unproven = true;
    if (const auto* silent = in.if_contains("silent")) leg.is_silent = silent->as_bool();
    // Rows of before there was encryption lack what follows.
    if (const auto* rule = in.if_contains("encryption")) {
        leg.local.encryption = static_cast<sdp::Encryption>(rule->to_number<std::uint8_t>());
    }
    if (const auto* keys = in.if_contains("keys")) {
        for (const json::value& key : keys->as_array()) leg.local.keys.push_back(read_key(key));
    }
    if (const auto* saved = in.if_contains("agreed")) {
        const json::object& agreed = saved->as_object();
        sdp::Agreed out;
        out.codec = static_cast<sdp::Codec>(agreed.at("codec").to_number<std::uint8_t>());
        out.payload_type = agreed.at("pt").to_number<std::uint8_t>();
        const auto event_pt = agreed.at("event_pt").to_number<std::uint8_t>();
        if (event_pt != 0) out.telephone_event_pt = event_pt;
        // Rows of before there was Opus lack it.
        if (const auto* hz = agreed.if_contains("event_hz")) {
            out.telephone_event_hz = hz->to_number<std::uint32_t>();
        }
        out.remote_address = agreed.at("ip").as_string().c_str();
        out.remote_port = agreed.at("port").to_number<std::uint16_t>();
        out.remote_rtcp_port = agreed.at("rtcp").to_number<std::uint16_t>();
        out.is_rtcp_mux = agreed.at("mux").as_bool();
        out.direction = static_cast<sdp::Direction>(agreed.at("direction").to_number<int>());
        if (const auto* profile = agreed.if_contains("profile")) {
            out.profile = static_cast<sdp::Profile>(profile->to_number<std::uint8_t>());
        }
        if (const auto* srtp = in.if_contains("srtp")) {
            out.srtp = SrtpKeys{.send = read_key(srtp->as_object().at("send")),
                                .receive = read_key(srtp->as_object().at("receive"))};
            leg.cipher = out.srtp->send.suite;
        }
        agree_on(leg, std::move(out));
    }
    return leg;
}

json::array write(const std::vector<RecordingId>& recordings) {
    json::array out;
    for (const RecordingId id : recordings) out.emplace_back(id.to_string());
    return out;
}

// A call knows when it began on both clocks, which ties any other instant of it to the wall.
WallTime wall_of(Instant then, const Call& call) { return call.arrived + (then - call.began); }
Instant instant_of(std::int64_t micros, Now now) {
    return now.mono - (now.wall - from_micros(micros));
}

void write_talk(const InTalk& talk, const Call& call, json::object& out) {
    out["talk_since"] = to_micros(wall_of(talk.since, call));
    out["held_before"] = talk.held_before.count();
    if (!talk.held) return;
    out["held"] = {{"by", static_cast<int>(talk.held->by)},
                   {"since", to_micros(wall_of(talk.held->since, call))}};
}

InTalk read_talk(const json::object& in, Now now) {
    InTalk talk{.since = instant_of(in.at("talk_since").to_number<std::int64_t>(), now),
                .held = std::nullopt,
                .held_before = Duration{in.at("held_before").to_number<std::int64_t>()}};
    if (const auto* saved = in.if_contains("held")) {
        const json::object& held = saved->as_object();
        talk.held = Held{.by = static_cast<Held::By>(held.at("by").to_number<int>()),
                         .since = instant_of(held.at("since").to_number<std::int64_t>(), now)};
    }
    return talk;
}

json::object write(const OutsideLeg& outside, const Call& call) {
    json::object out{{"leg", write(outside.leg)},
                     {"number", outside.number},
                     {"asked_by", outside.asked_by.to_string()},
                     {"asked", to_micros(wall_of(outside.asked_at, call))}};
    if (outside.answered_at) out["answered"] = to_micros(wall_of(*outside.answered_at, call));
    if (outside.trunk) out["trunk"] = outside.trunk->to_string();
    if (outside.place) out["place"] = acd::encode(*outside.place);
    json::array tried;
    for (const std::string& number : outside.tried) tried.emplace_back(number);
    if (!tried.empty()) out["tried"] = std::move(tried);
    return out;
}

OutsideLeg read_outside(const json::object& in, Now now) {
    OutsideLeg outside;
    outside.leg = read_leg(in.at("leg").as_object());
    outside.number = in.at("number").as_string().c_str();
    outside.asked_by = AgentId::parse(in.at("asked_by").as_string()).value_or(AgentId{});
    outside.asked_at = instant_of(in.at("asked").to_number<std::int64_t>(), now);
    // One that rang rings no more: its dialog was none yet.
    outside.deadline = now.mono;
    if (const auto* answered = in.if_contains("answered")) {
        outside.answered_at = instant_of(answered->to_number<std::int64_t>(), now);
    }
    if (const auto* trunk = in.if_contains("trunk")) {
        outside.trunk = TrunkId::parse(trunk->as_string());
    }
    if (const auto* place = in.if_contains("place")) {
        if (auto row = acd::decode_contact_row(place->as_string())) {
            outside.place = std::move(row).value();
        }
    }
    if (const auto* tried = in.if_contains("tried")) {
        for (const json::value& number : tried->as_array()) {
            outside.tried.emplace_back(number.as_string());
        }
    }
    return outside;
}

json::object write(const Consultation& asked, const Call& call) {
    json::object out{{"asked", to_micros(wall_of(asked.asked_at, call))},
                     {"paused", asked.is_recording_paused}};
    if (const auto& colleague = asked.colleague) {
        out["leg"] = write(colleague->leg);
        out["with"] = colleague->agent.to_string();
        out["next"] = static_cast<int>(colleague->next.kind);
        out["reason"] = colleague->next.reason;
    }
    if (asked.phone) out["phone"] = write(*asked.phone);
    if (asked.answered_at) out["answered"] = to_micros(wall_of(*asked.answered_at, call));
    return out;
}

Consultation read_consultation(const json::object& in, Now now) {
    Consultation asked;
    if (const auto* leg = in.if_contains("leg")) {
        AskedColleague& colleague = asked.colleague.emplace();
        colleague.leg = read_leg(leg->as_object());
        colleague.agent = AgentId::parse(in.at("with").as_string()).value_or(AgentId{});
        colleague.next.kind = static_cast<acd::NextStatus::Kind>(in.at("next").to_number<int>());
        colleague.next.reason = in.at("reason").as_string().c_str();
        // One that rang rings no more: its dialog was none yet.
        colleague.deadline = now.mono;
    }
    asked.asked_at = instant_of(in.at("asked").to_number<std::int64_t>(), now);
    asked.is_recording_paused = in.at("paused").as_bool();
    if (const auto* phone = in.if_contains("phone")) asked.phone = read_leg(phone->as_object());
    if (const auto* answered = in.if_contains("answered")) {
        asked.answered_at = instant_of(answered->to_number<std::int64_t>(), now);
    }
    return asked;
}

json::object write(const Member& member, const Call& call) {
    json::object out{{"leg", write(member.leg)},
                     {"agent", member.agent.to_string()},
                     {"part", static_cast<int>(member.part)},
                     {"role", static_cast<int>(member.role)},
                     {"asked", to_micros(wall_of(member.asked_at, call))}};
    if (member.joined_at) out["joined"] = to_micros(wall_of(*member.joined_at, call));
    if (member.next) {
        out["next"] = static_cast<int>(member.next->kind);
        out["reason"] = member.next->reason;
    }
    return out;
}

Member read_member(const json::object& in, Now now) {
    Member member;
    member.leg = read_leg(in.at("leg").as_object());
    member.agent = AgentId::parse(in.at("agent").as_string()).value_or(AgentId{});
    member.part = static_cast<Member::Part>(in.at("part").to_number<int>());
    member.role = static_cast<media::MixRole>(in.at("role").to_number<std::uint8_t>());
    member.asked_at = instant_of(in.at("asked").to_number<std::int64_t>(), now);
    // One that rang rings no more: its dialog was none yet.
    member.deadline = now.mono;
    if (const auto* joined = in.if_contains("joined")) {
        member.joined_at = instant_of(joined->to_number<std::int64_t>(), now);
    }
    if (const auto* next = in.if_contains("next")) {
        member.next =
            acd::NextStatus{.kind = static_cast<acd::NextStatus::Kind>(next->to_number<int>()),
                            .reason = in.at("reason").as_string().c_str()};
    }
    return member;
}

// Never the digits, nor how many: whoever keys them keys them anew.
json::object write(const SecureInput& input, const Call& call) {
    json::object out{{"kind", word(input.entry.kind())},
                     {"most", input.entry.most()},
                     {"label", input.label},
                     {"attempt", input.attempt},
                     {"since", to_micros(wall_of(input.since, call))},
                     {"closing", input.phase == SecureInput::Phase::Closing},
                     {"paused", input.is_recording_paused}};
    if (input.comfort) out["comfort"] = static_cast<std::uint64_t>(*input.comfort);
    return out;
}

void read_secure_input(const json::object& in, Call& call, Now now) {
    const auto kind = parse_secure_kind(in.at("kind").as_string());
    SecureInput& input = call.secure.emplace(kind.value_or(SecureKind::Other),
                                             in.at("most").to_number<std::size_t>());
    input.label = in.at("label").as_string().c_str();
    input.attempt = in.at("attempt").to_number<std::uint32_t>();
    input.since = instant_of(in.at("since").to_number<std::int64_t>(), now);
    input.deadline = now.mono + kSecureTail;
    input.closes_by = now.mono + kSecureLongestTail;
    if (in.at("closing").as_bool()) input.phase = SecureInput::Phase::Closing;
    input.is_recording_paused = in.at("paused").as_bool();
    if (const auto* play = in.if_contains("comfort")) {
        input.comfort = media::PlayId{play->to_number<std::uint64_t>()};
    }
}

std::string_view stage_word(const Stage& stage) {
    constexpr std::string_view kWords[] = {
        "arriving", "answering", "flow", "queue", "talk", "outside"};
    return kWords[stage.index()];
}

}  // namespace

std::string Centre::Impl::save(const Call& call) const {
    json::object out{{"format", kFormat},
                     {"line", call.line->id.to_string()},
                     {"flow_version", call.line->flow_version},
                     {"caller", call.caller},
                     {"dialled", call.dialled},
                     {"arrived", to_micros(call.arrived)},
                     {"since", to_micros(call.stage_since)},
                     {"stage", stage_word(call.stage)},
                     {"group", static_cast<std::uint64_t>(call.group)},
                     {"leg", write(call.caller_leg)},
                     {"plays", call.plays},
                     {"name", call.customer_name}};
    if (const auto& diversion = call.diversion) {
        out["diversion"] = {{"from", diversion->from},
                            {"reason", static_cast<int>(diversion->reason)},
                            {"count", diversion->count}};
    }
    if (call.customer) out["customer"] = call.customer->to_string();
    if (call.queue) out["queue"] = call.queue->to_string();
    if (call.matter) {
        out["case"] = {{"id", call.matter->id.to_string()},
                       {"reference", call.matter->reference},
                       {"subject", call.matter->subject}};
    }
    if (call.run) out["run"] = call.run->save();
    if (const auto* queue = std::get_if<InQueue>(&call.stage)) {
        out["ask"] = static_cast<std::uint32_t>(queue->ask);
    }
    if (call.agent) {
        out["agent"] = {{"id", call.agent->agent.to_string()},
                        {"offer", call.agent->offer.to_string()},
                        {"leg", write(call.agent->leg)}};
    }
    if (const auto* talk = std::get_if<InTalk>(&call.stage)) write_talk(*talk, call, out);
    if (call.outside) out["outside"] = write(*call.outside, call);
    if (call.consultation) out["consultation"] = write(*call.consultation, call);
    if (!call.members.empty()) {
        json::array& members = out["members"].emplace_array();
        for (const Member& one : call.members) members.emplace_back(write(one, call));
    }
    if (call.conference_since) {
        out["conference"] = to_micros(wall_of(*call.conference_since, call));
    }
    if (call.secure) out["secure"] = write(*call.secure, call);
    if (call.recording) {
        json::object recording{{"id", call.recording->id.to_string()},
                               {"path", call.recording->path},
                               {"kind", static_cast<int>(call.recording->kind)}};
        if (call.recording->paused_since) {
            recording["paused"] = to_micros(wall_of(*call.recording->paused_since, call));
            recording["pause_reason"] = call.recording->pause_reason;
        }
        out["recording"] = std::move(recording);
    }
    if (call.kept_pause) out["kept_pause"] = *call.kept_pause;
    if (const auto open = open_recordings(call.id); !open.empty()) out["open"] = write(open);
    if (const auto row = acd_.contact_row(call.id)) out["acd"] = acd::encode(*row);
    return json::serialize(out);
}

namespace {

std::unique_ptr<Call> read_call(ContactId id,
                                const json::object& in,
                                const std::shared_ptr<const Line>& line,
                                Now now) {
    auto call = std::make_unique<Call>();
    call->id = id;
    call->line = line;
    call->caller = in.at("caller").as_string().c_str();
    call->dialled = in.at("dialled").as_string().c_str();
    if (const auto* saved = in.if_contains("diversion")) {
        const json::object& diversion = saved->as_object();
        call->diversion = Diversion{
            .from = diversion.at("from").as_string().c_str(),
            .reason = static_cast<DiversionReason>(diversion.at("reason").to_number<int>()),
            .count = diversion.at("count").to_number<std::uint32_t>()};
    }
    call->arrived = from_micros(in.at("arrived").to_number<std::int64_t>());
    call->began = now.mono - (now.wall - call->arrived);
    call->stage_since = from_micros(in.at("since").to_number<std::int64_t>());
    call->group = media::CallGroup{in.at("group").to_number<std::uint64_t>()};
    call->caller_leg = read_leg(in.at("leg").as_object());
    call->plays = in.at("plays").to_number<std::uint64_t>() + kPlaysSkipped;
    call->customer_name = in.at("name").as_string().c_str();
    if (const auto* customer = in.if_contains("customer")) {
        call->customer = CustomerId::parse(customer->as_string());
    }
    if (const auto* queue = in.if_contains("queue"))
        call->queue = QueueId::parse(queue->as_string());
    if (const auto* matter = in.if_contains("case")) {
        const json::object& one = matter->as_object();
        call->matter = CaseOfCall{.id = CaseId::parse(one.at("id").as_string()).value_or(CaseId{}),
                                  .reference = one.at("reference").as_string().c_str(),
                                  .subject = one.at("subject").as_string().c_str()};
    }
    if (const auto* agent = in.if_contains("agent")) {
        const json::object& one = agent->as_object();
        call->agent =
            AgentLeg{.leg = read_leg(one.at("leg").as_object()),
                     .agent = AgentId::parse(one.at("id").as_string()).value_or(AgentId{}),
                     .offer = OfferId::parse(one.at("offer").as_string()).value_or(OfferId{}),
                     .is_ringing = false,
                     .rung_at = now.wall};
    }
    if (const auto* recording = in.if_contains("recording")) {
        const json::object& one = recording->as_object();
        call->recording = OpenRecording{
            .id = RecordingId::parse(one.at("id").as_string()).value_or(RecordingId{}),
            .path = one.at("path").as_string().c_str(),
            .kind = static_cast<media::RecordingKind>(one.at("kind").to_number<std::uint8_t>()),
            .paused_since = std::nullopt};
        if (const auto* paused = one.if_contains("paused")) {
            call->recording->paused_since = instant_of(paused->to_number<std::int64_t>(), now);
            if (const auto* reason = one.if_contains("pause_reason")) {
                call->recording->pause_reason = reason->as_string().c_str();
            }
        }
    }
    if (const auto* outside = in.if_contains("outside")) {
        call->outside = read_outside(outside->as_object(), now);
    }
    if (const auto* reason = in.if_contains("kept_pause")) {
        call->kept_pause = reason->as_string().c_str();
    }
    if (const auto* asked = in.if_contains("consultation")) {
        call->consultation = read_consultation(asked->as_object(), now);
    }
    if (const auto* members = in.if_contains("members")) {
        for (const json::value& one : members->as_array()) {
            call->members.push_back(read_member(one.as_object(), now));
        }
    }
    if (const auto* since = in.if_contains("conference")) {
        call->conference_since = instant_of(since->to_number<std::int64_t>(), now);
    }
    if (const auto* secure = in.if_contains("secure")) {
        read_secure_input(secure->as_object(), *call, now);
    }
    const std::string_view stage = in.at("stage").as_string();
    if (stage == "outside" && call->outside) {
        call->stage = WithOutside{.since = now.mono - (now.wall - call->stage_since)};
        if (call->caller_leg.is_silent || call->outside->leg.is_silent) {
            call->silence_deadline = now.mono + kDeadLegAfter;
        }
    } else if (stage == "talk" && call->agent) {
        const auto& talk = call->stage.emplace<InTalk>(read_talk(in, now));
        if (!talk.held && (call->caller_leg.is_silent || call->agent->leg.is_silent)) {
            call->silence_deadline = now.mono + kDeadLegAfter;
        }
    } else if (stage == "queue" || stage == "talk") {
        const auto* ask = in.if_contains("ask");
        call->stage = InQueue{.ask = flow::AskId{ask ? ask->to_number<std::uint32_t>() : 0}};
    } else {
        call->stage = InFlow{};
    }
    return call;
}

}  // namespace

std::string Centre::Impl::save_closing(const Call& call) const {
    return json::serialize(json::object{{"format", kFormat},
                                        {"company", call.company().to_string()},
                                        {"closing", write(open_recordings(call.id))}});
}

std::vector<RecordingId> Centre::Impl::open_recordings(ContactId contact) const {
    std::vector<RecordingId> open;
    for (const auto& [id, recording] : recordings_) {
        if (recording.contact == contact) open.push_back(id);
    }
    std::sort(open.begin(), open.end());
    return open;
}

// Calls whose caller's dialog could not be restored ended with the process; they are closed with
// an outcome now. All others go on: the flow enters its node again, the queue keeps the place, a
// conversation was never interrupted.
void Centre::Impl::restore(const SavedRows& rows, Now now, Turn turn) {
    acd::Rows queues;
    for (const auto& [name, state] : rows.states) {
        if (name.starts_with(kReferencesRow)) restore_references(name, state);
        if (name.starts_with(kOutsideRow)) restore_outside_day(name, state);
        if (name.starts_with(kChainRow)) restore_chain(name, state);
        if (!name.starts_with(kAgentRow)) continue;
        if (auto row = acd::decode_agent_row(state))
            queues.agents.push_back(std::move(row).value());
    }
    for (const SavedContact& saved : rows.contacts) {
        try {
            restore_call(saved, queues, turn);
        } catch (const std::exception&) {
            // A row of another build or a damaged one: the contact's events remain, the call is
            // gone.
            ++counters_.contacts_lost_in_restart;
            turn.out.live.emplace_back(LiveRowGone{.contact = saved.contact});
        }
    }
    acd::Effects effects;
    acd_.restore(queues, now, effects);
    for (const auto& row : queues.agents) dirty_agents_.insert(row.agent);
    carry_out(std::move(effects), turn);
    for (const DeadLeg& dead : std::exchange(dead_, {})) settle_restored(dead, turn);
    free_colleagues(turn);
    reconcile_at_ = now.mono;
}

void Centre::Impl::restore_call(const SavedContact& saved, acd::Rows& queues, Turn turn) {
    const json::object in = json::parse(saved.state).as_object();
    const auto remember = [&](const json::value& list, CompanyId company) {
        for (const json::value& id : list.as_array()) {
            if (const auto recording = RecordingId::parse(id.as_string())) {
                recordings_.emplace(*recording,
                                    ClosingRecording{.contact = saved.contact, .company = company});
            }
        }
    };
    if (const auto* closing = in.if_contains("closing")) {
        return remember(*closing, CompanyId::parse(in.at("company").as_string()).value());
    }
    const auto line_id = LineId::parse(in.at("line").as_string());
    std::shared_ptr<const Line> line;
    for (const auto& one : config_.lines) {
        if (one->id == line_id) line = one;
    }
    if (!line) return;
    auto call = read_call(saved.contact, in, line, turn.now);
    const auto lives = [&](LegId leg) {
        return std::find(saved.living_legs.begin(), saved.living_legs.end(), leg) !=
               saved.living_legs.end();
    };
    const bool is_talking = std::holds_alternative<InTalk>(call->stage);
    if (!is_talking) call->consultation.reset();
    if (!is_talking) call->secure.reset();
    if (call->secure && call->secure->phase != SecureInput::Phase::Closing) {
        dead_.push_back({.contact = call->id, .is_secure_input = true});
    }
    if (const auto& asked = call->consultation) {
        const bool goes_on = asked->answered_at && lives(call->asked_leg().id) &&
                             (!asked->phone || lives(asked->phone->id));
        if (!goes_on) dead_.push_back({.contact = call->id, .is_consultation = true});
    }
    // Before the agent: who is not there can be left with nobody.
    for (const Member& one : call->members) {
        if (one.joined_at && lives(one.leg.id)) continue;
        dead_.push_back({.contact = call->id, .member = one.leg.id});
    }
    if (!lives(call->caller_leg.id)) dead_.push_back({.contact = call->id, .is_caller = true});
    if (call->agent && !lives(call->agent->leg.id)) {
        if (is_talking) {
            dead_.push_back({.contact = call->id, .is_caller = false});
        } else {
            call->agent.reset();
        }
    }
    if (call->outside && !(call->outside->answered_at && lives(call->outside->leg.id))) {
        dead_.push_back({.contact = call->id, .is_outside = true});
    }
    if (const auto* run = in.if_contains("run")) {
        auto restored =
            flow::Run::restore(line->document, environment(*call, turn.now.wall), run->as_string());
        if (restored) call->run.emplace(std::move(restored).value());
    }
    if (const auto* row = in.if_contains("acd")) {
        if (auto contact = acd::decode_contact_row(row->as_string())) {
            queues.contacts.push_back(std::move(contact).value());
        }
    }
    if (const auto* open = in.if_contains("open")) remember(*open, line->company->id);
    call->is_row_stored = true;
    by_leg_.emplace(call->caller_leg.id, call->id);
    by_endpoint_.emplace(call->caller_leg.endpoint, call->id);
    if (call->agent) {
        by_leg_.emplace(call->agent->leg.id, call->id);
        by_endpoint_.emplace(call->agent->leg.endpoint, call->id);
    }
    if (call->outside) {
        by_leg_.emplace(call->outside->leg.id, call->id);
        by_endpoint_.emplace(call->outside->leg.endpoint, call->id);
    }
    if (call->consultation) {
        Consultation& asked = *call->consultation;
        if (const auto& colleague = asked.colleague) {
            consulted_.emplace(colleague->agent, call->id);
            by_leg_.emplace(colleague->leg.id, call->id);
            by_endpoint_.emplace(colleague->leg.endpoint, call->id);
        }
        if (asked.phone) {
            by_leg_.emplace(asked.phone->id, call->id);
            by_endpoint_.emplace(asked.phone->endpoint, call->id);
        }
    }
    for (const Member& one : call->members) {
        consulted_.emplace(one.agent, call->id);
        by_leg_.emplace(one.leg.id, call->id);
        by_endpoint_.emplace(one.leg.endpoint, call->id);
    }
    call->caller_facts = CallerFacts{};
    ++counters_.contacts_recovered;
    touch(*calls_.emplace(call->id, std::move(call)).first->second);
}

void Centre::Impl::settle_restored(const DeadLeg& dead, Turn turn) {
    Call* call = find(dead.contact);
    if (call == nullptr || call->is_over) return;
    if (dead.is_outside) {
        if (call->outside) outside_lost(*call, turn);
        return;
    }
    if (dead.is_secure_input) return settle_secure_input(*call, SecureResult::Interrupted, turn);
    if (dead.is_consultation) {
        if (call->consultation) end_consultation(*call, "failed", turn);
        return;
    }
    if (dead.member) {
        const Member* member = find_member(*call, *dead.member);
        if (member == nullptr) return;
        const auto* result = member->joined_at ? "left" : "failed";
        return drop_member(*call, *dead.member, result, turn);
    }
    // The agent is gone as one who hangs up is; what becomes of the number comes after.
    const bool is_agent = !dead.is_caller;
    if (is_agent && call->outside && std::holds_alternative<InTalk>(call->stage)) {
        return leave_to_outside(*call, turn);
    }
    if (is_agent && call->consultation) return leave_consultation(*call, turn);
    if (is_agent && call->conference_since) return leave_conference(*call, turn);
    if (!dead.is_caller && return_to_queue(*call, turn)) return;
    end_talk(*call, "fault", turn);
    ++counters_.contacts_lost_in_restart;
    call->is_caller_gone = dead.is_caller;
    finish(*call, "fault", EndedBy::System, turn);
}

// The process is asked to stop for good: nobody is left with a dead line.
void Centre::Impl::drain(Turn turn) {
    std::vector<Call*> calls;
    for (const auto& [id, call] : calls_) calls.push_back(call.get());
    for (Call* call : calls) {
        if (call->is_over) continue;
        end_talk(*call, "fault", turn);
        turn.act(EndLeg{.leg = call->caller_leg.id, .reason = "server stopped"});
        finish(*call, "fault", EndedBy::System, turn);
    }
}

}  // namespace escucha::control
