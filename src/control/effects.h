#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/event.h"
#include "base/ids.h"
#include "base/result.h"
#include "control/legs.h"
#include "control/look_ups.h"
#include "media/protocol.h"
#include "speech/utterance.h"

namespace escucha::control {

/// Renders what is said and answers `on_speech` with the files; at once when all are cached.
struct PrepareSpeech {
    ContactId contact;
    CompanyId company;  ///< Whose recorded prompts are meant.
    media::PlayId play{};
    speech::Language language = speech::Language::Es;
    std::vector<speech::Utterance> what;
};

/// A recording to begin: the shell gives it a key, which nobody decides, and hands it to media.
struct StartRecording {
    CompanyId company;
    media::Record record;  ///< Without its key.
};

/// A question to the store; the answer comes with `on_answer`.
struct AskStore {
    Ticket ticket{};
    CompanyId company;
    Question question;
};

/// A command's answer, given when its facts are committed.
enum class CommandToken : std::uint64_t {};
struct CommandDone {
    CommandToken token{};
    Result<void> result;
};

/// Few case numbers are left; answer with `add_references`.
struct WantReferences {
    CompanyId company;
    std::int64_t count = 0;
};

/// Which legs does signalling have? Answer with `on_living_legs` before any later action.
struct WantLivingLegs {};

using Action = std::variant<LegAction,
                            media::Command,
                            StartRecording,
                            PrepareSpeech,
                            AskStore,
                            CommandDone,
                            WantReferences,
                            WantLivingLegs>;

/// What is kept of one contact through a kill. The shell adds the saved dialogs of `legs`.
struct LiveRow {
    ContactId contact;
    CompanyId company;
    std::string state;
    std::vector<LegId> legs;
};
struct LiveRowGone {
    ContactId contact;
};
/// A named row that is not a contact's: "agent:<id>".
struct StateRow {
    std::string name;
    std::string state;
};
using LiveChange = std::variant<LiveRow, LiveRowGone, StateRow>;

/// What one event caused. Events and live rows are committed together; then the actions are carried
/// out, in order.
struct Effects {
    std::vector<Event> events;
    std::vector<LiveChange> live;
    std::vector<Action> actions;

    [[nodiscard]] bool has_facts() const { return !events.empty() || !live.empty(); }
};

}  // namespace escucha::control
