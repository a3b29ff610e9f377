#include "speech_engine/prompt_maker.h"

#include <algorithm>
#include <condition_variable>
#include <fstream>
#include <mutex>
#include <set>

#include "base/errc.h"
#include "speech_engine/command.h"
#include "speech_engine/sound.h"

namespace escucha::speech_engine {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

namespace {

constexpr auto kMargin = 40ms;
constexpr std::string_view kVoicePlace = "{voice}";

/// The length from the size of a file this class wrote: 44 bytes of header, 16 bytes a millisecond.
std::optional<Rendered> existing(const fs::path& path) {
    constexpr std::uintmax_t kHeaderBytes = 44;
    constexpr std::uintmax_t kBytesPerMs = 2 * kSampleRateHz / 1000;
    std::error_code error;
    const auto size = fs::file_size(path, error);
    if (error || size <= kHeaderBytes) return std::nullopt;
    return Rendered{.path = path,
                    .duration = std::chrono::milliseconds{
                        static_cast<std::int64_t>((size - kHeaderBytes) / kBytesPerMs)}};
}

/// What the file is now: a recording that was replaced is levelled anew.
std::string stamp_of(const fs::path& recording) {
    std::error_code error;
    const auto size = fs::file_size(recording, error);
    const auto changed = fs::last_write_time(recording, error).time_since_epoch().count();
    return recording.string() + "|" + std::to_string(size) + "|" + std::to_string(changed);
}

}  // namespace

/// The files that are being made, so that the second to ask waits for the first.
struct PromptMaker::Inflight {
    std::mutex mutex;
    std::condition_variable done;
    std::set<fs::path> paths;
};

PromptMaker::PromptMaker(Engine engine, fs::path recordings, fs::path cache)
    : engine_{std::move(engine)},
      recordings_{std::move(recordings)},
      cache_{std::move(cache)},
      inflight_{std::make_unique<Inflight>()} {}

PromptMaker::~PromptMaker() = default;

fs::path PromptMaker::recording_of(const speech::Clip& clip, speech::Language) const {
    if (clip.file.empty() || clip.file.find("..") != std::string::npos) return {};
    const auto path = recordings_ / clip.file;
    std::error_code error;
    return fs::is_regular_file(path, error) ? path : fs::path{};
}

Result<Rendered> PromptMaker::make(const speech::Clip& clip, speech::Language language) {
    if (clip.text.size() > kMaxTextBytes) return fail(Errc::TooLarge, "text to speak");
    const auto recording = recording_of(clip, language);
    const auto voice = engine_.voices.find(language);
    speech::Voice key{.engine = engine_.id,
                      .name = voice == engine_.voices.end() ? std::string{} : voice->second};
    std::string content = clip.text;
    if (!recording.empty()) {
        key = {.engine = "recording", .name = {}};
        content = stamp_of(recording);
    } else if (voice == engine_.voices.end() || engine_.command.empty()) {
        return fail(Errc::Unavailable, "no voice for this language");
    } else if (content.empty()) {
        return fail(Errc::InvalidArgument, "nothing to speak");
    }
    return make_once(
        cache_ / speech::prompt_key(key, language, content, clip.reuse), clip, language);
}

Result<Rendered> PromptMaker::make_once(const fs::path& path,
                                        const speech::Clip& clip,
                                        speech::Language language) {
    {
        std::unique_lock lock{inflight_->mutex};
        inflight_->done.wait(lock, [&] { return !inflight_->paths.contains(path); });
        if (auto ready = existing(path)) {
            // Being used keeps a variable clip from being pruned.
            std::error_code ignored;
            fs::last_write_time(path, fs::file_time_type::clock::now(), ignored);
            return *std::move(ready);
        }
        inflight_->paths.insert(path);
    }
    auto rendered = render(path, clip, language);
    {
        const std::lock_guard lock{inflight_->mutex};
        inflight_->paths.erase(path);
    }
    inflight_->done.notify_all();
    return rendered;
}

Result<Rendered> PromptMaker::render(const fs::path& path,
                                     const speech::Clip& clip,
                                     speech::Language language) {
    Samples samples;
    if (const auto recording = recording_of(clip, language); !recording.empty()) {
        ESC_TRY(samples, read_sound(recording));
    } else {
        auto arguments = engine_.command;
        for (auto& argument : arguments) {
            const auto at = argument.find(kVoicePlace);
            if (at != std::string::npos) {
                argument.replace(at, kVoicePlace.size(), engine_.voices.at(language));
            }
        }
        ESC_TRY(const auto output,
                run_command(arguments,
                            clip.text + "\n",
                            {.deadline = engine_.deadline, .most_bytes = kMaxEngineBytes}));
        ESC_TRY(samples, decode_sound(output.bytes));
    }
    if (samples.empty()) return fail(Errc::Unavailable, "the engine gave no sound");
    trim_silence(samples, kMargin);
    level(samples, kTargetRmsDbfs);
    ESC_TRY(write_wav(path, samples));
    return Rendered{.path = path, .duration = duration_of(samples)};
}

Result<Rendered> PromptMaker::hold_music() {
    const auto path = cache_ / "tones" / "hold-music.wav";
    const std::lock_guard lock{inflight_->mutex};
    if (auto ready = existing(path)) return *std::move(ready);
    auto samples = compose_hold_music();
    level(samples, kMusicRmsDbfs);
    ESC_TRY(write_wav(path, samples));
    return Rendered{.path = path, .duration = duration_of(samples)};
}

Result<Rendered> PromptMaker::beep() {
    const auto path = cache_ / "tones" / "beep.wav";
    const std::lock_guard lock{inflight_->mutex};
    if (auto ready = existing(path)) return *std::move(ready);
    const auto samples = compose_beep();
    ESC_TRY(write_wav(path, samples));
    return Rendered{.path = path, .duration = duration_of(samples)};
}

std::size_t PromptMaker::prune(std::uintmax_t max_bytes) {
    struct Kept {
        fs::file_time_type used;
        fs::path path;
        std::uintmax_t size;
    };
    std::vector<Kept> files;
    std::uintmax_t total = 0;
    for (const auto& [language, voice] : engine_.voices) {
        std::error_code error;
        const auto folder = cache_ / std::string{speech::code(language)} / "once";
        for (fs::directory_iterator it{folder, error}, end; !error && it != end;
             it.increment(error)) {
            if (it->path().extension() != ".wav") continue;
            std::error_code gone;
            const Kept file{it->last_write_time(gone), it->path(), it->file_size(gone)};
            if (gone) continue;
            total += file.size;
            files.push_back(file);
        }
    }
    std::sort(
        files.begin(), files.end(), [](const Kept& a, const Kept& b) { return a.used < b.used; });
    std::size_t removed = 0;
    for (const auto& file : files) {
        if (total <= max_bytes) break;
        std::error_code error;
        if (fs::remove(file.path, error)) ++removed;
        total -= file.size;
    }
    return removed;
}

}  // namespace escucha::speech_engine
