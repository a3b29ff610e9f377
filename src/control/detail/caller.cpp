// What the flow wants for the caller: words, music, a place in a queue, an end.

#include <fmt/format.h>

#include "base/overloaded.h"
#include "base/redact.h"
#include "control/detail/impl.h"

namespace escucha::control {

namespace {

constexpr int kUrgentFrom = 5;

acd::Priority priority_of(int flow_priority) {
    if (flow_priority >= kUrgentFrom) return acd::Priority::Urgent;
    if (flow_priority > 0) return acd::Priority::High;
    return flow_priority == 0 ? acd::Priority::Normal : acd::Priority::Low;
}

std::string_view outcome_word(flow::End::Outcome outcome) {
    switch (outcome) {
        case flow::End::Outcome::SelfServed:
            return "self_served";
        case flow::End::Outcome::AbandonedMenu:
            return "abandoned_menu";
        case flow::End::Outcome::AbandonedQueue:
            return "abandoned_queue";
        case flow::End::Outcome::Voicemail:
            return "voicemail";
        case flow::End::Outcome::Refused:
            return "refused";
        case flow::End::Outcome::Fault:
            return "fault";
    }
    return "fault";
}

}  // namespace

void Centre::Impl::carry_out(Call& call, flow::Effects effects, Turn turn) {
    for (const flow::Effect& effect : effects) {
        if (call.is_over) return;
        std::visit(
            overloaded{[&](const flow::Say& wanted) { say(call, wanted, turn); },
                       [&](const flow::StopSaying&) { stop_playing(call, turn); },
                       [&](const flow::Ask& wanted) { ask(call, wanted, turn); },
                       [&](const flow::EnterQueue& wanted) { enter_queue(call, wanted, turn); },
                       [&](const flow::Journal& wanted) { journal_fact(call, wanted, turn); },
                       [&](const flow::End& end) {
                           if (!call.is_caller_gone) {
                               turn.act(EndLeg{.leg = call.caller_leg.id, .reason = "flow ended"});
                           }
                           finish(call,
                                  outcome_word(end.outcome),
                                  call.is_caller_gone ? EndedBy::Caller : EndedBy::Flow,
                                  turn);
                       }},
            effect);
    }
    if (call.is_over) return;
    touch(call);
    if (is_replying_) return;
    is_replying_ = true;
    while (!replies_.empty()) {
        FlowReply next = std::move(replies_.front());
        replies_.pop_front();
        Call* waiting = find(next.contact);
        if (waiting == nullptr || !waiting->run) continue;
        flow::Effects more;
        waiting->run->reply(next.ask, std::move(next.reply), turn.now, more);
        carry_out(*waiting, std::move(more), turn);
    }
    is_replying_ = false;
}

// An answer that is known at once still comes after everything the flow said before it asked.
void Centre::Impl::reply(Call& call, flow::AskId ask, flow::Reply answer, Turn turn) {
    replies_.push_back({.contact = call.id, .ask = ask, .reply = std::move(answer)});
    if (!is_replying_) carry_out(call, {}, turn);
}

void Centre::Impl::say(Call& call, const flow::Say& wanted, Turn turn) {
    stop_playing(call, turn);
    call.playing = Playing{.id = media::PlayId{++call.plays}, .said = wanted.id};
    call.playing->is_interruptible = wanted.is_interruptible;
    note(call, "flow", "says: " + speech::transcript(wanted.what, wanted.language), turn.now);
    turn.out.actions.emplace_back(PrepareSpeech{.contact = call.id,
                                                .company = call.company(),
                                                .play = call.playing->id,
                                                .language = wanted.language,
                                                .what = wanted.what});
}

void Centre::Impl::handle_speech(ContactId contact,
                                 media::PlayId play,
                                 std::optional<std::vector<std::string>> prompts,
                                 Turn turn) {
    Call* call = find(contact);
    if (call == nullptr || !call->playing || call->playing->id != play) return;
    if (call->playing->is_prepared) return;
    // Without a voice the flow goes on, so that keys, the queue and a person still work; the caller
    // hears that somebody is there.
    if (!prompts) {
        note(*call, "decision", "the speech engine failed: a beep instead", turn.now);
        prompts = std::vector<std::string>{kBeep};
    }
    if (!prompts->empty()) {
        call->playing->is_prepared = true;
        turn.act(media::Play{.endpoint = call->caller_leg.endpoint,
                             .play = play,
                             .prompts = std::move(*prompts),
                             .repeat = media::Repeat::Once,
                             .stop_on_digit = call->playing->is_interruptible});
        return;
    }
    const auto said = call->playing->said;
    call->playing.reset();
    if (!said || !call->run) return;
    flow::Effects effects;
    call->run->prompt_ended(*said, turn.now, effects);
    carry_out(*call, std::move(effects), turn);
}

void Centre::Impl::stop_playing(Call& call, Turn turn) {
    if (!call.playing) return;
    if (call.playing->is_prepared) {
        turn.act(media::StopPlay{.endpoint = call.caller_leg.endpoint, .play = call.playing->id});
    }
    call.playing.reset();
}

void Centre::Impl::play_music(Call& call, Turn turn) {
    if (call.playing && call.playing->is_music) return;
    stop_playing(call, turn);
    call.playing = Playing{.id = media::PlayId{++call.plays}, .is_prepared = true};
    call.playing->is_music = true;
    const Queue* queue = call.queue ? find_queue(*call.queue) : nullptr;
    const bool has_own = queue != nullptr && !queue->music.empty();
    turn.act(media::Play{.endpoint = call.caller_leg.endpoint,
                         .play = call.playing->id,
                         .prompts = has_own ? queue->music : std::vector{config_.hold_music},
                         .repeat = media::Repeat::Forever,
                         .stop_on_digit = false});
}

void Centre::Impl::enter_queue(Call& call, const flow::EnterQueue& wanted, Turn turn) {
    using Status = flow::QueueReply::Status;
    const auto refuse_with = [&](Status status, std::string_view why) {
        note(call, "acd", fmt::format("queue {} not entered: {}", wanted.queue, why), turn.now);
        reply(call, wanted.id, flow::QueueReply{.status = status}, turn);
    };
    const Queue* queue = find_queue(call.company(), wanted.queue);
    if (queue == nullptr) return refuse_with(Status::NoAgents, "unknown");
    if (queue->hours && !queue->hours->is_open(turn.now.wall)) {
        return refuse_with(Status::Closed, "closed");
    }
    if (queue->is_stopped) return refuse_with(Status::Closed, "stopped");
    const auto staff = acd_.queue(queue->acd.id);
    if (!staff ||
        staff->ready + staff->offered + staff->talking + staff->wrap_up + staff->not_ready == 0) {
        return refuse_with(Status::NoAgents, "nobody is signed in");
    }
    acd::Effects effects;
    const acd::QueuedContact contact{.id = call.id,
                                     .company = call.company(),
                                     .queue = queue->acd.id,
                                     .arrived = call.arrived,
                                     .priority = priority_of(wanted.priority),
                                     .language = std::string{speech::code(call.run->language())},
                                     .because = acd::QueuedBecause::Flow};
    if (auto queued = acd_.enqueue(contact, turn.now, effects); !queued) {
        return refuse_with(Status::Full, queued.error().message());
    }
    call.queue = queue->acd.id;
    move_to(call, InQueue{.ask = wanted.id}, turn);
    play_music(call, turn);
    note(call, "acd", fmt::format("waits in {}", queue->acd.name), turn.now);
    carry_out(std::move(effects), turn);
}

void Centre::Impl::journal_fact(Call& call, const flow::Journal& journal, Turn turn) {
    const auto add = [&](std::string_view type) -> Event& {
        return turn.out.events.emplace_back(fact(type, call, turn));
    };
    std::visit(
        overloaded{
            [&](const flow::NodeEntered& entered) {
                add("flow_node_entered").with("node", entered.node).with("kind", entered.kind);
                note(call, "flow", fmt::format("{} ({})", entered.node, entered.kind), turn.now);
            },
            [&](const flow::DatumGiven& given) {
                Event& event = add("datum_given").with("name", given.datum.name);
                if (!given.datum.is_sensitive()) event.with("value", given.datum.shown());
                event.with("given_by", flow::to_text(given.datum.given_by))
                    .with("verified", given.datum.verified)
                    .with_flag("sensitive", given.datum.is_sensitive());
            },
            [&](const flow::ReaskCounted& reask) {
                add("reask_counted")
                    .with("name", reask.name)
                    .with("asked_by", "flow")
                    .with("node", reask.node);
            },
            [&](const flow::LanguageChosen& chosen) {
                add("language_chosen").with("language", speech::code(chosen.language));
            },
            [&](const flow::Rerouted& rerouted) {
                add("flow_rerouted").with("reason", rerouted.reason).with("node", rerouted.node);
                note(call, "decision", "rerouted: " + rerouted.reason, turn.now);
            },
            [&](const flow::CallerIdentified& identified) {
                call.customer = identified.customer;
                call.customer_name = identified.name;
                add("contact_identified")
                    .with("how", identified.how)
                    .with_flag("verified", identified.verified);
                note(call,
                     "decision",
                     fmt::format(
                         "identified by {}: {}", identified.how, redact_text(identified.name)),
                     turn.now);
            },
            [&](const flow::ReferenceSpoken& spoken) {
                Event& event = add("reference_spoken");
                event.case_id = spoken.case_id;
                event.with("reference", spoken.reference)
                    .with("times", static_cast<std::int64_t>(spoken.times));
            },
            [&](const flow::LookUpDone& done) {
                add("look_up_done")
                    .with("node", done.node)
                    .with("connector", done.connector)
                    .with("result", done.result)
                    .with("took_ms", static_cast<std::int64_t>(done.took.count()));
            },
            [&](const flow::CaseChosen& chosen) {
                if (call.matter && call.matter->id == chosen.case_id) return;
                std::string subject;
                for (const KnownCase& known : call.known_cases) {
                    if (known.id == chosen.case_id) subject = known.subject;
                }
                call.matter = CaseOfCall{.id = chosen.case_id,
                                         .reference = chosen.reference,
                                         .subject = std::move(subject)};
                add("case_linked").with("reference", chosen.reference).with("how", chosen.how);
            }},
        journal.fact);
}

}  // namespace escucha::control
