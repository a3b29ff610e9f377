#include "media/engine/recorder.h"

#include <dirent.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

#include "base/errc.h"
#include "base/log.h"
#include "base/overloaded.h"
#include "base/thread_name.h"
#include "media/wav.h"
#include "recording/sealed.h"

namespace escucha::media {
namespace {

constexpr std::size_t kMaxJobs = 16'384;
constexpr Duration kTick = std::chrono::milliseconds{50};
constexpr Duration kIdleTick = std::chrono::seconds{60};
constexpr std::size_t kFileReadBytes = 256 * 1024;
/// A 20 ms piece is silence below this mean square: -45 dBFS, over line noise, below a whisper.
constexpr double kSilenceMeanSquare = 32'768.0 * 32'768.0 * 3.16e-5;
constexpr const char* kOpenFolder = ".open";
constexpr std::string_view kPlainSuffix = ".wav";

FailureCode code_of(const Error& error) {
    if (error.code == Errc::Conflict) return FailureCode::AlreadyExists;
    if (error.code == Errc::Forbidden) return FailureCode::PathRefused;
    return FailureCode::Io;
}

std::array<std::uint8_t, 32> hash_file(int fd) {
    auto source = recording::read_from(fd);
    if (!source) return {};
    const auto digest = recording::digest_of(*source.value());
    return digest ? digest.value() : std::array<std::uint8_t, 32>{};
}

Result<void> write_note(const Folder& folder, const RecordingNote& note) {
    const std::string path = note.open_path();
    const std::string fresh = path + ".new";
    const std::string text = note.to_json();
    {
        ESC_TRY(const auto file, folder.open_file(fresh, O_WRONLY | O_CREAT | O_TRUNC));
        ESC_TRY(write_all(file.get(), text.data(), text.size()));
    }
    return folder.rename(fresh, path);
}

std::string read_note(const Folder& folder, const std::string& path) {
    std::string text(kFileReadBytes, '\0');
    const auto file = folder.open_file(path, O_RDONLY);
    if (!file) return {};
    const ssize_t count = ::read(file.value().get(), text.data(), text.size());
    text.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return text;
}

std::vector<std::string> open_notes(const Folder& folder) {
    std::vector<std::string> names;
    const std::unique_ptr<DIR, int (*)(DIR*)> listing{
        ::opendir((folder.path() + "/" + kOpenFolder).c_str()), &::closedir};
    if (!listing) return names;
    while (const dirent* entry = ::readdir(listing.get())) {
        const std::string_view name{entry->d_name};
        if (name.ends_with(".json"))
            names.push_back(std::string{kOpenFolder} + "/" + entry->d_name);
    }
    std::sort(names.begin(), names.end());
    return names;
}

/// Nobody here has the key any more: whole chunks count, and the file stays as it is.
void measure_sealed(int fd, std::uint64_t size, RecordEnded& ended) {
    ended.bytes = size;
    Bytes header(recording::kFixedHeaderBytes);
    if (::pread(fd, header.data(), header.size(), 0) != static_cast<ssize_t>(header.size())) return;
    const auto layout = recording::Layout::decode(header);
    if (!layout || size < recording::kHeaderBytes) return;
    const std::uint64_t chunks =
        (size - recording::kHeaderBytes) / layout.value().sealed_chunk_bytes();
    const std::uint64_t frames = chunks * layout.value().chunk_bytes / layout.value().frame_bytes();
    ended.duration_ms = static_cast<std::uint32_t>(frames * 1000 / kSampleRateHz);
}

/// Of a build before recordings were sealed.
void measure_plain(const std::string& path, RecordEnded& ended) {
    const auto repaired = repair_wav(path);
    if (!repaired) return;
    ended.duration_ms = repaired.value().duration_ms;
    ended.bytes = repaired.value().bytes;
}

std::optional<RecordEnded> mend(const Folder& folder, RecordingNote note) {
    RecordEnded ended{.recording = note.recording,
                      .reason = RecordEnd::Interrupted,
                      .path = note.path,
                      .pauses = note.pauses};
    if (const auto file = folder.open_file(note.path, O_RDWR)) {
        const int fd = file.value().get();
        if (::flock(fd, LOCK_EX | LOCK_NB) != 0) return std::nullopt;
        struct stat status {};
        if (note.path.ends_with(kPlainSuffix)) {
            measure_plain(folder.path() + "/" + note.path, ended);
        } else if (::fstat(fd, &status) == 0) {
            measure_sealed(fd, static_cast<std::uint64_t>(status.st_size), ended);
        }
        if (ended.bytes > 0 && ::fsync(fd) == 0) ended.sha256 = hash_file(fd);
    }
    note.ended = ended;
    if (write_note(folder, note)) {
        if (!folder.rename(note.open_path(), note.path + ".json")) return std::nullopt;
    }
    return ended;
}

}  // namespace

struct Recorder::Open {
    std::uint64_t number = 0;
    Record command;
    RecordingNote note;
    UniqueFd file;
    Timeline timeline;
    recording::Sealer sealer;
    Bytes sealed{};                ///< On its way to the file.
    std::uint64_t data_bytes = 0;  ///< Of samples.
    std::uint64_t file_bytes = 0;
    std::uint32_t max_ms = kMaxMs;
    std::uint32_t silent_ms = 0;
    bool has_hole = false;
    bool has_failed = false;

    [[nodiscard]] std::uint16_t channels() const {
        return static_cast<std::uint16_t>(timeline.channels());
    }
    Result<void> append(std::span<const std::int16_t> samples);
    Result<void> write_sealed();
    void listen_for_silence(std::span<const std::int16_t> samples);
};

struct Recorder::Finished {
    RecordingNote note;
    UniqueFd file;
    RecordEnded ended;
};

// Samples go out as they are in memory: RIFF and every machine we build for are little-endian.
Result<void> Recorder::Open::append(std::span<const std::int16_t> samples) {
    listen_for_silence(samples);
    sealer.append(std::as_bytes(samples), sealed);
    data_bytes += samples.size_bytes();
    return write_sealed();
}

Result<void> Recorder::Open::write_sealed() {
    if (sealed.empty()) return ok();
    ESC_TRY(write_all(file.get(), sealed.data(), sealed.size()));
    file_bytes += sealed.size();
    sealed.clear();
    return ok();
}

void Recorder::Open::listen_for_silence(std::span<const std::int16_t> samples) {
    const std::size_t step = channels();
    const std::size_t piece = 160 * step;
    for (std::size_t at = 0; at + piece <= samples.size(); at += piece) {
        double sum = 0;
        for (std::size_t i = 0; i < piece; i += step) {
            const double sample = samples[at + i];
            sum += sample * sample;
        }
        silent_ms = sum / 160 < kSilenceMeanSquare ? silent_ms + 20 : 0;
    }
}

Recorder::Recorder(Folder folder, std::vector<AudioRing*> rings, std::function<void(Event)> report)
    : folder_{std::move(folder)},
      rings_{std::move(rings)},
      report_{std::move(report)},
      frame_{std::make_unique<AudioFrame>()},
      jobs_{kMaxJobs},
      finished_{kMaxJobs},
      finisher_{[this] {
          name_this_thread("record-finisher");
          finish_loop();
      }},
      writer_{[this] {
          name_this_thread("record-writer");
          write_loop();
      }} {}

Recorder::~Recorder() {
    jobs_.close();
    writer_.join();
    finished_.close();
    finisher_.join();
}

void Recorder::write_loop() {
    while (!jobs_.is_closed()) {
        const auto jobs = jobs_.wait_for(open_.empty() ? kIdleTick : kTick);
        drain_rings();
        const Now now = read_clocks();
        for (const Job& job : jobs) handle(job, now);
        if (now.mono - flushed_ >= kFlushEvery) flush_all(now);
    }
    drain_rings();
    while (!open_.empty()) end(open_.begin()->first, RecordEnd::Stopped, read_clocks());
}

void Recorder::drain_rings() {
    for (AudioRing* ring : rings_) {
        while (ring->pop(*frame_)) place(*frame_);
    }
}

void Recorder::place(const AudioFrame& frame) {
    const auto found = open_.find(frame.recording);
    if (found == open_.end()) return;
    std::array<std::int16_t, AudioFrame::kMaxSamples> samples;
    const std::size_t count = std::min<std::size_t>(frame.samples, samples.size());
    const std::span<std::int16_t> decoded = std::span{samples}.first(count);
    Timeline& timeline = found->second->timeline;
    // After a slow disk the ring holds more than the window: written out on the way.
    if (timeline.pending(frame.source.arrival) > Timeline::kMaxPending) {
        flush(*found->second, frame.source.arrival);
    }
    rtp::decode(frame.law, ByteView{frame.payload}.first(count), decoded);
    timeline.place(frame.voice, frame.source, decoded);
}

void Recorder::handle(const Job& job, Now now) {
    std::visit(overloaded{[&](const Start& start_job) { start(start_job, now); },
                          [&](const SetPaused& pause) { set_paused(pause, now); },
                          [&](const Stop& stop) { end(stop.number, stop.reason, now); },
                          [&](const Hole& hole) {
                              const auto found = open_.find(hole.number);
                              if (found != open_.end()) found->second->has_hole = true;
                          }},
               job);
}

void Recorder::start(const Start& job, Now now) {
    auto opened = open(job, now);
    if (!opened) {
        report_(Failed{.command = wire_type(Command{job.command}),
                       .recording = job.command.recording,
                       .code = code_of(opened.error()),
                       .detail = opened.error().detail.substr(0, kMaxDetailBytes)});
        return;
    }
    open_[job.number] = std::move(opened).value();
    report_(RecordStarted{.recording = job.command.recording});
}

Result<std::unique_ptr<Recorder::Open>> Recorder::open(const Start& job, Now now) {
    const Record& command = job.command;
    ESC_TRY(folder_.make_parents(command.path));
    ESC_TRY(auto file, folder_.open_file(command.path, O_RDWR | O_CREAT | O_EXCL));
    ::flock(file.get(), LOCK_EX | LOCK_NB);
    const std::size_t channels = command.kind == RecordingKind::Call ? 2 : 1;
    const recording::DataKey key{command.key};
    const auto layout =
        recording::Layout::fresh(command.recording, static_cast<std::uint16_t>(channels));
    auto opened = std::make_unique<Open>(Open{.number = job.number,
                                              .command = command,
                                              .note = {.recording = command.recording,
                                                       .path = command.path,
                                                       .kind = command.kind,
                                                       .started_at = now.wall,
                                                       .pauses = {},
                                                       .ended = std::nullopt},
                                              .file = std::move(file),
                                              .timeline = Timeline{channels, now.mono},
                                              .sealer = recording::Sealer{key, layout}});
    OPENSSL_cleanse(opened->command.key.data(), opened->command.key.size());
    if (command.max_ms > 0) opened->max_ms = std::min(command.max_ms, kMaxMs);
    recording::Sealer::begin(layout, command.wrapped_key, opened->sealed);
    ESC_TRY(opened->write_sealed());
    ESC_TRY(write_note(folder_, opened->note));
    return opened;
}

void Recorder::set_paused(const SetPaused& job, Now now) {
    const auto found = open_.find(job.number);
    if (found == open_.end()) return;
    Open& open = *found->second;
    const RecordingId recording = open.command.recording;
    if (job.paused) {
        const Duration at = open.timeline.pause(now.mono);
        report_(RecordPaused{.recording = recording, .at_ms = to_ms(at)});
    } else if (const auto at = open.timeline.resume(now.mono)) {
        report_(RecordResumed{.recording = recording, .at_ms = to_ms(*at)});
    } else {
        report_(Failed{.command = wire_type(Command{ResumeRecord{}}),
                       .recording = recording,
                       .code = FailureCode::NotFound,
                       .detail = "not paused"});
    }
    open.note.pauses = open.timeline.pauses(now.mono);
    if (!write_note(folder_, open.note)) {
        log::warn("recording_note_not_written", {{"recording", recording.to_string()}});
    }
}

void Recorder::flush_all(Now now) {
    flushed_ = now.mono;
    std::vector<std::pair<std::uint64_t, RecordEnd>> over;
    for (auto& [number, open] : open_) {
        if (!flush(*open, now.mono)) {
            over.emplace_back(number, RecordEnd::Io);
        } else if (to_ms(open->timeline.elapsed(now.mono)) >= open->max_ms) {
            over.emplace_back(number, RecordEnd::MaxLength);
        } else if (open->command.silence_ms > 0 && open->silent_ms >= open->command.silence_ms) {
            over.emplace_back(number, RecordEnd::Silence);
        }
    }
    for (const auto& [number, reason] : over) end(number, reason, now);
}

bool Recorder::flush(Open& open, Instant now) {
    if (open.has_failed) return false;
    bool is_well = true;
    while (is_well) {
        const auto samples = open.timeline.take(now);
        if (samples.empty()) break;
        is_well = open.append(samples).has_value();
    }
    open.has_failed = !is_well;
    return is_well;
}

void Recorder::end(std::uint64_t number, RecordEnd reason, Now now) {
    const auto found = open_.find(number);
    if (found == open_.end()) return;
    const std::unique_ptr<Open> open = std::move(found->second);
    open_.erase(found);
    while (!open->has_failed) {
        const auto samples = open->timeline.take_rest(now.mono);
        if (samples.empty()) break;
        if (!open->append(samples)) open->has_failed = true;
    }
    if (!open->has_failed) {
        open->sealer.finish(open->sealed);
        open->has_failed = !open->write_sealed();
    }
    auto finished = std::make_unique<Finished>();
    const std::uint64_t frames = open->data_bytes / 2 / open->channels();
    finished->ended = {.recording = open->command.recording,
                       .reason = open->has_failed ? RecordEnd::Io : reason,
                       .duration_ms = static_cast<std::uint32_t>(frames * 1000 / kSampleRateHz),
                       .bytes = open->file_bytes,
                       .complete = !open->has_failed && !open->has_hole,
                       .path = open->command.path,
                       .pauses = open->timeline.pauses(now.mono)};
    finished->note = std::move(open->note);
    finished->file = std::move(open->file);
    // The mailbox holds as many as there can be recordings.
    finished_.post(std::move(finished));
}

void Recorder::finish_loop() {
    while (true) {
        const bool is_last = finished_.is_closed();
        auto batch = is_last ? finished_.take() : finished_.wait();
        for (const auto& finished : batch) finish(*finished);
        if (is_last) return;
    }
}

void Recorder::finish(Finished& finished) {
    if (::fsync(finished.file.get()) != 0) {
        finished.ended.reason = RecordEnd::Io;
        finished.ended.complete = false;
    }
    finished.ended.sha256 = hash_file(finished.file.get());
    finished.note.ended = finished.ended;
    const RecordingNote& note = finished.note;
    if (!write_note(folder_, note) || !folder_.rename(note.open_path(), note.path + ".json")) {
        log::warn("recording_note_not_written", {{"recording", note.recording.to_string()}});
    }
    report_(finished.ended);
}

std::vector<RecordEnded> Recorder::recover(const Folder& folder) {
    std::vector<RecordEnded> mended;
    for (const std::string& path : open_notes(folder)) {
        auto note = RecordingNote::parse_open(read_note(folder, path));
        if (!note || note->open_path() != path) {
            log::warn("recording_note_unreadable", {{"path", path}});
            continue;
        }
        if (auto ended = mend(folder, std::move(*note))) mended.push_back(std::move(*ended));
    }
    return mended;
}

}  // namespace escucha::media
