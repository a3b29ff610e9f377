#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>
#include <unordered_map>
#include <variant>
#include <vector>

#include "media/engine/files.h"
#include "media/engine/mailbox.h"
#include "media/engine/recording_note.h"
#include "media/engine/spsc_ring.h"
#include "media/engine/timeline.h"
#include "media/protocol.h"
#include "rtp/g711.h"

namespace escucha::media {

/// A piece of what a channel said, on its way from a worker to the writer.
struct AudioFrame {
    static constexpr std::size_t kMaxSamples = 160;
    std::uint64_t recording = 0;  ///< The engine's number for it, never reused.
    Timeline::Source source;
    std::uint8_t voice = 0;  ///< 0 left, 1 right, from 2 on those that joined on the right.
    rtp::Law law = rtp::Law::Mu;
    std::uint8_t samples = 0;
    std::array<std::byte, kMaxSamples> payload;
};
/// One per worker. Full: the frame is dropped and the recording is not `complete`.
using AudioRing = SpscRing<AudioFrame>;

/// Writes recordings: one thread lays the frames on their timelines and appends to the files every
/// `kFlushEvery`; a second one syncs and hashes what has ended, because both take their time.
class Recorder {
public:
    static constexpr Duration kFlushEvery = std::chrono::milliseconds{250};
    static constexpr std::uint32_t kMaxMs = 4 * 3'600 * 1'000;

    struct Start {
        std::uint64_t number = 0;
        Record command;
    };
    struct SetPaused {
        std::uint64_t number = 0;
        bool paused = false;
    };
    struct Stop {
        std::uint64_t number = 0;
        RecordEnd reason = RecordEnd::Stopped;
    };
    /// The frame ring was full: the recording has a hole.
    struct Hole {
        std::uint64_t number = 0;
    };
    using Job = std::variant<Start, SetPaused, Stop, Hole>;

    /// `report` is called on the recorder's threads with RecordStarted, Failed, RecordPaused,
    /// RecordResumed and RecordEnded. The rings must outlive the recorder.
    Recorder(Folder folder, std::vector<AudioRing*> rings, std::function<void(Event)> report);
    /// Ends every recording properly.
    ~Recorder();
    Recorder(const Recorder&) = delete;
    Recorder& operator=(const Recorder&) = delete;

    /// False when too many jobs wait.
    bool post(Job job) { return jobs_.post(std::move(job)); }

    /// Mends what an earlier process left open, for the first events of this one. Files that a
    /// living process still writes are left alone.
    static std::vector<RecordEnded> recover(const Folder& folder);

private:
    struct Open;
    struct Finished;

    void write_loop();
    void finish_loop();
    void drain_rings();
    void place(const AudioFrame& frame);
    void handle(const Job& job, Now now);
    void start(const Start& job, Now now);
    void set_paused(const SetPaused& job, Now now);
    Result<std::unique_ptr<Open>> open(const Start& job, Now now);
    void flush_all(Now now);
    /// Appends what is due; true while the recording goes on.
    static bool flush(Open& open, Instant now);
    void end(std::uint64_t number, RecordEnd reason, Now now);
    void finish(Finished& finished);

    Folder folder_;
    std::vector<AudioRing*> rings_;
    std::function<void(Event)> report_;
    std::unordered_map<std::uint64_t, std::unique_ptr<Open>> open_;
    std::unique_ptr<AudioFrame> frame_;
    Instant flushed_{};
    Mailbox<Job> jobs_;
    Mailbox<std::unique_ptr<Finished>> finished_;
    std::thread finisher_;
    std::thread writer_;
};

}  // namespace escucha::media
