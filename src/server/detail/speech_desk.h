#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "server/config.h"
#include "speech/utterance.h"

namespace escucha::server {

/// Turns what is said into files below the prompts folder, with the engine on its own threads.
class SpeechDesk {
public:
    static constexpr std::size_t kThreads = 2;
    static constexpr std::size_t kMaxQueued = 5'000;
    /// Sentences with a value in them are cleaned away beyond this.
    static constexpr std::uintmax_t kMaxVariableBytes = 512ULL * 1024 * 1024;

    using Done = std::function<void(std::optional<std::vector<std::string>>)>;
    /// The companies' recorded prompts: "es/saludo.wav" to the path below the prompts folder.
    using Library = std::map<CompanyId, std::map<std::string, std::string>>;
    using Texts = std::vector<std::pair<speech::Language, std::string>>;

    explicit SpeechDesk(const Config& config);
    ~SpeechDesk();

    /// The files, when every sentence is rendered already; the control strand's quick way.
    [[nodiscard]] std::optional<std::vector<std::string>> ready(
        CompanyId company,
        const std::vector<speech::Utterance>& what,
        speech::Language language) const;
    /// Renders what is missing. What lacks a part is not said at all: half a sentence may mislead.
    /// `sorry` takes its place. `done` is called once, on one of the desk's threads.
    void prepare(CompanyId company,
                 std::vector<speech::Utterance> what,
                 speech::Language language,
                 Done done);
    /// What a caller hears in place of what cannot be said. Nothing, when it could not be rendered.
    [[nodiscard]] std::optional<std::vector<std::string>> sorry(speech::Language language) const;
    /// From now on; what is being played goes on as it was.
    void set_library(Library library);
    /// Renders ahead, after everything that callers wait for.
    void warm(Texts texts);
    /// The music's path below the prompts folder; rendered when missing. Blocks.
    Result<std::string> hold_music();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace escucha::server
