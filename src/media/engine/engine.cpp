#include "media/engine/engine.h"

#include <sys/eventfd.h>
#include <sys/random.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/errc.h"
#include "base/log.h"
#include "base/overloaded.h"

namespace escucha::media {
namespace {

constexpr std::size_t kMaxResults = 65'536;
constexpr std::size_t kBindAttempts = 64;

std::uint64_t random_seed() {
    std::uint64_t seed = 0;
    ESC_CHECK(::getrandom(&seed, sizeof seed, 0) == sizeof seed);
    return seed;
}

Failed failed(const Command& command, FailureCode code, std::string detail = {}) {
    Failed event{.command = wire_type(command), .code = code, .detail = std::move(detail)};
    std::visit(
        [&](const auto& c) {
            if constexpr (requires { c.endpoint; }) event.endpoint = c.endpoint;
            if constexpr (requires { c.a; }) event.endpoint = c.a;
            if constexpr (requires { c.recording; }) event.recording = c.recording;
        },
        command);
    return event;
}

PlayEnded play_error(const Play& play, FailureCode code, const std::string& prompt) {
    return {.endpoint = play.endpoint,
            .play = play.play,
            .reason = PlayEnd::Error,
            .error = code,
            .detail = prompt.substr(0, kMaxDetailBytes)};
}

}  // namespace

Result<std::unique_ptr<Engine>> Engine::start(const EngineConfig& config) {
    if (!parse_address(config.bind_ip, 0)) return fail(Errc::InvalidArgument, "bind address");
    if (!config.advertised_ip.empty() && !parse_address(config.advertised_ip, 0)) {
        return fail(Errc::InvalidArgument, "advertised address");
    }
    if (config.port_low < 1024 || config.port_high <= config.port_low) {
        return fail(Errc::InvalidArgument, "port range");
    }
    if (!config.opus.is_valid() || config.opus.sample_rate_hz > kMaxOpusRateHz) {
        return fail(Errc::InvalidArgument, "opus settings");
    }
    if (config.workers == 0 || config.workers > 64) return fail(Errc::InvalidArgument, "workers");
    ESC_TRY(auto prompts, Folder::open(config.prompts));
    ESC_TRY(auto recordings, Folder::open(config.recordings));
    ESC_TRY(recordings.make_parents(".open/note"));
    return std::unique_ptr<Engine>{new Engine{config, std::move(prompts), std::move(recordings)}};
}

Engine::Engine(const EngineConfig& config, Folder prompts, Folder recordings)
    : config_{config},
      start_id_{random_seed() | 1U},
      rng_{random_seed()},
      wake_{::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)},
      ports_{config.port_low, config.port_high},
      from_recorder_{kMaxResults},
      from_loader_{kMaxResults} {
    for (RecordEnded& ended : Recorder::recover(recordings)) {
        const RecordingId id = ended.recording;
        ended_.emplace(id, std::move(ended));
    }
    std::vector<AudioRing*> rings;
    for (std::size_t i = 0; i < config.workers; ++i) {
        workers_.push_back(std::make_unique<Worker>(wake_.get()));
        rings.push_back(&workers_.back()->audio());
    }
    loader_ = std::make_unique<PromptLoader>(
        std::move(prompts), config.prompt_cache_bytes, [this](PromptLoader::Loaded loaded) {
            post(std::move(loaded));
        });
    recorder_ = std::make_unique<Recorder>(
        std::move(recordings), std::move(rings), [this](Event event) { post(std::move(event)); });
}

// The recorder drains the workers' rings, the loader and the recorder post to the mailboxes: each
// goes before what it uses.
Engine::~Engine() {
    recorder_.reset();
    loader_.reset();
    workers_.clear();
}

void Engine::wake() {
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(wake_.get(), &one, sizeof one);
}

void Engine::post(Event event) {
    from_recorder_.post(std::move(event));
    wake();
}

void Engine::post(PromptLoader::Loaded loaded) {
    from_loader_.post(std::move(loaded));
    wake();
}

void Engine::handle(const Command& command, Now now, Out& out) {
    std::visit([&](const auto& c) { on(c, now, out); }, command);
}

Engine::Known* Engine::find(EndpointId id) {
    const auto found = endpoints_.find(id);
    return found == endpoints_.end() || found->second.is_ending ? nullptr : &found->second;
}

bool Engine::send(const Known& known, WorkerCommand command) {
    return workers_[known.worker]->command(std::move(command));
}

// ---- Endpoints ---------------------------------------------------------------------------------

void Engine::on(const Create& command, Now now, Out& out) {
    if (command.endpoint == EndpointId{0}) {
        out.push_back(failed(command, FailureCode::InvalidArgument, "endpoint 0"));
        return;
    }
    if (endpoints_.contains(command.endpoint)) {
        out.push_back(failed(command, FailureCode::AlreadyExists));
        return;
    }
    if (endpoints_.size() >= kMaxEndpoints) {
        out.push_back(failed(command, FailureCode::TooMany, "endpoints"));
        return;
    }
    const std::string ip = command.bind_ip.empty() ? config_.bind_ip : command.bind_ip;
    const auto address = parse_address(ip, 0);
    if (!address) {
        out.push_back(failed(command, FailureCode::InvalidArgument, "bind address"));
        return;
    }
    auto sockets = bind_pair(*address, now);
    if (!sockets) {
        out.push_back(failed(command, FailureCode::NoPorts));
        return;
    }
    const std::size_t worker = static_cast<std::uint64_t>(command.group) % workers_.size();
    const std::uint16_t port = sockets->port;
    AddEndpoint add{.endpoint = command.endpoint,
                    .rtp = std::move(sockets->rtp),
                    .rtcp = std::move(sockets->rtcp),
                    .seed = next_seed()};
    if (!workers_[worker]->command(std::move(add))) {
        ports_.give_back(port, now.mono);
        out.push_back(failed(command, FailureCode::Overloaded));
        return;
    }
    const bool is_told_another = command.bind_ip.empty() && !config_.advertised_ip.empty();
    const std::string told = is_told_another ? config_.advertised_ip : ip;
    endpoints_[command.endpoint] = {
        .group = command.group, .worker = worker, .ip = told, .port = port};
    out.push_back(Created{.endpoint = command.endpoint, .ip = told, .port = port});
}

// A port that another program holds goes to the end of the pool and rests like any other.
std::optional<Engine::Sockets> Engine::bind_pair(const rtp::Address& ip, Now now) {
    for (std::size_t attempt = 0; attempt < kBindAttempts; ++attempt) {
        const auto port = ports_.take(now.mono);
        if (!port) return std::nullopt;
        rtp::Address address = ip;
        address.port = *port;
        Sockets sockets{.rtp = bind_udp(address), .rtcp = {}, .port = *port};
        address.port = static_cast<std::uint16_t>(*port + 1);
        sockets.rtcp = bind_udp(address);
        if (sockets.rtp && sockets.rtcp) return sockets;
        ports_.give_back(*port, now.mono);
    }
    return std::nullopt;
}

// RFC 3711 §3.3.1: a number below 2^15, so that a receiver who misses the first packets does not
// miss that the numbers began anew.
StreamSeed Engine::next_seed() {
    const std::uint64_t first = rng_.next();
    return {.ssrc = static_cast<std::uint32_t>(first),
            .sequence = static_cast<std::uint16_t>(first >> 32U & 0x7FFFU),
            .timestamp = static_cast<std::uint32_t>(rng_.next())};
}

void Engine::on(const SetRemote& command, Now, Out& out) {
    Known* known = find(command.endpoint);
    if (known == nullptr) {
        out.push_back(failed(command, FailureCode::NotFound));
        return;
    }
    const auto address = parse_address(command.ip, command.port);
    const bool is_bad_event_pt = command.telephone_event_pt && (*command.telephone_event_pt < 96 ||
                                                                *command.telephone_event_pt > 127);
    const bool is_opus = command.codec == Codec::Opus;
    const bool is_bad_opus_pt = is_opus ? command.opus_pt < 96 || command.opus_pt > 127 ||
                                              command.opus_pt == command.telephone_event_pt
                                        : command.opus_pt != 0;
    if (!address || command.port == 0 || is_bad_event_pt || is_bad_opus_pt) {
        out.push_back(failed(command, FailureCode::InvalidArgument, "address or payload type"));
        return;
    }
    const std::uint32_t event_hz = command.telephone_event_hz;
    if (event_hz != rtp::kClockRate && !(is_opus && event_hz == 48'000)) {
        out.push_back(failed(command, FailureCode::InvalidArgument, "telephone event clock"));
        return;
    }
    SetEndpointRemote set{
        .endpoint = command.endpoint,
        .address = *address,
        .rule = command.source == SourceRule::Learn ? rtp::SourceLock::Rule::Learn
                                                    : rtp::SourceLock::Rule::Signalled,
        .remote = {.codec = command.codec,
                   .payload_type =
                       is_opus ? command.opus_pt : static_cast<std::uint8_t>(command.codec),
                   .telephone_event_pt = command.telephone_event_pt,
                   .telephone_event_hz = event_hz,
                   .direction = command.direction,
                   .rtcp_port = command.rtcp_port,
                   .media_timeout = std::chrono::milliseconds{command.media_timeout_ms}},
        .is_secure = command.srtp.has_value(),
        .sealing = {},
        .opening = {},
        .tones = {}};
    const bool needs_tones = !command.telephone_event_pt && !known->has_tones;
    if (needs_tones) set.tones = std::make_unique<audio::ToneListener>();
    if (command.srtp) {
        const auto& [sending, receiving] = *command.srtp;
        const auto& before = known->keys;
        if (!before || before->send != sending) set.sealing = std::make_unique<Guarded>(sending);
        if (!before || before->receive != receiving) {
            set.opening = std::make_unique<Guarded>(receiving);
        }
    }
    known->codec = command.codec;
    if (!equip_both(command.endpoint, *known) || !send(*known, std::move(set))) {
        out.push_back(failed(command, FailureCode::Overloaded));
        return;
    }
    known->has_tones = known->has_tones || needs_tones;
    known->keys = command.srtp;
}

bool Engine::equip(EndpointId id, Known& known, Reason reason) {
    const auto is_wide = [](const Known& leg) {
        return leg.codec == Codec::G722 || leg.codec == Codec::Opus;
    };
    const Known* peer = known.bridged_to ? find(*known.bridged_to) : nullptr;
    const bool is_mixed = reason == Reason::Mixed || known.mix;
    const bool needs_one = is_wide(known) || is_mixed || (peer != nullptr && is_wide(*peer));
    if (!known.codec || !needs_one || known.has_voice_of == known.codec) return true;
    auto voice = Voice::make(*known.codec, config_.opus);
    ESC_CHECK(voice.has_value());  // The settings were checked at the start.
    if (!send(known, GiveVoice{.endpoint = id, .voice = std::move(voice).value()})) return false;
    known.has_voice_of = known.codec;
    return true;
}

bool Engine::equip_both(EndpointId id, Known& known) {
    Known* peer = known.bridged_to ? find(*known.bridged_to) : nullptr;
    return equip(id, known) && (peer == nullptr || equip(*known.bridged_to, *peer));
}

void Engine::on(const Destroy& command, Now, Out& out) {
    Known* known = find(command.endpoint);
    if (known == nullptr) {
        out.push_back(failed(command, FailureCode::NotFound));
        return;
    }
    if (!send(*known, command)) {
        out.push_back(failed(command, FailureCode::Overloaded));
        return;
    }
    drop_loading(command.endpoint, *known, out);
    if (known->bridged_to) {
        if (Known* peer = find(*known->bridged_to)) peer->bridged_to.reset();
    }
    forget_member(command.endpoint);
    std::vector<RecordingId> over;
    for (auto& [id, recording] : recordings_) {
        if (recording.left == command.endpoint) over.push_back(id);
        forget_voice(recording, command.endpoint);
    }
    for (const RecordingId& id : over) stop_recording(id, RecordEnd::EndpointGone);
    // The port comes back once the worker has closed the sockets (Destroyed).
    known->is_ending = true;
    known->playing.reset();
    known->bridged_to.reset();
}

void Engine::on(const Stats& command, Now, Out& out) {
    const Known* known = find(command.endpoint);
    if (known == nullptr) {
        out.push_back(failed(command, FailureCode::NotFound));
    } else if (!send(*known, command)) {
        out.push_back(failed(command, FailureCode::Overloaded));
    }
}

// ---- Plays, bridges, digits --------------------------------------------------------------------

void Engine::on(const Play& command, Now, Out& out) {
    Known* known = find(command.endpoint);
    if (known == nullptr) {
        out.push_back(play_error(command, FailureCode::NotFound, {}));
        return;
    }
    if (command.prompts.empty()) {
        out.push_back(play_error(command, FailureCode::InvalidArgument, {}));
        return;
    }
    for (const std::string& prompt : command.prompts) {
        if (Prompt::is_generated(prompt) || is_safe_path(prompt)) continue;
        out.push_back(play_error(command, FailureCode::PathRefused, prompt));
        return;
    }
    drop_loading(command.endpoint, *known, out);
    const std::uint64_t token = next_token_++;
    if (!loader_->request({.token = token, .names = command.prompts})) {
        out.push_back(play_error(command, FailureCode::Overloaded, {}));
        return;
    }
    loading_.emplace(token, command);
    known->loading = token;
    known->playing = command.play;
}

// A play whose prompts are still being read ends as if it had been stopped at its first sample.
void Engine::drop_loading(EndpointId id, Known& known, Out& out) {
    if (known.loading == 0) return;
    const auto found = loading_.find(known.loading);
    out.push_back(PlayEnded{
        .endpoint = id, .play = found->second.play, .reason = PlayEnd::Stopped, .played_ms = 0});
    loading_.erase(found);
    known.loading = 0;
    known.playing.reset();
}

void Engine::on_loaded(PromptLoader::Loaded loaded, Out& out) {
    const auto found = loading_.find(loaded.token);
    if (found == loading_.end()) return;
    const Play command = std::move(found->second);
    loading_.erase(found);
    Known* known = find(command.endpoint);
    if (known == nullptr) return;  // Destroy has told its end.
    known->loading = 0;
    FailureCode code = loaded.error;
    if (code == FailureCode::None) {
        StartPlay start{.endpoint = command.endpoint,
                        .play = std::make_unique<Playback>(
                            command.play, std::move(loaded.prompts), command.repeat),
                        .stop_on_digit = command.stop_on_digit};
        if (send(*known, std::move(start))) return;
        code = FailureCode::Overloaded;
    }
    known->playing.reset();
    out.push_back(play_error(command, code, loaded.failed_name));
}

void Engine::on(const StopPlay& command, Now, Out& out) {
    Known* known = find(command.endpoint);
    if (known == nullptr) {
        out.push_back(failed(command, FailureCode::NotFound));
        return;
    }
    const auto loading = loading_.find(known->loading);
    if (loading != loading_.end() && loading->second.play == command.play) {
        drop_loading(command.endpoint, *known, out);
        return;
    }
    if (!send(*known, command)) out.push_back(failed(command, FailureCode::Overloaded));
}

void Engine::on(const Bridge& command, Now, Out& out) {
    Known* a = find(command.a);
    Known* b = find(command.b);
    FailureCode code = FailureCode::None;
    if (a == nullptr || b == nullptr) {
        code = FailureCode::NotFound;
    } else if (command.a == command.b) {
        code = FailureCode::InvalidArgument;
    } else if (a->group != b->group) {
        code = FailureCode::WrongGroup;
    } else if (a->bridged_to || b->bridged_to || a->mix != b->mix) {
        code = FailureCode::Busy;
    } else {
        a->bridged_to = command.b;
        b->bridged_to = command.a;
        if (equip_both(command.a, *a) && send(*a, command)) {
            forget_member(command.a);
            forget_member(command.b);
            return;
        }
        a->bridged_to.reset();
        b->bridged_to.reset();
        code = FailureCode::Overloaded;
    }
    out.push_back(failed(command, code));
}

void Engine::on(const Unbridge& command, Now, Out& out) {
    Known* a = find(command.a);
    Known* b = find(command.b);
    if (a == nullptr || b == nullptr || a->bridged_to != command.b) {
        out.push_back(failed(command, FailureCode::NotFound));
        return;
    }
    if (!send(*a, command)) {
        out.push_back(failed(command, FailureCode::Overloaded));
        return;
    }
    a->bridged_to.reset();
    b->bridged_to.reset();
}

void Engine::on(const SendDigits& command, Now, Out& out) {
    const Known* known = find(command.endpoint);
    FailureCode code = FailureCode::None;
    if (known == nullptr) {
        code = FailureCode::NotFound;
    } else if (!rtp::TelephoneEventSender::is_sendable(command.digits)) {
        code = FailureCode::InvalidArgument;
    } else if (!known->codec) {
        code = FailureCode::NotNegotiated;
    } else if (!send(*known, command)) {
        code = FailureCode::Overloaded;
    }
    if (code != FailureCode::None) out.push_back(failed(command, code));
}

// ---- What comes back ---------------------------------------------------------------------------

void Engine::collect(Now now, Out& out) {
    std::uint64_t count = 0;
    [[maybe_unused]] const ssize_t size = ::read(wake_.get(), &count, sizeof count);
    for (auto& loaded : from_loader_.take()) on_loaded(std::move(loaded), out);
    for (auto& worker : workers_) {
        WorkerReport report;
        while (worker->next_report(report)) {
            if (auto* event = std::get_if<Event>(&report)) on_event(std::move(*event), now, out);
            if (const auto* hole = std::get_if<RecordingHole>(&report)) {
                recorder_->post(Recorder::Hole{hole->number});
            }
            report = std::monostate{};  // Frees what was retired.
        }
    }
    for (auto& event : from_recorder_.take()) on_event(std::move(event), now, out);
    warn_of_drops();
}

// Not expected ever: a worker's queue holds seconds of events. Said when it happens, because
// control then waits for an answer that does not come.
void Engine::warn_of_drops() {
    std::uint64_t dropped = 0;
    for (const auto& worker : workers_) dropped += worker->dropped_reports();
    if (dropped == dropped_reports_) return;
    dropped_reports_ = dropped;
    log::error("media_events_dropped", {{"total", std::to_string(dropped)}});
}

void Engine::on_event(Event event, Now now, Out& out) {
    note(event, now);
    out.push_back(std::move(event));
}

void Engine::note(const Event& event, Now now) {
    if (const auto* ended = std::get_if<PlayEnded>(&event)) {
        Known* known = find(ended->endpoint);
        if (known != nullptr && known->playing == ended->play) known->playing.reset();
    } else if (const auto* destroyed = std::get_if<Destroyed>(&event)) {
        const auto known = endpoints_.find(destroyed->endpoint);
        if (known == endpoints_.end()) return;
        ports_.give_back(known->second.port, now.mono);
        endpoints_.erase(known);
    } else if (const auto* started = std::get_if<RecordStarted>(&event)) {
        on_record_started(*started, now);
    } else if (const auto* over = std::get_if<RecordEnded>(&event)) {
        on_record_ended(*over);
    } else if (const auto* refused = std::get_if<Failed>(&event)) {
        const auto recording = recordings_.find(refused->recording);
        if (refused->command != wire_type(Command{Record{}}) || recording == recordings_.end())
            return;
        release(recording->second);
        recordings_.erase(recording);
    }
}

}  // namespace escucha::media
