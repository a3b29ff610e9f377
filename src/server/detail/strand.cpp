#include "server/detail/strand.h"

#include <algorithm>

#include <openssl/rand.h>
#include <boost/asio/post.hpp>
#include <boost/json/parse.hpp>

#include "base/check.h"
#include "base/log.h"
#include "base/overloaded.h"
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

}  // namespace escucha::server
