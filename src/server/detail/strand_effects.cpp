// What the core wants done: written to the journal first, then done in its order.

#include <openssl/crypto.h>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/json/serialize.hpp>

#include "base/log.h"
#include "base/overloaded.h"
#include "base/redact.h"
#include "server/detail/strand.h"
#include "store/journal.h"

namespace escucha::server {

namespace asio = boost::asio;
namespace json = boost::json;

namespace {

/// How long a caller waits for a sentence to be made.
constexpr std::chrono::seconds kSpeechDeadline{3};

}  // namespace

store::Batch Strand::batch_of(control::Effects& effects) {
    store::Batch batch;
    batch.events = std::move(effects.events);
    for (auto& change : effects.live) {
        std::visit(overloaded{[&](control::LiveRow& row) {
                                  json::object legs;
                                  for (const LegId leg : row.legs) {
                                      if (auto saved = stack_.save_leg(leg)) {
                                          legs[leg.to_string()] = saved.value();
                                      }
                                  }
                                  batch.live.emplace_back(store::LiveContact{
                                      .contact = row.contact,
                                      .company = row.company,
                                      .blob = json::serialize(json::object{
                                          {"state", row.state}, {"legs", std::move(legs)}})});
                              },
                              [&](const control::LiveRowGone& gone) {
                                  batch.live.emplace_back(store::LiveContactGone{gone.contact});
                              },
                              [&](control::StateRow& row) {
                                  batch.live.emplace_back(store::LiveState{
                                      .name = std::move(row.name), .blob = std::move(row.state)});
                              }},
                   change);
    }
    effects.live.clear();
    return batch;
}

void Strand::dispatch(control::Effects effects) {
    if (effects.has_facts()) {
        auto batch = batch_of(effects);
        const auto accepted = journal_.append(std::move(batch), [this](const auto& outcome) {
            if (!outcome) {
                log::error("journal_batch_refused", {{"why", outcome.error().message()}});
            }
            // One wake-up for many commits: only the first since the strand last looked posts.
            if (commits_.fetch_add(1) == commits_posted_.load()) {
                asio::post(context_, [this] { committed(); });
            }
        });
        if (accepted) {
            awaiting_.push_back(next_pending_++);
            pending_.push_back({.effects = std::move(effects),
                                .is_committed = false,
                                .since = read_clocks().mono});
            return;
        }
        // Callers are not left hanging because the disk is: the loss is counted and shown.
        ++journal_refusals_;
        log::error("journal_refused", {{"why", accepted.error().message()}});
    }
    if (effects.actions.empty()) return;
    ++next_pending_;
    pending_.push_back(
        {.effects = std::move(effects), .is_committed = true, .since = read_clocks().mono});
    fall_through();
}

void Strand::committed() {
    const Watchdog::Work at_work{watchdog_, "commit"};
    const std::uint64_t commits = commits_.load();
    commits_posted_.store(commits);
    for (; commits_seen_ < commits; ++commits_seen_) {
        pending_[awaiting_.front() - first_pending_].is_committed = true;
        awaiting_.pop_front();
    }
    fall_through();
    arm_timer();
    // A commit between the load and the store found its wake-up already given: it is ours to see.
    if (commits_.load() != commits) asio::post(context_, [this] { committed(); });
}

void Strand::fall_through() {
    if (is_falling_) return;
    is_falling_ = true;
    while (!pending_.empty() && pending_.front().is_committed) {
        control::Effects effects = std::move(pending_.front().effects);
        pending_.pop_front();
        ++first_pending_;
        for (auto& action : effects.actions) carry_out(action);
    }
    is_falling_ = false;
}

void Strand::carry_out(control::Action& action) {
    std::visit(
        overloaded{[&](const control::LegAction& leg) { carry_out(leg); },
                   [&](const media::Command& command) { media_.send(command); },
                   [&](control::StartRecording& start) { start_recording(start); },
                   [&](control::PrepareSpeech& speech) { prepare_speech(std::move(speech)); },
                   [&](control::AskStore& question) {
                       look_ups_.ask(question.company,
                                     std::move(question.question),
                                     [this, ticket = question.ticket](control::Answer answer) {
                                         post([this, ticket, answer = std::move(answer)] {
                                             control::Effects effects;
                                             centre_.on_answer(
                                                 ticket, answer, read_clocks(), effects);
                                             dispatch(std::move(effects));
                                             arm_timer();
                                         });
                                     });
                   },
                   [&](control::CommandDone& done) {
                       auto waiting = commands_.extract(done.token);
                       if (!waiting.empty()) waiting.mapped().set_value(done.result);
                   },
                   [&](const control::WantReferences& wanted) { want_references(wanted); },
                   [&](const control::WantLivingLegs&) {
                       control::Effects effects;
                       centre_.on_living_legs(stack_.legs(), read_clocks(), effects);
                       dispatch(std::move(effects));
                   }},
        action);
}

void Strand::carry_out(const control::LegAction& action) {
    const Now now = read_clocks();
    sip::Effects out;
    const auto done = std::visit(
        overloaded{
            [&](const control::RingCaller& a) {
                constexpr int kRinging = 180;
                return stack_.ring(a.leg, kRinging, std::nullopt, now, out);
            },
            [&](const control::AnswerCaller& a) { return stack_.answer(a.leg, a.sdp, now, out); },
            [&](const control::RejectCaller& a) {
                return stack_.reject(a.leg,
                                     {.status = a.status,
                                      .retry_after = a.retry_after,
                                      .contacts = {},
                                      .warning = a.warning},
                                     now,
                                     out);
            },
            [&](const control::RingPhone& a) {
                auto invited = stack_.invite({.leg = a.leg,
                                              .target = sip::PhoneTarget{a.phone},
                                              .from_display = a.display,
                                              .from_user = a.number,
                                              .offer = a.sdp,
                                              .headers = a.headers,
                                              .expires = std::nullopt},
                                             now,
                                             out);
                constexpr int kTemporarilyUnavailable = 480;
                if (!invited) {
                    leg_event(control::LegFailed{
                        a.leg, kTemporarilyUnavailable, invited.error().message()});
                }
                return invited;
            },
            [&](const control::EndLeg& a) { return stack_.hang_up(a.leg, a.reason, now, out); },
            [&](const control::Reoffer& a) { return stack_.reinvite(a.leg, a.sdp, now, out); },
            [&](const control::AcceptReoffer& a) {
                return stack_.accept_reinvite(a.leg, a.sdp, now, out);
            },
            [&](const control::RejectReoffer& a) {
                return stack_.reject_reinvite(a.leg, a.status, now, out);
            },
            [&](const control::LiftPhone& a) { return stack_.lift(a.leg, now, out); },
            [&](const control::GrantTransfer& a) -> Result<void> {
                constexpr int kDone = 200;
                ESC_TRY(stack_.accept_transfer(a.leg, now, out));
                return stack_.finish_transfer(a.leg, kDone, now, out);
            },
            [&](const control::RefuseTransfer& a) {
                return stack_.refuse_transfer(a.leg, a.status, now, out);
            },
            [&](const control::BeginTransfer& a) {
                return stack_.accept_transfer(a.leg, now, out);
            },
            [&](const control::EndTransfer& a) {
                return stack_.finish_transfer(a.leg, a.status, now, out);
            },
            [&](const control::CallOutside& a) { return call_outside(a, now, out); }},
        action);
    // The leg ended while the decision was on its way; its end is told by an event of its own.
    if (!done) log::debug("leg_action_refused", {{"why", done.error().message()}});
    take(std::move(out));
}

Result<void> Strand::call_outside(const control::CallOutside& wanted, Now now, sip::Effects& out) {
    using Presentation = sip::TrunkTarget::Presentation;
    sip::InviteRequest request;
    request.leg = wanted.leg;
    request.target = sip::TrunkTarget{
        .number = wanted.number,
        .trunks = wanted.trunks,
        .presentation = wanted.is_number_withheld ? Presentation::Withheld : Presentation::Shown,
        .diverting = wanted.diverting,
        .diverted_before = wanted.diverted_before};
    request.offer = wanted.sdp;
    request.expires = wanted.patience;
    auto invited = stack_.invite(std::move(request), now, out);
    log::info("outside_called",
              {{"leg", wanted.leg.to_string()},
               {"number", redact_number(wanted.number)},
               {"result", invited ? "tried" : invited.error().message()}});
    constexpr int kUnavailable = 503;
    if (!invited) {
        leg_event(control::LegFailed{
            .leg = wanted.leg, .status = kUnavailable, .reason = invited.error().message()});
    }
    return invited;
}

void Strand::prepare_speech(control::PrepareSpeech wanted) {
    const auto deliver = [this, contact = wanted.contact, play = wanted.play](
                             std::optional<std::vector<std::string>> prompts) {
        control::Effects effects;
        centre_.on_speech(contact, play, std::move(prompts), read_clocks(), effects);
        dispatch(std::move(effects));
    };
    if (auto paths = speech_.ready(wanted.company, wanted.what, wanted.language))
        return deliver(std::move(paths));
    // Whichever comes first is heard; the centre takes one answer to a question.
    auto patience = std::make_shared<asio::steady_timer>(context_, kSpeechDeadline);
    patience->async_wait(
        [this, deliver, patience, language = wanted.language](boost::system::error_code stopped) {
            if (stopped) return;
            log::warn("speech_late", {});
            deliver(speech_.sorry(language));
            arm_timer();
        });
    speech_.prepare(wanted.company,
                    std::move(wanted.what),
                    wanted.language,
                    [this, deliver, patience](std::optional<std::vector<std::string>> prompts) {
                        post([this, deliver, patience, prompts = std::move(prompts)] {
                            patience->cancel();
                            deliver(prompts);
                            arm_timer();
                        });
                    });
}

void Strand::make_keys(const Directory& directory) {
    for (const auto& line : directory.centre.lines) {
        const auto made = keys_.ensure(line->company->id, read_clocks().wall);
        if (!made) log::error("recording_key_not_made", {{"why", made.error().message()}});
    }
}

// Without a key nothing is written: the conversation goes on, and the journal says that and why it
// was not recorded.
void Strand::start_recording(control::StartRecording& start) {
    const auto made = keys_.wrap_new(start.company, start.record.recording, read_clocks().wall);
    if (made) {
        start.record.key = made.value().key.bytes();
        start.record.wrapped_key = made.value().slot;
        media_.send(start.record);
        OPENSSL_cleanse(start.record.key.data(), start.record.key.size());
        return;
    }
    ++recordings_without_key_;
    log::error(
        "recording_without_key",
        {{"recording", start.record.recording.to_string()}, {"why", made.error().message()}});
    control::Effects effects;
    centre_.on(media::Failed{.command = media::wire_type(start.record),
                             .recording = start.record.recording,
                             .code = media::FailureCode::Io,
                             .detail = "no key"},
               read_clocks(),
               effects);
    dispatch(std::move(effects));
}

void Strand::want_references(const control::WantReferences& wanted) {
    look_ups_.run([this, wanted] {
        std::int64_t first = 0;
        const auto reserved = journal_.write([&](store::Connection& connection) -> Result<void> {
            ESC_TRY(auto block,
                    store::reserve_reference_block(connection, wanted.company, wanted.count));
            first = block;
            return ok();
        });
        if (!reserved) {
            log::error("references_not_reserved", {{"why", reserved.error().message()}});
            return;
        }
        post(
            [this, wanted, first] { centre_.add_references(wanted.company, first, wanted.count); });
    });
}

}  // namespace escucha::server
