#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "speech/prompt_plan.h"
#include "speech/utterance.h"

namespace escucha::speech_engine {

/// A speech engine: a program that reads UTF-8 text on standard input and writes one WAV file to
/// standard output. Started directly, never through a shell.
struct Engine {
    std::string id = "espeak-ng";  ///< Part of the cache key; change it when the engine changes.
    /// "{voice}" in an argument becomes the language's voice. The program is found on PATH.
    std::vector<std::string> command = {
        "espeak-ng", "-v", "{voice}", "-s", "155", "--stdin", "--stdout"};
    std::map<speech::Language, std::string> voices = {{speech::Language::Es, "es"},
                                                      {speech::Language::En, "en-gb"}};
    std::chrono::milliseconds deadline{10'000};
};

/// A file ready for the telephone: WAV, 8000 Hz, mono, 16 bit, about -20 dBFS RMS, no clipping.
struct Rendered {
    std::filesystem::path path;
    std::chrono::milliseconds duration{0};
};

/// Makes the audio of what a caller hears, and keeps it by content.
///
/// Blocking and thread-safe: called on the work pool. A text asked for by several threads at once
/// is rendered once. Files appear whole (written aside, then renamed), so a kill leaves no half.
class PromptMaker {
public:
    static constexpr std::size_t kMaxTextBytes = 4000;
    static constexpr std::size_t kMaxEngineBytes = 32 * 1024 * 1024;
    static constexpr double kTargetRmsDbfs = -20.0;
    static constexpr double kMusicRmsDbfs = -24.0;

    /// `recordings` holds "<language>/<file>" of the flows; `cache` is created when missing.
    PromptMaker(Engine engine, std::filesystem::path recordings, std::filesystem::path cache);
    ~PromptMaker();
    PromptMaker(const PromptMaker&) = delete;
    PromptMaker& operator=(const PromptMaker&) = delete;

    /// The file of a clip, rendered unless it is there: the recording, levelled, when the clip
    /// names one that exists; else the engine's voice. Errors: `TooLarge` for the text,
    /// `Unavailable` when the engine is missing or fails, `Timeout` past its deadline, `Io`.
    Result<Rendered> make(const speech::Clip& clip, speech::Language language);

    /// Hold music, about 70 s, made to be looped; rendered at first use.
    Result<Rendered> hold_music();
    /// The tone before a voicemail is recorded.
    Result<Rendered> beep();

    /// Removes the least recently used variable clips until they take at most `max_bytes`.
    /// Returns how many files went. Never touches static clips.
    std::size_t prune(std::uintmax_t max_bytes);

private:
    struct Inflight;
    Result<Rendered> make_once(const std::filesystem::path& path,
                               const speech::Clip& clip,
                               speech::Language language);
    Result<Rendered> render(const std::filesystem::path& path,
                            const speech::Clip& clip,
                            speech::Language language);
    [[nodiscard]] std::filesystem::path recording_of(const speech::Clip& clip,
                                                     speech::Language language) const;

    Engine engine_;
    std::filesystem::path recordings_;
    std::filesystem::path cache_;
    std::unique_ptr<Inflight> inflight_;
};

}  // namespace escucha::speech_engine
