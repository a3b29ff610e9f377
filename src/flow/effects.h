#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "flow/context.h"
#include "speech/utterance.h"

namespace escucha::flow {

/// Ids of one Run, rising from 1. An answer with an old id is ignored.
enum class PlayId : std::uint32_t {};
enum class AskId : std::uint32_t {};

// What a Run wants done, in order.

/// Speak to the caller, then report `prompt_ended`. One Say plays at a time: a new one comes only
/// after the former ended or after StopSaying. `is_interruptible` is information; the Run itself
/// sends StopSaying when a key cuts it short, so every key must be reported at once.
struct Say {
    PlayId id{};
    speech::Language language = speech::Language::Es;
    std::vector<speech::Utterance> what;
    bool is_interruptible = true;
};

/// Stop what is playing; its `prompt_ended` is no longer awaited and harmless.
struct StopSaying {};

/// Questions. The Run keeps the deadline; a late or missing reply takes the failure edge.

/// Reply: LookUpReply. The contract with connectors is docs/flows.md.
struct LookUp {
    std::string connector;
    std::string operation;
    std::vector<std::pair<std::string, std::string>> params;  ///< Canonical texts, in clear.
    std::chrono::milliseconds deadline{3000};
};
/// Who calls from this number? Reply: IdentifyReply.
struct IdentifyByNumber {};
/// Whose document or customer number is this? Reply: IdentifyReply.
struct IdentifyByDocument {
    std::string digits;
};
/// Open a case, or reuse the open one of the same matter. Reply: CaseReply. After a hang-up
/// (`reason`) no reply is awaited and End follows at once.
struct OpenCase {
    enum class Reason { Reached, HungUp };
    std::string kind;     ///< "claim", "childcare".
    std::string topic;    ///< "bill"; may be empty.
    std::string subject;  ///< One line for people, in the flow's first language.
    std::vector<Datum> fields;
    Reason reason = Reason::Reached;
};
/// Reply: CaseReply; `Mistyped` when the check digit is wrong.
struct FindCase {
    std::string reference;
};
/// Is the calendar open now? Reply: HoursReply.
struct CheckHours {
    std::string calendar;
};
/// Beep, record until the terminator, silence, hang-up or `max_length`. Reply: VoicemailReply.
struct TakeVoicemail {
    std::chrono::seconds max_length{120};
    char terminator = '#';
};

struct Ask {
    AskId id{};
    std::variant<LookUp,
                 IdentifyByNumber,
                 IdentifyByDocument,
                 OpenCase,
                 FindCase,
                 CheckHours,
                 TakeVoicemail>
        what;
};

/// The caller waits for a person. The Run rests until `reply(id, QueueReply)` gives the caller
/// back; an answered call never comes back.
struct EnterQueue {
    AskId id{};
    std::string queue;
    int priority = 0;    ///< Larger is more urgent, -9 to 9.
    std::string reason;  ///< "flow", or why the caller was rerouted: "asked", "loop", "no_input"…
};

// Facts for the journal (docs/journal.md); the call core adds the ids.
struct NodeEntered {
    std::string node;
    std::string kind;
};
struct DatumGiven {
    Datum datum;
};
struct ReaskCounted {
    std::string name;
    std::string node;
};
struct LanguageChosen {
    speech::Language language = speech::Language::Es;
};
struct Rerouted {
    std::string reason;
    std::string node;
};
struct CallerIdentified {
    CustomerId customer;
    std::string name;
    std::string how;
    bool verified = false;
};
struct ReferenceSpoken {
    CaseId case_id;
    std::string reference;
    int times = 1;
};
struct LookUpDone {
    std::string node;
    std::string connector;
    std::string result;
    std::chrono::milliseconds took{0};
};
/// The contact now belongs to this case: found by reference, or opened. OpenCase's own journal
/// event is written by whoever opens it.
struct CaseChosen {
    CaseId case_id;
    std::string reference;
    std::string how;
};

struct Journal {
    std::variant<NodeEntered,
                 DatumGiven,
                 ReaskCounted,
                 LanguageChosen,
                 Rerouted,
                 CallerIdentified,
                 ReferenceSpoken,
                 LookUpDone,
                 CaseChosen>
        fact;
};

/// The Run is over; nothing follows. Hang up unless the caller is gone.
struct End {
    enum class Outcome { SelfServed, AbandonedMenu, AbandonedQueue, Voicemail, Refused, Fault };
    Outcome outcome = Outcome::SelfServed;
};

using Effect = std::variant<Say, StopSaying, Ask, EnterQueue, Journal, End>;
using Effects = std::vector<Effect>;

}  // namespace escucha::flow
