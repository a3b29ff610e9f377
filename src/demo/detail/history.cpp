#include <algorithm>
#include <array>
#include <map>

#include "base/errc.h"
#include "calendar/zone.h"
#include "cases/reference.h"
#include "cases/status.h"
#include "demo/detail/document.h"
#include "demo/detail/shift.h"
#include "demo/detail/world.h"
#include "store/journal.h"

namespace escucha::demo::detail {
namespace {

using namespace std::chrono_literals;

struct Matter {
    std::string topic, kind, subject, note, next_step;
};

struct OpenCase {
    CaseId id;
    std::string reference;
};

/// One call on its way through the day.
struct Visit {
    ContactId contact;
    WallTime arrived;
    WallTime at;  ///< How far the story has come.
    const DemoLine* line = nullptr;
    std::string queue;
    std::optional<CustomerId> customer;
    std::string caller;
    const Matter* matter = nullptr;
    OpenCase file;
};

class History {
public:
    History(World& world, std::vector<Matter> matters, std::vector<Matter> family)
        : world_{world},
          rng_{world.rng},
          matters_{std::move(matters)},
          family_{std::move(family)} {}

    Result<void> write();

private:
    Result<void> live_day(calendar::LocalDate date);
    Result<void> live_contact(WallTime at, std::vector<Shift>& shifts);
    Visit arrive(WallTime at);
    Result<void> open_case(Visit& visit, const Matter& matter, std::string_view opened_by);
    Result<void> serve_itself(Visit& visit);
    Result<void> hang_up_in_menu(Visit& visit);
    Result<void> wait_for_agent(Visit& visit, std::vector<Shift>& shifts);
    Shift* next_agent(const Visit& visit, std::vector<Shift>& shifts);
    void miss_offer(Visit& visit, Shift& shift, WallTime offered);
    void talk(Visit& visit, Shift& shift, WallTime offered);
    void wrap_up(Visit& visit, Shift& shift);
    void end(Visit& visit, std::string_view outcome, std::string_view by);
    void close(const Visit& visit, WallTime at, std::string_view outcome);

    Event& add(std::string_view type, const Visit& visit, WallTime at);
    bool chance(unsigned percent) { return rng_.below(100) < percent; }
    std::chrono::seconds between(std::int64_t low_s, std::int64_t high_s) {
        const auto span = static_cast<std::uint64_t>(high_s - low_s + 1);
        return std::chrono::seconds{low_s + static_cast<std::int64_t>(rng_.below(span))};
    }
    /// To the millisecond, so that no two waits are alike.
    Duration jitter() { return std::chrono::milliseconds{rng_.below(1000)}; }

    World& world_;
    Rng& rng_;
    std::vector<Matter> matters_;
    std::vector<Matter> family_;
    std::map<CustomerId, OpenCase> open_cases_;
    std::vector<Event> events_;
};

Event& History::add(std::string_view type, const Visit& visit, WallTime at) {
    Event& event = events_.emplace_back();
    event.type = type;
    event.at = at;
    event.company = world_.company;
    event.contact = visit.contact;
    return event;
}

Visit History::arrive(WallTime at) {
    const bool is_family = chance(12);
    Visit visit;
    visit.contact = ContactId::make(at, rng_);
    visit.arrived = at;
    visit.at = at;
    visit.line = &world_.lines.at(is_family ? "200" : "100");
    visit.queue = is_family ? "abuelos" : "atencion";
    visit.matter =
        is_family ? &family_[rng_.below(family_.size())] : &matters_[rng_.below(matters_.size())];
    visit.caller = "+34611" + std::to_string(100'000 + rng_.below(900'000));
    std::string_view language = "es";
    if (!chance(10)) {
        const Caller* caller = nullptr;
        do {
            caller = &world_.callers[rng_.below(world_.callers.size())];
        } while (caller->is_family != is_family);
        visit.customer = caller->id;
        visit.caller = caller->number;
    }
    add("contact_arrived", visit, at)
        .with("channel", "call")
        .with("direction", "inbound")
        .with("line", visit.line->id.to_string())
        .with("caller", visit.caller)
        .with("dialled", visit.line->dialled)
        .with("flow", visit.line->flow.to_string())
        .with("flow_version", std::int64_t{1})
        .with("language", language);
    if (visit.customer) {
        Event& identified = add("contact_identified", visit, at);
        identified.customer = visit.customer;
        identified.with("how", "number").with_flag("verified", false);
    }
    visit.at += between(12, 40) + jitter();
    return visit;
}

Result<void> History::open_case(Visit& visit, const Matter& matter, std::string_view opened_by) {
    if (visit.customer && chance(60)) {
        const auto open = open_cases_.find(*visit.customer);
        if (open != open_cases_.end()) {
            visit.file = open->second;
            Event& linked = add("case_linked", visit, visit.at);
            linked.case_id = visit.file.id;
            linked.with("reference", visit.file.reference).with("how", "open_matter");
            return ok();
        }
    }
    ESC_TRY(const auto number,
            store::reserve_reference_block(world_.connection, world_.company, 1));
    ESC_TRY(visit.file.reference,
            cases::make_reference(store::reference_key_bits(world_.reference_key),
                                  static_cast<std::uint64_t>(number)));
    visit.file.id = CaseId::make(visit.at, rng_);
    Event& opened = add("case_opened", visit, visit.at);
    opened.case_id = visit.file.id;
    opened.customer = visit.customer;
    opened.with("reference", visit.file.reference).with("kind", matter.kind);
    opened.with("topic", matter.topic).with("subject", matter.subject);
    opened.with("opened_by", opened_by);
    if (opened_by != "flow") return ok();
    visit.at += between(6, 10);
    Event& spoken = add("reference_spoken", visit, visit.at);
    spoken.case_id = visit.file.id;
    spoken.with("reference", visit.file.reference).with("times", std::int64_t{1});
    return ok();
}

void History::end(Visit& visit, std::string_view outcome, std::string_view by) {
    Event& ended = add("contact_ended", visit, visit.at);
    ended.case_id = visit.file.id;
    ended.customer = visit.customer;
    ended.with("outcome", outcome).with("ended_by", by);
    ended.with("duration_ms", to_ms(visit.at - visit.arrived));
}

void History::close(const Visit& visit, WallTime at, std::string_view outcome) {
    Event& closed = add("case_closed", visit, at);
    closed.contact.reset();
    closed.case_id = visit.file.id;
    closed.with("outcome", outcome);
}

Result<void> History::serve_itself(Visit& visit) {
    static const Matter kBalance{"balance", "query", "Consulta de saldo por teléfono", "", ""};
    const bool is_family = visit.queue == "abuelos";
    if (!is_family) {
        add("look_up_done", visit, visit.at)
            .with("node", "balance")
            .with("connector", "directory")
            .with("result", "ok")
            .with("took_ms", static_cast<std::int64_t>(2 + rng_.below(9)));
        visit.at += between(10, 25);
    }
    ESC_TRY(open_case(visit, is_family ? *visit.matter : kBalance, "flow"));
    visit.at += between(3, 9) + jitter();
    end(visit, "self_served", "caller");
    if (!is_family) close(visit, visit.at, "solved");
    return ok();
}

Result<void> History::hang_up_in_menu(Visit& visit) {
    static const Matter kHungUp{"other", "contact", "Colgó en el menú", "", ""};
    ESC_TRY(open_case(visit, kHungUp, "system"));
    end(visit, "abandoned_menu", "caller");
    close(visit, visit.at, "no_answer_needed");
    return ok();
}

Shift* History::next_agent(const Visit& visit, std::vector<Shift>& shifts) {
    Shift* best = nullptr;
    for (Shift& shift : shifts) {
        shift.have_lunch_by(visit.at);
        if (!shift.takes(visit.queue)) continue;
        if (best == nullptr || shift.free_at() < best->free_at()) best = &shift;
    }
    return best;
}

Result<void> History::wait_for_agent(Visit& visit, std::vector<Shift>& shifts) {
    ESC_TRY(open_case(visit, *visit.matter, "flow"));
    const WallTime entered = visit.at;
    const QueueId queue = world_.queues.at(visit.queue);
    Event& queued = add("contact_queued", visit, entered);
    queued.queue = queue;
    queued.with("arrived", to_rfc3339(visit.arrived)).with("priority", "normal");
    queued.with("reason", "flow");
    const WallTime patience = entered + between(60, 420);
    while (true) {
        Shift* shift = next_agent(visit, shifts);
        const WallTime offered =
            shift == nullptr ? patience : std::max(visit.at, shift->free_at()) + jitter();
        if (shift == nullptr || offered >= patience || !shift->is_on(offered)) {
            visit.at = patience;
            Event& left = add("contact_left_queue", visit, visit.at);
            left.queue = queue;
            left.with("reason", "abandoned").with("wait_ms", to_ms(visit.at - entered));
            end(visit, "abandoned_queue", "caller");
            return ok();
        }
        if (chance(3)) {
            miss_offer(visit, *shift, offered);
            continue;
        }
        const WallTime answered = offered + between(2, 7) + jitter();
        Event& left = add("contact_left_queue", visit, answered);
        left.queue = queue;
        left.with("reason", "answered").with("wait_ms", to_ms(answered - entered));
        talk(visit, *shift, offered);
        return ok();
    }
}

void History::miss_offer(Visit& visit, Shift& shift, WallTime offered) {
    const QueueId queue = world_.queues.at(visit.queue);
    const std::string offer = Uuid::v7(offered, rng_).to_string();
    Event& made = add("offer_made", visit, offered);
    made.agent = shift.agent();
    made.queue = queue;
    made.with("offer", offer).with("ring_s", std::int64_t{20}).with("reason", "longest_idle");
    shift.enter("offered", offered, {}, visit.contact);
    visit.at = offered + 20s;
    Event& returned = add("offer_returned", visit, visit.at);
    returned.agent = shift.agent();
    returned.queue = queue;
    returned.with("offer", offer).with("reason", "no_answer").with("ring_ms", std::int64_t{20'000});
    shift.enter("not_ready", visit.at, "no_answer");
    shift.busy_until(visit.at + between(60, 240));
    shift.enter("ready", shift.free_at());
}

void History::talk(Visit& visit, Shift& shift, WallTime offered) {
    const QueueId queue = world_.queues.at(visit.queue);
    const WallTime answered = events_.back().at;  // The caller has just left the queue.
    const std::string offer = Uuid::v7(offered, rng_).to_string();
    const auto ids = [&](Event& event) -> Event& {
        event.agent = shift.agent();
        event.queue = queue;
        return event;
    };
    ids(add("offer_made", visit, offered))
        .with("offer", offer)
        .with("ring_s", std::int64_t{20})
        .with("reason", "longest_idle");
    shift.enter("offered", offered, {}, visit.contact);
    ids(add("contact_connected", visit, answered))
        .with("offer", offer)
        .with("wait_ms", to_ms(answered - visit.at))
        .with("ring_ms", to_ms(answered - offered));
    shift.enter("talking", answered, {}, visit.contact);
    const Duration talked = between(70, 300) + between(0, 240) + jitter();
    Duration held{};
    if (chance(15)) {
        held = between(20, 70);
        const WallTime start = answered + talked / 3;
        Event& hold = add("hold_started", visit, start);
        hold.agent = shift.agent();
        hold.with("by", "page");
        Event& resumed = add("hold_ended", visit, start + held);
        resumed.agent = shift.agent();
        resumed.with("held_ms", to_ms(held));
    }
    visit.at = answered + talked;
    const bool by_agent = chance(30);
    Event& left = add("contact_disconnected", visit, visit.at);
    left.agent = shift.agent();
    left.with("by", by_agent ? "agent" : "caller").with("talk_ms", to_ms(talked - held));
    left.with("hold_ms", to_ms(held));
    end(visit, "served", by_agent ? "agent" : "caller");
    wrap_up(visit, shift);
}

void History::wrap_up(Visit& visit, Shift& shift) {
    shift.enter("wrap_up", visit.at, {}, visit.contact);
    const WallTime done = visit.at + between(15, 60) + jitter();
    Event& note = add("note_saved", visit, visit.at + (done - visit.at) / 2);
    note.case_id = visit.file.id;
    note.agent = shift.agent();
    note.with("note", Uuid::v7(visit.at, rng_).to_string()).with("version", std::int64_t{1});
    note.with("text", visit.matter->note);

    const bool is_open = !visit.matter->next_step.empty() && chance(70);
    const auto outcome = is_open ? cases::Outcome::FollowUp : cases::Outcome::Solved;
    const WallTime due = done + std::chrono::hours{24} * (2 + rng_.below(8));
    Event& disposition = add("disposition_recorded", visit, done);
    disposition.case_id = visit.file.id;
    disposition.agent = shift.agent();
    disposition.with("topic", visit.matter->topic).with("outcome", cases::word(outcome));
    disposition.with("next_step", is_open ? visit.matter->next_step : "");
    disposition.with("owner", is_open ? shift.user().to_string() : "");
    disposition.with("due", is_open ? to_rfc3339(due).substr(0, 10) : "");
    const auto status = cases::status_after(outcome, cases::Status::Open);
    Event& updated = add("case_updated", visit, done);
    updated.contact.reset();
    updated.case_id = visit.file.id;
    updated.agent = shift.agent();
    updated.with("status", cases::word(status));
    if (!is_open) {
        close(visit, done, "solved");
        if (visit.customer) open_cases_.erase(*visit.customer);
    } else if (due < world_.options.now - 24h && chance(80)) {
        close(visit, due, "solved");
    } else if (visit.customer) {
        open_cases_[*visit.customer] = visit.file;
    }
    shift.busy_until(done);
    shift.enter("ready", done);
}

Result<void> History::live_contact(WallTime at, std::vector<Shift>& shifts) {
    Visit visit = arrive(at);
    const auto fate = rng_.below(100);
    if (fate < 6) return hang_up_in_menu(visit);
    if (fate < 32) return serve_itself(visit);
    return wait_for_agent(visit, shifts);
}

Result<void> History::live_day(calendar::LocalDate date) {
    ESC_TRY(const auto zone, calendar::Zone::find(world_.zone));
    const auto at = [&](std::chrono::minutes minute) {
        return zone.to_utc(date, minute, calendar::Zone::Repeated::First);
    };
    const auto weekday = std::chrono::weekday{std::chrono::sys_days{date}};
    const bool is_weekend = weekday == std::chrono::Saturday || weekday == std::chrono::Sunday;
    std::vector<Shift> shifts;
    for (std::size_t i = 0; i < world_.agents.size(); ++i) {
        const auto stagger = std::chrono::minutes{10 * static_cast<std::int64_t>(i)};
        const Shift::Hours hours{at(8h + stagger), at(20h + stagger), at(13h + 6 * stagger)};
        shifts.emplace_back(world_.agents[i], world_.company, hours, events_);
    }
    const std::uint64_t contacts = (is_weekend ? 25 : 95) + rng_.below(20);
    std::vector<WallTime> arrivals;
    for (std::uint64_t i = 0; i < contacts; ++i) {
        // A third of the day's calls come in the morning's three busy hours.
        const bool is_peak = rng_.below(3) == 0;
        const auto minute = is_peak ? 600 + rng_.below(180) : 500 + rng_.below(660);
        arrivals.push_back(at(std::chrono::minutes{minute}) + between(0, 59) + jitter());
    }
    std::sort(arrivals.begin(), arrivals.end());
    for (const WallTime arrival : arrivals) {
        ESC_TRY(live_contact(arrival, shifts));
    }
    for (Shift& shift : shifts) shift.sign_out();
    return ok();
}

Result<void> History::write() {
    ESC_TRY(const auto today, calendar::to_local_parts(world_.options.now, world_.zone));
    for (int ago = world_.options.history_days; ago > 0; --ago) {
        ESC_TRY(live_day(std::chrono::sys_days{today.date} - std::chrono::days{ago}));
    }
    // Calls overlap; the journal is in the order of time. Equal instants keep the order of the
    // story.
    std::stable_sort(
        events_.begin(), events_.end(), [](const Event& a, const Event& b) { return a.at < b.at; });
    ESC_TRY(store::import_events(world_.connection, events_));
    world_.events += static_cast<std::int64_t>(events_.size());
    return ok();
}

Result<std::vector<Matter>> read_matters(const Node& file, std::string_view list) {
    ESC_TRY(const auto nodes, file.list(list));
    if (nodes.empty()) return fail(Errc::InvalidArgument, "names.json: a list is empty");
    std::vector<Matter> matters;
    for (const Node& node : nodes) {
        Matter matter;
        ESC_TRY(matter.topic, node.text("topic"));
        ESC_TRY(matter.kind, node.text("kind"));
        ESC_TRY(matter.subject, node.text("subject"));
        ESC_TRY(matter.note, node.text("note"));
        ESC_TRY(matter.next_step, node.text("next_step"));
        matters.push_back(std::move(matter));
    }
    return matters;
}

/// The story names these; a demo edited by hand may lack one.
Result<void> check_cast(const World& world) {
    for (const char* dialled : {"100", "200"}) {
        if (!world.lines.contains(dialled))
            return fail(Errc::InvalidArgument, "no line " + std::string{dialled});
    }
    for (const char* queue : {"atencion", "abuelos"}) {
        if (!world.queues.contains(queue))
            return fail(Errc::InvalidArgument, "no queue " + std::string{queue});
    }
    for (const bool is_family : {true, false}) {
        const bool has_one =
            std::any_of(world.callers.begin(), world.callers.end(), [&](const Caller& caller) {
                return caller.is_family == is_family;
            });
        if (!has_one) return fail(Errc::InvalidArgument, "customers of both lines are needed");
    }
    return ok();
}

}  // namespace

Result<void> load_history(World& world) {
    ESC_TRY(check_cast(world));
    ESC_TRY(const auto file, Node::read(world.data_folder + "/names.json"));
    ESC_TRY(auto matters, read_matters(file, "matters"));
    ESC_TRY(auto family, read_matters(file, "family_matters"));
    return History{world, std::move(matters), std::move(family)}.write();
}

}  // namespace escucha::demo::detail
