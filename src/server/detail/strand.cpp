// size: what happens on the strand, in the order in which it happens

#include "server/detail/strand.h"

#include <algorithm>

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <boost/asio/post.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "base/check.h"
#include "base/log.h"
#include "base/overloaded.h"
#include "base/redact.h"
#include "base/thread_name.h"
#include "server/detail/outside.h"
#include "server/detail/secure_input.h"
#include "server/detail/tls.h"
#include "store/journal.h"

namespace escucha::server {

namespace asio = boost::asio;
namespace json = boost::json;

namespace {

constexpr std::string_view kRegistrations = "registrations";

template <typename T>
T random_value() {
    T value{};
    ESC_CHECK(RAND_bytes(reinterpret_cast<unsigned char*>(&value), sizeof value) == 1);
    return value;
}

sip::Settings sip_settings(const Config& config) {
    sip::Settings settings;
    settings.advertised_host = config.advertised_address();
    const bool is_v6 = settings.advertised_host.find(':') != std::string::npos;
    if (is_v6) settings.advertised_host = "[" + settings.advertised_host + "]";
    settings.secret = random_value<decltype(settings.secret)>();
    return settings;
}

void fill_random(std::span<std::uint8_t> bytes) {
    ESC_CHECK(RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) == 1);
}

control::Signalling signalling_over(sip::Transport transport) {
    return transport == sip::Transport::Tls ? control::Signalling::Encrypted
                                            : control::Signalling::Clear;
}

void tell_blocked(const Watchdog::Blocked& blocked) {
    log::warn("strand_blocked",
              {{"what", std::string{blocked.what}},
               {"ms", std::to_string(blocked.for_at_least.count())},
               {"stack", blocked.stack}});
}

}  // namespace

Strand::Strand(const Config& config,
               const store::Database& database,
               store::Journal& journal,
               recording::Keyring& keys)
    : config_{config},
      database_{database},
      journal_{journal},
      keys_{keys},
      work_{asio::make_work_guard(context_)},
      timer_{context_},
      rng_{random_value<std::uint64_t>()},
      stack_{sip_settings(config), rng_},
      centre_{rng_.next(), fill_random},
      transport_{context_, sip::Limits{}, *this},
      media_{context_, config, *this},
      watchdog_{tell_blocked},
      look_ups_{database, config.connectors},
      speech_{config},
      trunks_{context_, config, [this](TrunkId trunk, std::vector<sip::Flow> flows) {
                  set_route(trunk, std::move(flows));
              }} {}

Strand::~Strand() {
    if (thread_.joinable()) stop(std::chrono::seconds{0});
}

Result<void> Strand::start() {
    ESC_TRY(auto music, speech_.hold_music());
    hold_music_ = std::move(music);
    ESC_TRY(recover());
    ESC_TRY(transport_.open(config_.bind, config_.sip_port));
    ESC_TRY(auto tls, make_tls());
    if (tls) {
        ESC_TRY(transport_.open_tls(config_.sips_port, std::move(tls)));
    }
    media_.start();
    transport_.set_tls_peers(
        [this](const sip::Address& address) { return trunks_.tls_peer(address); });
    trunks_.resolve(transport_.local());
    thread_ = std::thread{[this] {
        name_this_thread("strand");
        watchdog_.watch_this_thread();
        context_.run();
    }};
    return ok();
}

// Before the thread runs: the one moment at which this may block.
Result<void> Strand::recover() {
    ESC_TRY(auto connection, database_.connect(store::Access::ReadOnly));
    ESC_TRY(auto directory, load_directory(connection, config_.prompts_dir()));
    ESC_TRY(const auto passwords, trunks_.read_passwords());
    ESC_TRY(auto carriers, trunks_.read_tls());
    trunks_.set_tls(std::move(carriers));
    make_keys(directory);
    apply(directory, passwords);
    ESC_TRY(auto live, store::load_live(connection));
    control::SavedRows rows;
    const Now now = read_clocks();
    for (auto& contact : live.contacts) {
        boost::system::error_code error;
        const auto saved = json::parse(contact.blob, error);
        const auto* object = error ? nullptr : saved.if_object();
        const auto* state = object == nullptr ? nullptr : object->if_contains("state");
        const auto* legs = object == nullptr ? nullptr : object->if_contains("legs");
        control::SavedContact row{.contact = contact.contact, .state = {}, .living_legs = {}};
        if (state != nullptr && state->is_string()) row.state = state->as_string().c_str();
        if (legs != nullptr && legs->is_object()) {
            for (const auto& [key, blob] : legs->as_object()) {
                const auto leg = LegId::parse(key);
                if (leg && blob.is_string() && stack_.restore_leg(*leg, blob.as_string(), now)) {
                    row.living_legs.push_back(*leg);
                }
            }
        }
        rows.contacts.push_back(std::move(row));
    }
    std::vector<std::string> reachable;
    for (auto& state : live.states) {
        if (state.name == kRegistrations) {
            auto restored = stack_.restore_registrations(state.blob, now);
            if (restored) reachable = std::move(restored).value();
        } else {
            rows.states.emplace_back(std::move(state.name), std::move(state.blob));
        }
    }
    control::Effects effects;
    centre_.restore(rows, now, effects);
    dispatch(std::move(effects));
    // Bindings on TLS went with their connections: these phones have others.
    for (const auto& phone : reachable) {
        phone_event(phone, acd::Reachability::Reachable, control::Signalling::Clear);
    }
    log::info("recovered",
              {{"contacts", std::to_string(rows.contacts.size())},
               {"phones", std::to_string(reachable.size())}});
    return ok();
}

void Strand::apply(const Directory& directory, const Passwords& passwords) {
    const Now now = read_clocks();
    agent_by_phone_ = directory.agent_by_phone;
    stack_.set_trunks(directory.trunks);
    sip::Effects sip_effects;
    stack_.set_phones(directory.phones, now, sip_effects);
    auto carriers = trunks_.apply(directory.trunk_names, passwords);
    stack_.set_trunk_accounts(std::move(carriers.accounts), now, sip_effects);
    take(std::move(sip_effects));
    control::Config config = directory.centre;
    config.hold_music = hold_music_;
    config.max_live_contacts = config_.max_live_contacts;
    config.codecs = config_.codecs;
    config.encryption = config_.encryption;
    for (control::Trunk& trunk : config.trunks) {
        const auto name = std::ranges::find(directory.trunk_names, trunk.id, &NamedTrunk::id);
        const auto section = std::ranges::find_if(config_.trunks, [&](const TrunkSection& one) {
            return name != directory.trunk_names.end() && one.name == name->name;
        });
        if (section != config_.trunks.end()) trunk.encryption = section->encryption;
    }
    auto outside = join_outside(config_, directory);
    config.outside = std::move(outside.outside);
    auto secure = join_secure_sinks(config_, directory);
    config.secure_sinks = std::move(secure.sinks);
    speech_.set_library(directory.prompts);
    for (const auto& line : config.lines) speech_.warm(flow::all_static_texts(*line->document));
    control::Effects effects;
    centre_.configure(std::move(config), now, effects);
    dispatch(std::move(effects));
    auto problems = directory.problems;
    problems.insert(problems.end(), carriers.problems.begin(), carriers.problems.end());
    problems.insert(problems.end(), outside.problems.begin(), outside.problems.end());
    problems.insert(problems.end(), secure.problems.begin(), secure.problems.end());
    for (const auto& problem : problems) {
        log::error("configuration_problem", {{"what", problem}});
    }
}

void Strand::set_route(TrunkId trunk, std::vector<sip::Flow> flows) {
    sip::Effects effects;
    const auto done = stack_.set_trunk_route(trunk, std::move(flows), read_clocks(), effects);
    if (!done) log::debug("trunk_route_refused", {{"why", done.error().message()}});
    take(std::move(effects));
    arm_timer();
}

Result<Strand::TlsContext> Strand::make_tls() const {
    if (!config_.has_tls()) return TlsContext{};
    return make_tls_server(config_);
}

Result<void> Strand::reload() {
    ESC_TRY(auto connection, database_.connect(store::Access::ReadOnly));
    ESC_TRY(auto directory, load_directory(connection, config_.prompts_dir()));
    ESC_TRY(auto tls, make_tls());
    ESC_TRY(auto passwords, trunks_.read_passwords());
    make_keys(directory);
    ESC_TRY(auto carriers, trunks_.read_tls());
    return ask<void>(
        [this, directory = std::move(directory), passwords, tls, carriers]() -> Result<void> {
            trunks_.set_tls(carriers);
            apply(directory, passwords);
            trunks_.resolve(transport_.local());
            arm_timer();
            return tls ? transport_.open_tls(config_.sips_port, tls) : ok();
        });
}

void Strand::post(std::function<void()> work) {
    asio::post(context_, [this, work = std::move(work)] {
        const Watchdog::Work at_work{watchdog_, "posted"};
        work();
    });
}

Result<void> Strand::command(CompanyId company, control::Command command) {
    auto promise = std::make_shared<std::promise<Result<void>>>();
    auto answer = promise->get_future();
    post([this, company, command = std::move(command), promise] {
        const control::CommandToken token{++last_token_};
        commands_.emplace(token, std::move(*promise));
        control::Effects effects;
        centre_.on_command(token, company, command, read_clocks(), effects);
        dispatch(std::move(effects));
        arm_timer();
    });
    if (answer.wait_for(kControlDeadline) != std::future_status::ready) {
        return fail(Errc::Timeout, "the control strand is busy");
    }
    return answer.get();
}

// ---- What comes in -----------------------------------------------------------------------------

void Strand::on_sip_message(const sip::Flow& flow, ByteView message, Duration waited) {
    const Watchdog::Work at_work{watchdog_, "sip"};
    const Now now = read_clocks();
    overload_.note(backlog(waited, now.mono), now.mono);
    stack_.set_overloaded(overload_.is_now());
    sip::Effects effects;
    stack_.receive(flow, message, now, effects);
    take(std::move(effects));
}

Backlog Strand::backlog(Duration waited, Instant now) const {
    const auto age = [&](Instant since) { return std::max(Duration{0}, now - since); };
    return {.socket = waited,
            .journal = pending_.empty() ? Duration{0} : age(pending_.front().since),
            .undecided = pending_.size(),
            .media = age(media_.oldest_unmade().value_or(now)),
            .unmade = media_.unmade()};
}

void Strand::on_sip_closed(std::uint64_t connection) {
    sip::Effects effects;
    stack_.connection_closed(connection, read_clocks(), effects);
    take(std::move(effects));
    arm_timer();
}

void Strand::on_sip_unreachable(const sip::Flow& flow) {
    sip::Effects effects;
    stack_.unreachable(flow, read_clocks(), effects);
    take(std::move(effects));
    arm_timer();
}

void Strand::on_sip_turn() { arm_timer(); }
void Strand::on_media_turn() { arm_timer(); }

void Strand::on_media_event(const media::Event& event) {
    const Watchdog::Work at_work{watchdog_, "media"};
    control::Effects effects;
    centre_.on(event, read_clocks(), effects);
    dispatch(std::move(effects));
}

void Strand::on_media_ready(const media::Listing& listing) {
    const Watchdog::Work at_work{watchdog_, "media listing"};
    is_media_ready_ = true;
    control::Effects effects;
    centre_.media_ready(listing, read_clocks(), effects);
    dispatch(std::move(effects));
}

void Strand::on_media_lost() {
    const Watchdog::Work at_work{watchdog_, "media lost"};
    is_media_ready_ = false;
    control::Effects effects;
    centre_.media_lost(read_clocks(), effects);
    dispatch(std::move(effects));
}

void Strand::take(sip::Effects effects) {
    for (const auto& effect : effects) take(effect);
}

void Strand::take(const sip::Effect& effect) {
    std::visit(
        overloaded{
            [&](const sip::Send& send) { transport_.send(send.flow, send.bytes); },
            [&](const sip::Incoming& incoming) {
                control::IncomingCall call{.leg = incoming.leg,
                                           .source = TrunkId{},
                                           .dialled = incoming.request_user,
                                           .caller = incoming.asserted_user.empty()
                                                         ? incoming.caller_user
                                                         : incoming.asserted_user,
                                           .caller_display = incoming.caller_display,
                                           .sdp = incoming.offer,
                                           .signalling = signalling_over(incoming.flow.transport),
                                           .replaces = incoming.replaces,
                                           .diversion = incoming.diversion};
                if (const auto* phone = std::get_if<sip::PhoneSource>(&incoming.source)) {
                    const auto agent = agent_by_phone_.find(phone->username);
                    call.source = agent == agent_by_phone_.end() ? AgentId{} : agent->second;
                } else {
                    call.source = std::get<TrunkId>(incoming.source);
                }
                if (is_stopping_ || journal_.is_congested()) {
                    constexpr int kUnavailable = 503;
                    constexpr std::chrono::seconds kRetryAfter{10};
                    return carry_out(control::LegAction{control::RejectCaller{
                        .leg = incoming.leg, .status = kUnavailable, .retry_after = kRetryAfter}});
                }
                leg_event(call);
                const auto early = early_traces_.extract(incoming.leg);
                if (early.empty()) return;
                for (const auto& line : early.mapped()) trace(line);
            },
            [&](const sip::Progress& progress) {
                leg_event(control::LegProgress{progress.leg, progress.status, progress.sdp});
            },
            [&](const sip::Answered& answered) {
                leg_event(control::LegAnswered{answered.leg, answered.sdp, answered.trunk});
            },
            [&](const sip::Failed& failed) {
                leg_event(control::LegFailed{
                    failed.leg, failed.status, failed.reason, failed.trunk, failed.redirects});
            },
            [&](const sip::Confirmed& confirmed) {
                leg_event(control::LegConfirmed{confirmed.leg, confirmed.sdp});
            },
            [&](const sip::Ended& ended) {
                leg_event(control::LegEnded{ended.leg, ended.reason});
            },
            [&](const sip::Reinvite& reinvite) {
                leg_event(control::LegReoffered{reinvite.leg, reinvite.sdp});
            },
            [&](const sip::ReinviteAnswered& answered) {
                leg_event(control::LegReofferAnswered{answered.leg, answered.sdp});
            },
            [&](const sip::ReinviteFailed& failed) {
                leg_event(control::LegReofferFailed{failed.leg, failed.status});
            },
            [&](const sip::Refreshed& refreshed) {
                leg_event(control::LegRefreshed{refreshed.leg, refreshed.sdp});
            },
            [&](const sip::KeyPressed& pressed) {
                leg_event(control::LegKey{pressed.leg, pressed.key});
            },
            [&](const sip::TransferRequested& wanted) {
                // Two calls are joined here only if both are ours.
                constexpr int kDecline = 603;
                const auto other =
                    wanted.replaces ? stack_.find_replaced(*wanted.replaces) : std::nullopt;
                if (wanted.replaces && !other) {
                    return carry_out(control::LegAction{
                        control::RefuseTransfer{.leg = wanted.leg, .status = kDecline}});
                }
                leg_event(control::LegTransferAsked{wanted.leg, wanted.target_user, other});
            },
            [&](const sip::Registered& registered) {
                phone_event(registered.username,
                            acd::Reachability::Reachable,
                            registered.is_over_tls ? control::Signalling::Encrypted
                                                   : control::Signalling::Clear);
                save_registrations();
            },
            [&](const sip::Unregistered& unregistered) {
                phone_event(unregistered.username,
                            acd::Reachability::Unreachable,
                            control::Signalling::Clear);
                save_registrations();
            },
            [&](const sip::TrunkState& state) { trunks_.note(state, read_clocks().wall); },
            [&](const sip::Ban& ban) {
                log::warn("sip_source_banned",
                          {{"source", ban.source.ip()}, {"until", to_rfc3339(ban.until)}});
            },
            [&](const sip::Trace& line) { trace(line); }},
        effect);
}

void Strand::leg_event(const control::LegEvent& event) {
    control::Effects effects;
    centre_.on(event, read_clocks(), effects);
    dispatch(std::move(effects));
}

void Strand::phone_event(const std::string& username,
                         acd::Reachability reach,
                         control::Signalling signalling) {
    control::Effects effects;
    centre_.on_phone(username, reach, signalling, read_clocks(), effects);
    dispatch(std::move(effects));
}

// The first lines of a call come before the call itself is known; they wait for it here.
void Strand::trace(const sip::Trace& line) {
    constexpr std::size_t kMaxEarlyLegs = 64;
    if (!line.leg) return;
    const auto kind = line.direction == sip::Direction::In ? "sip_in" : "sip_out";
    if (centre_.trace(*line.leg, kind, line.line, read_clocks())) return;
    if (early_traces_.size() >= kMaxEarlyLegs) early_traces_.clear();
    early_traces_[*line.leg].push_back(line);
}

void Strand::save_registrations() {
    store::Batch batch;
    batch.live.emplace_back(store::LiveState{.name = std::string{kRegistrations},
                                             .blob = stack_.save_registrations(read_clocks())});
    const auto accepted = journal_.append(std::move(batch), [](const auto&) {});
    // The phones register again by themselves within their expiry.
    if (!accepted) ++journal_refusals_;
}

// ---- Commit first, then act --------------------------------------------------------------------

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
    speech_.prepare(wanted.company,
                    std::move(wanted.what),
                    wanted.language,
                    [this, deliver](std::optional<std::vector<std::string>> prompts) {
                        post([this, deliver, prompts = std::move(prompts)] {
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

// ---- Time --------------------------------------------------------------------------------------

void Strand::arm_timer() {
    const auto next = earliest(stack_.next_wakeup(), centre_.next_wakeup());
    if (!next || (armed_for_ && *armed_for_ <= *next)) return;
    armed_for_ = next;
    const auto wait = std::max(Duration{0}, *next - read_clocks().mono);
    timer_.expires_after(wait);
    timer_.async_wait([this](boost::system::error_code error) {
        if (!error) wake();
    });
}

void Strand::wake() {
    const Watchdog::Work at_work{watchdog_, "timers"};
    armed_for_.reset();
    const Now now = read_clocks();
    sip::Effects sip_effects;
    stack_.wake(now, sip_effects);
    take(std::move(sip_effects));
    control::Effects effects;
    centre_.wake(now, effects);
    dispatch(std::move(effects));
    arm_timer();
}

// ---- The end -----------------------------------------------------------------------------------

void Strand::stop(std::chrono::seconds deadline) {
    if (!thread_.joinable()) return;
    auto done = std::make_shared<std::promise<void>>();
    auto quiet = done->get_future();
    post([this, done, deadline] {
        is_stopping_ = true;
        control::Effects effects;
        centre_.drain(read_clocks(), effects);
        dispatch(std::move(effects));
        sip::Effects farewells;
        stack_.leave_trunks(read_clocks(), farewells);
        take(std::move(farewells));
        arm_timer();
        wait_until_quiet(read_clocks().mono + deadline, done);
    });
    quiet.wait();
    post([this] {
        trunks_.close();
        transport_.close();
        media_.stop_process();
        media_.close();
        context_.stop();
    });
    thread_.join();
}

void Strand::wait_until_quiet(Instant deadline, std::shared_ptr<std::promise<void>> done) {
    constexpr std::chrono::milliseconds kLook{20};
    const bool is_quiet =
        pending_.empty() && stack_.gauges().legs == 0 && !stack_.is_leaving_trunks();
    if (is_quiet || read_clocks().mono >= deadline) return done->set_value();
    auto look = std::make_shared<asio::steady_timer>(context_, kLook);
    look->async_wait([this, look, deadline, done](boost::system::error_code) {
        wait_until_quiet(deadline, done);
    });
}

std::vector<TrunkView> Strand::trunks() const { return trunks_.views(stack_.trunk_calls()); }

std::vector<SipBan> Strand::sip_bans() const {
    std::vector<SipBan> result;
    for (const sip::Ban& ban : stack_.bans(read_clocks())) {
        result.push_back({.source = ban.source.ip(), .until = ban.until});
    }
    return result;
}

bool Strand::lift_sip_ban(const std::string& source) {
    const auto address = sip::Address::parse_host(source, 0);
    if (!address || !stack_.lift_ban(*address)) return false;
    log::info("sip_ban_lifted", {{"source", address->ip()}});
    return true;
}

std::string Strand::metrics() {
    const control::Counters& centre = centre_.counters();
    const sip::Counters& sip = stack_.counters();
    const sip::Gauges sizes = stack_.gauges();
    const auto& wire = transport_.counters();
    std::string out;
    const auto line = [&](std::string_view name, std::string_view type, std::uint64_t value) {
        out += fmt::format("# TYPE escucha_{0} {1}\nescucha_{0} {2}\n", name, type, value);
    };
    line("contacts_live", "gauge", centre_.live_contacts());
    line("contacts_arrived_total", "counter", centre.contacts_arrived);
    line("contacts_refused_total", "counter", centre.contacts_refused);
    line("contacts_ended_total", "counter", centre.contacts_ended);
    line("contacts_recovered_total", "counter", centre.contacts_recovered);
    line("offers_made_total", "counter", centre.offers_made);
    line("offers_returned_total", "counter", centre.offers_returned);
    line("states_repaired_total", "counter", centre.states_repaired);
    line("connector_failures_total", "counter", centre.connector_failures);
    line("connector_rests_total", "counter", centre.connector_rests);
    line("legs_encrypted_total", "counter", centre.legs_encrypted);
    line("packets_unauthentic_total", "counter", centre.packets_unauthentic);
    line("encryption_refusals_total", "counter", centre.encryption_refusals);
    line("connector_refusals_total", "counter", centre.connector_refusals);
    line("outside_started_total", "counter", centre.outside_started);
    line("outside_answered_total", "counter", centre.outside_answered);
    line("outside_returned_total", "counter", centre.outside_returned);
    line("secure_inputs_started_total", "counter", centre.secure_inputs_started);
    out += "# TYPE escucha_secure_inputs_ended_total counter\n";
    for (std::size_t i = 0; i < control::kSecureResults; ++i) {
        out += fmt::format("escucha_secure_inputs_ended_total{{result=\"{}\"}} {}\n",
                           control::word(static_cast<control::SecureResult>(i)),
                           centre.secure_inputs_ended.at(i));
    }
    out += "# TYPE escucha_outside_refused_total counter\n";
    for (std::size_t i = 0; i < control::kOutsideRefusals; ++i) {
        out += fmt::format("escucha_outside_refused_total{{reason=\"{}\"}} {}\n",
                           control::word(static_cast<control::OutsideRefusal>(i)),
                           centre.outside_refused.at(i));
    }
    line("media_failures_total", "counter", centre.media_failures);
    line("media_starts_total", "counter", media_.starts());
    line("recordings_without_key_total", "counter", recordings_without_key_);
    line("bugs_total", "counter", centre.bugs);
    line("sip_legs", "gauge", sizes.legs);
    line("sip_transactions", "gauge", sizes.transactions);
    line("sip_bindings", "gauge", sizes.bindings);
    line("sip_retransmissions_in_total", "counter", sip.retransmissions_in);
    line("sip_retransmissions_out_total", "counter", sip.retransmissions_out);
    line("sip_garbage_total", "counter", sip.parse_errors_garbage);
    line("sip_bad_requests_total", "counter", sip.parse_errors_answered);
    line("sip_sessions_refreshed_total", "counter", sip.sessions_refreshed);
    line("sip_sessions_expired_total", "counter", sip.sessions_expired);
    line("sip_rejected_sources_total", "counter", sip.rejected_sources);
    line("sip_rejected_overload_total", "counter", sip.rejected_overload);
    line("sip_challenges_total", "counter", sip.challenges);
    line("sip_authentication_failures_total", "counter", sip.authentications_failed);
    line("sip_silenced_total", "counter", sip.silenced);
    line("sip_bans_total", "counter", sip.banned);
    line("sip_dropped_banned_total", "counter", sip.dropped_banned);
    line("sip_udp_in_total", "counter", wire.udp_in);
    line("sip_udp_out_total", "counter", wire.udp_out);
    line("sip_udp_dropped_total", "counter", wire.udp_dropped);
    line("sip_tls_accepted_total", "counter", wire.tls_accepted);
    line("sip_tls_refused_total", "counter", wire.tls_refused);
    line("sip_tls_opened_total", "counter", wire.tls_opened);
    line("sip_tls_not_opened_total", "counter", wire.tls_not_opened);
    line("sip_tcp_connections", "gauge", transport_.connections());
    line("journal_refusals_total", "counter", journal_refusals_);
    line("strand_blocked_total", "counter", watchdog_.blocked());
    line("effects_pending", "gauge", pending_.size());
    return out + trunks_.metrics(stack_.trunk_calls());
}

}  // namespace escucha::server
