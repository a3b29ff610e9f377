#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/rng.h"
#include "base/time.h"
#include "media/engine/port_pool.h"
#include "media/engine/prompt_loader.h"
#include "media/engine/recorder.h"
#include "media/engine/worker.h"
#include "media/protocol.h"

namespace escucha::media {

struct EngineConfig {
    std::string bind_ip = "127.0.0.1";
    std::string advertised_ip;  ///< What peers are told instead; empty: the address bound.
    std::uint16_t port_low = 16'384;
    std::uint16_t port_high = 32'767;
    std::size_t workers = 1;
    std::string recordings;  ///< Folder; made when missing.
    std::string prompts;     ///< Folder.
    std::size_t prompt_cache_bytes = 128UL * 1024 * 1024;
    /// How Opus is spoken where it is not passed on. At most `kMaxOpusRateHz`, as G.722 has: only
    /// two legs of Opus could hear more, and they need no codec of ours.
    audio::OpusSettings opus{};
};
inline constexpr std::uint32_t kMaxOpusRateHz = 16'000;

/// The media plane without its control socket: commands in, events out. It checks each command
/// against what exists and hands it to the worker, the loader or the recorder that does it; it
/// alone knows which endpoints, bridges, mixes, plays and recordings there are.
///
/// One thread calls it. `event_fd` becomes readable when `collect` has something to give.
class Engine {
public:
    static constexpr std::size_t kMaxEndpoints = 16'384;
    static constexpr std::size_t kMaxRecordings = 4'096;
    static constexpr std::size_t kMaxUnforgotten = 4'096;

    /// `Errc::InvalidArgument` for a bad address or range, `Errc::Io` for folders.
    static Result<std::unique_ptr<Engine>> start(const EngineConfig& config);
    ~Engine();
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    /// Every command but Hello. Answers that are known at once are appended to `out`.
    void handle(const Command& command, Now now, std::vector<Event>& out);
    /// What has happened since the last call.
    void collect(Now now, std::vector<Event>& out);
    [[nodiscard]] int event_fd() const { return wake_.get(); }

    [[nodiscard]] std::size_t endpoint_count() const { return endpoints_.size(); }
    [[nodiscard]] std::uint64_t start_id() const { return start_id_; }
    /// Recordings an earlier process left open, mended at the start.
    [[nodiscard]] const std::map<RecordingId, RecordEnded>& unforgotten() const { return ended_; }

private:
    struct Known {
        CallGroup group{};
        std::size_t worker = 0;
        std::string ip;
        std::uint16_t port = 0;
        std::optional<PlayId> playing{};
        std::uint64_t loading = 0;  ///< Token of the play that waits for its prompts; 0 none.
        std::optional<EndpointId> bridged_to{};
        std::optional<MixId> mix{};
        bool has_tones = false;               ///< Its worker can look for keys in the voice.
        std::optional<Codec> codec{};         ///< Once its remote is set.
        std::optional<Codec> has_voice_of{};  ///< What its worker's `Voice` speaks.
        std::optional<SrtpKeys> keys{};       ///< What its worker ciphers with.
        bool is_ending = false;               ///< Destroy was sent; for commands it exists no more.
        std::optional<RecordingId> recorded_by{};
    };
    struct Recording {
        std::uint64_t number = 0;
        std::string path;
        RecordingKind kind = RecordingKind::Call;
        EndpointId left{};
        std::optional<EndpointId> right;
        std::array<std::optional<EndpointId>, kMaxJoinedVoices> joined{};  ///< By voice, from 2.
        Instant started{};
        bool is_started = false;
        bool is_paused = false;
        bool is_stopping = false;
    };
    using Out = std::vector<Event>;

    explicit Engine(const EngineConfig& config, Folder prompts, Folder recordings);

    void on(const Hello&, Now, Out&) {}
    void on(const Create& command, Now now, Out& out);
    void on(const SetRemote& command, Now now, Out& out);
    void on(const Play& command, Now now, Out& out);
    void on(const StopPlay& command, Now now, Out& out);
    void on(const Bridge& command, Now now, Out& out);
    void on(const Unbridge& command, Now now, Out& out);
    void on(const SendDigits& command, Now now, Out& out);
    void on(const Record& command, Now now, Out& out);
    void on(const PauseRecord& command, Now now, Out& out);
    void on(const ResumeRecord& command, Now now, Out& out);
    void on(const MoveRecord& command, Now now, Out& out);
    void on(const StopRecord& command, Now now, Out& out);
    void on(const ForgetRecord& command, Now now, Out& out);
    void on(const Destroy& command, Now now, Out& out);
    void on(const List& command, Now now, Out& out);
    void on(const Stats& command, Now now, Out& out);
    void on(const Mix& command, Now now, Out& out);
    void on(const JoinMix& command, Now now, Out& out);
    void on(const LeaveMix& command, Now now, Out& out);
    void on(const EndMix& command, Now now, Out& out);
    void on(const JoinRecord& command, Now now, Out& out);
    void on(const LeaveRecord& command, Now now, Out& out);

    struct Fault {
        FailureCode code = FailureCode::None;
        const char* detail = "";
    };
    Fault fault_of(const MixMember& member, MixId mix, const std::vector<MixMember>& all);
    bool equip_for_mix(EndpointId endpoint);
    void forget_member(EndpointId endpoint);

    void on_loaded(PromptLoader::Loaded loaded, Out& out);
    void on_event(Event event, Now now, Out& out);
    void note(const Event& event, Now now);
    void on_record_started(const RecordStarted& event, Now now);
    void on_record_ended(const RecordEnded& event);
    void drop_loading(EndpointId id, Known& known, Out& out);
    void stop_recording(const RecordingId& id, RecordEnd reason);
    void tap(EndpointId endpoint, std::optional<Tap> tap);
    void claim(std::optional<EndpointId> endpoint, std::optional<RecordingId> recording);
    void release(const Recording& recording);
    static void forget_voice(Recording& recording, EndpointId endpoint);

    struct Sockets {
        UniqueFd rtp;
        UniqueFd rtcp;
        std::uint16_t port = 0;
    };
    std::optional<Sockets> bind_pair(const rtp::Address& ip, Now now);
    StreamSeed next_seed();
    /// Nothing for an endpoint that is being destroyed.
    Known* find(EndpointId id);
    bool send(const Known& known, WorkerCommand command);
    enum class Reason : std::uint8_t { Bridged, Mixed };
    /// Gives a leg its voice when it or the leg it talks to needs one, or it is in a mix. False
    /// when the worker's queue is full.
    bool equip(EndpointId id, Known& known, Reason reason = Reason::Bridged);
    bool equip_both(EndpointId id, Known& known);
    void warn_of_drops();
    void wake();
    void post(Event event);
    void post(PromptLoader::Loaded loaded);

    EngineConfig config_;
    std::uint64_t start_id_;
    Rng rng_;
    UniqueFd wake_;
    PortPool ports_;
    std::vector<std::unique_ptr<Worker>> workers_;
    std::unordered_map<EndpointId, Known> endpoints_;
    std::map<MixId, std::vector<MixMember>> mixes_;  ///< Never empty ones.
    std::map<RecordingId, Recording> recordings_;
    std::map<RecordingId, RecordEnded> ended_;
    std::unordered_map<std::uint64_t, Play> loading_;
    std::uint64_t next_token_ = 1;
    std::uint64_t dropped_reports_ = 0;
    std::uint64_t next_recording_ = 1;
    Mailbox<Event> from_recorder_;
    Mailbox<PromptLoader::Loaded> from_loader_;
    std::unique_ptr<PromptLoader> loader_;
    std::unique_ptr<Recorder> recorder_;
};

}  // namespace escucha::media
