#pragma once
// size: one object, whose chapters are the files beside this one; split, it would be read twice.

#include <deque>
#include <map>
#include <set>
#include <span>
#include <unordered_map>
#include <unordered_set>

#include "acd/acd.h"
#include "base/event.h"
#include "base/rng.h"
#include "control/centre.h"
#include "control/detail/call.h"
#include "control/detail/circuit.h"
#include "control/detail/sip_status.h"
#include "recording/chain.h"

namespace escucha::control {

inline constexpr std::chrono::seconds kSetUpDeadline{5};
inline constexpr std::chrono::seconds kAckDeadline{35};
/// A caller or agent in talk who sends nothing this long is gone (reliability: F13).
inline constexpr std::chrono::seconds kDeadLegAfter{60};
inline constexpr std::uint32_t kMediaTimeoutMs = 10'000;
inline constexpr std::uint32_t kVoicemailSilenceMs = 6'000;
inline constexpr std::uint32_t kShortestVoicemailMs = 1'000;
inline constexpr std::int64_t kReferenceBlock = 1'000;
inline constexpr std::int64_t kReferencesLow = 300;
/// Signalling gives a call outside up in time; that it does not is looked for this much later.
inline constexpr std::chrono::seconds kOutsideGrace{2};
/// Of one call outside, all that its carriers say to call instead.
inline constexpr std::uint32_t kMostRedirects = 5;
/// Less than this of its time left, and a call outside is not tried at another number.
inline constexpr std::chrono::seconds kShortestRedirect{2};
/// Where no queue says how long a phone rings.
inline constexpr std::chrono::seconds kConsultRingTime{20};
/// Why a colleague who is asked is NotReady.
inline constexpr std::string_view kConsultationReason = "consultation";
/// Why one is NotReady who is in a conference, or supervises.
inline constexpr std::string_view kConferenceReason = "conference";
inline constexpr std::string_view kSupervisionReason = "supervision";
/// Beside the caller and the agent.
inline constexpr std::size_t kMostMembers = media::kMaxMixMembers - 2;
/// Why a recording is paused while a caller keys in secret.
inline constexpr std::string_view kSecureInputReason = "secure_input";
/// What is heard where there is no word: a prompt of the media process.
inline constexpr const char* kBeep = "tone:beep";
/// Names of StateRows: the prefix, then the company's or the agent's id.
inline constexpr std::string_view kReferencesRow = "references:";
inline constexpr std::string_view kChainRow = "recording_chain:";
inline constexpr std::string_view kAgentRow = "agent:";
inline constexpr std::string_view kOutsideRow = "outside:";
inline constexpr std::chrono::seconds kReconcileEvery{5};
inline constexpr std::size_t kMostConnectors = 100;
inline constexpr std::chrono::seconds kOverloadRetryAfter{10};

/// As the journal has durations.
inline std::int64_t millis(Duration duration) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

/// The turn being handled: when it is, and where what it causes goes.
struct Turn {
    Now now;
    Effects& out;

    void act(LegAction action) { out.actions.emplace_back(std::move(action)); }
    void act(media::Command command) { out.actions.emplace_back(std::move(command)); }
    void act(StartRecording start) { out.actions.emplace_back(std::move(start)); }
};

/// Why an asked question was asked.
struct PrefetchPurpose {};
struct IdentifyPurpose {
    flow::AskId ask{};
};
struct FindCasePurpose {
    flow::AskId ask{};
};
struct LookUpPurpose {
    flow::AskId ask{};
    std::string connector;
};
struct SecureInputPurpose {
    std::string connector;
    std::uint64_t serial = 0;
};
struct AwaitedAnswer {
    ContactId contact;
    std::variant<PrefetchPurpose,
                 IdentifyPurpose,
                 FindCasePurpose,
                 LookUpPurpose,
                 SecureInputPurpose>
        purpose;
};

struct AgentInfo {
    Agent config;
    bool is_phone_registered = false;
    Signalling signalling = Signalling::Clear;
};
struct ReferenceBlock {
    std::int64_t next = 0;
    std::int64_t end = 0;
    std::deque<std::pair<std::int64_t, std::int64_t>> spare;
    bool is_asked = false;
    [[nodiscard]] std::int64_t left() const;
};
struct ClosingRecording {
    ContactId contact;
    CompanyId company;
};
/// Restored without a dialog: the caller's, or that of the agent they talked with.
struct DeadLeg {
    ContactId contact;
    bool is_caller = false;
    bool is_outside = false;
    bool is_consultation = false;
    std::optional<LegId> member{};
    bool is_secure_input = false;
};
enum class EndedBy { Caller, Agent, Flow, Outside, System };
/// What a company's calls outside have used of the day's caps. Talk of calls that are over.
struct OutsideDay {
    std::string date{};  ///< "2026-11-29", in the company's zone.
    std::uint32_t calls = 0;
    Duration talked{};
};

enum class Presence { Free, SignedOut };
/// A colleague's phone that was rung and said no, as a word of the journal.
std::string_view word_of_consultation(int status);
/// Neither offered, talking nor in wrap-up.
inline bool is_free(const acd::AgentState& state) {
    const auto kind = acd::kind_of(state);
    return (kind == acd::AgentStateKind::Ready || kind == acd::AgentStateKind::NotReady) &&
           !acd::is_elsewhere(state);
}

/// Centre's body, one object over several files: each file is one chapter of a call's life.
class Centre::Impl {
public:
    Impl(std::uint64_t seed, KeySource keys);

    // configuration.cpp
    void configure(Config config, Turn turn);
    static void share_phone(std::span<const AgentId> sharing,
                            std::unordered_map<AgentId, AgentInfo>& agents);
    void add_references(CompanyId company, std::int64_t first, std::int64_t count);
    void restore_references(std::string_view name, std::string_view state);
    std::shared_ptr<const Line> find_line(const IncomingCall& call) const;
    std::optional<std::string> take_reference(const Company& company, Turn turn);

    // arrival.cpp: from INVITE to the flow's first word.
    void handle(const IncomingCall& event, Turn turn);
    void handle(const LegConfirmed& event, Turn turn);
    [[nodiscard]] flow::Environment environment(const Call& call, WallTime now) const;
    void caller_endpoint_ready(Call& call, Turn turn);
    void refuse(const IncomingCall& event, int status, std::string_view why, Turn turn);
    [[nodiscard]] sdp::Encryption encryption_of(const IncomingCall& call) const;
    [[nodiscard]] Result<void> check_offer(const IncomingCall& call) const;

    // caller.cpp: what the flow wants for the caller.
    void carry_out(Call& call, flow::Effects effects, Turn turn);
    void say(Call& call, const flow::Say& say, Turn turn);
    void stop_playing(Call& call, Turn turn);
    void play_music(Call& call, Turn turn);
    void enter_queue(Call& call, const flow::EnterQueue& wanted, Turn turn);
    void journal_fact(Call& call, const flow::Journal& journal, Turn turn);
    void reply(Call& call, flow::AskId ask, flow::Reply reply, Turn turn);
    void handle_speech(ContactId contact,
                       media::PlayId play,
                       std::optional<std::vector<std::string>> prompts,
                       Turn turn);

    // questions.cpp: what the flow asks.
    void ask(Call& call, const flow::Ask& ask, Turn turn);
    void ask_store(Call& call, Question question, decltype(AwaitedAnswer::purpose) why, Turn turn);
    void ask_connector(Call& call, flow::AskId ask, const flow::LookUp& look_up, Turn turn);
    /// Why the connector must not be asked now; empty when it may.
    std::string_view refusal(const std::string& connector, Instant now);
    void settle(const std::string& connector, const Answer& answer, Instant now);
    void handle_answer(Ticket ticket, const Answer& answer, Turn turn);
    void answer_identify(Call& call, flow::AskId ask, const CallerFacts& facts, Turn turn);
    void answer_hours(Call& call, flow::AskId ask, const std::string& calendar, Turn turn);

    // matters.cpp: cases.
    flow::CaseReply open_case(Call& call, const flow::OpenCase& wanted, Turn turn);
    /// Puts data into the call's case: for an earlier call's case, the new values.
    void record_in_case(const Call& call, const flow::Datum& datum, Turn turn);
    /// True when one had to be opened.
    bool ensure_case(Call& call, std::string_view kind, std::string_view opened_by, Turn turn);
    flow::CaseSummary summary_of(const Call& call, const KnownCase& known) const;

    // offers.cpp: what the ACD wants.
    void carry_out(acd::Effects effects, Turn turn);
    void ring_agent(const acd::RingAgent& ring, Turn turn);
    void stop_ringing(const acd::StopRinging& stop, Turn turn);
    void connect(const acd::Connect& connect, Turn turn);
    void agent_endpoint_ready(Call& call, Turn turn);
    /// A new leg to this agent's phone, as encrypted as it may be.
    [[nodiscard]] Leg new_phone_leg(const AgentInfo& agent, Turn turn);
    /// Can this phone be rung at all?
    [[nodiscard]] bool is_callable(const AgentInfo& agent) const;
    /// The phone does not know encrypted sound: without, where that is allowed.
    bool ring_in_clear(Call& call, int status, Turn turn);
    void handle(const LegProgress& event, Turn turn);
    void handle(const LegAnswered& event, Turn turn);
    void handle(const LegFailed& event, Turn turn);
    void drop_agent_leg(Call& call, std::string_view reason, Turn turn);
    void end_stray_leg(const acd::StrayLeg& stray, Turn turn);

    // talk.cpp: hold, re-INVITE, recording.
    void handle(const LegReoffered& event, Turn turn);
    void handle(const LegReofferAnswered& event, Turn turn);
    void handle(const LegReofferFailed& event, Turn turn);
    void handle(const LegRefreshed& event, Turn turn);
    void handle(const LegTransferAsked& event, Turn turn);
    void handle(const LegKey& event, Turn turn);
    /// What a phone means by this target: an agent by the phone's name, a queue by its key.
    /// The company's agent at this telephone.
    [[nodiscard]] std::optional<AgentId> agent_of_phone(CompanyId company,
                                                        const std::string& phone) const;
    [[nodiscard]] std::optional<Command> transfer_to(const Call& call,
                                                     AgentId agent,
                                                     const std::string& target) const;
    void apply_reoffer(Call& call, Leg& leg, const std::string& offer, Turn turn);
    void media_changed(Call& call, Leg& leg, Turn turn);
    void hold(Call& call, Held::By by, Turn turn);
    void resume(Call& call, Turn turn);
    void start_recording(Call& call, media::RecordingKind kind, Turn turn);
    void stop_recording(Call& call, Turn turn);
    void pause_recording(Call& call, std::string_view reason, Turn turn);
    void resume_recording(Call& call, Turn turn);
    void end_talk(Call& call, std::string_view by, Turn turn);

    // outside.cpp: calls to the outside world.
    OutsideDay& outside_day(const Outside& outside, WallTime now);
    OutsideUse outside_use(const Outside& outside, Turn turn);
    void save_outside_day(const Outside& outside, Turn turn);
    void restore_outside_day(std::string_view name, std::string_view state);
    std::optional<OutsideRefusal> outside_refusal(const Call& call,
                                                  std::string_view dialled,
                                                  Turn turn);
    enum class Passing { Blind, Attended };
    /// Holds the caller and calls the number. Error: `Conflict`, with the word of the rule.
    Result<void> ask_outside(Call& call, const std::string& dialled, Passing how, Turn turn);
    [[nodiscard]] sdp::Encryption outside_encryption(const Outside& outside) const;
    void outside_endpoint_ready(Call& call, Turn turn);
    void call_number(Call& call, const Outside& outside, std::chrono::seconds patience, Turn turn);
    void outside_progress(Call& call, const LegProgress& event, Turn turn);
    void outside_heard(Call& call, Turn turn);
    /// Until it has answered: the caller, or the agent who asks it first.
    static const Leg& hears_outside(const Call& call);
    /// The agent who asks a number does not hear it any more before it answers.
    void leave_early_sound(Call& call, Turn turn);
    void outside_answered(Call& call, const LegAnswered& event, Turn turn);
    void leave_to_outside(Call& call, Turn turn);
    /// It has answered, and the agent is out of it.
    void join_outside(Call& call, Turn turn);
    /// A carrier says to call another number, or one that it said did not answer: the next is
    /// called, if the company's rules let it. False: there is none.
    bool follow_redirect(Call& call, const LegFailed& event, Turn turn);
    std::optional<OutsideRefusal> redirect_refusal(const Outside& outside,
                                                   const std::string& number,
                                                   Turn turn);
    void call_instead(Call& call, std::string number, int status, Turn turn);
    /// The caller is the agent's again, or the queue's.
    void outside_failed(Call& call, int status, std::string_view why, Turn turn);
    void return_from_outside(Call& call, const std::optional<acd::ContactRow>& place, Turn turn);
    void drop_outside(Call& call, std::string_view result, int status, Turn turn);
    void outside_ended(Call& call, Turn turn);
    void outside_lost(Call& call, Turn turn);
    void cancel_outside(Call& call, Turn turn);
    void outside_late(Call& call, Turn turn);

    // commands.cpp: what a conversation may not be in when something else begins with it.
    /// No transfer, consultation or secure input is under way.
    static Result<void> is_undisturbed(const Call& call);
    /// Nor is it a conference.
    static Result<void> may_be_passed_on(const Call& call);

    // consult.cpp: a colleague is asked before the caller is passed on.
    Result<void> consult(Call& call, AgentId with, Turn turn);
    /// `dialled` is absent when it was asked for on the page. Errors: as `may_be_passed_on`, and a
    /// rule's as `ask_outside`.
    Result<void> consult_outside(Call& call,
                                 const std::string& number,
                                 const IncomingCall* dialled,
                                 Turn turn);
    /// A phone dials a colleague or a number outside while its caller is on hold. False: it is no
    /// such call.
    bool consult_by_phone(const IncomingCall& event, Turn turn);
    void begin_consultation(Call& call, AgentId with, const IncomingCall* dialled, Turn turn);
    void begin_asking(Call& call, const IncomingCall* dialled, Turn turn);
    [[nodiscard]] Result<void> may_consult(const Call& call, AgentId with) const;
    /// Are they there, free (or, where that will do, signed out) and with a phone?
    [[nodiscard]] Result<void> may_be_rung(const Call& call,
                                           AgentId who,
                                           Presence presence = Presence::Free) const;
    /// With the caller on its display, whoever asked for it.
    void ring_phone(Call& call, AgentId agent, Leg& leg, Turn turn);
    /// An endpoint of it is there.
    void consultation_ready(Call& call, const Leg& leg, Turn turn);
    void consultation_progress(Call& call, const LegProgress& event, Turn turn);
    void asked_rings(Call& call, Turn turn);
    void consultation_answered(Call& call, const LegAnswered& event, Turn turn);
    void consultation_failed(Call& call, int status, Turn turn);
    /// One of its two legs is gone.
    void consultation_ended(Call& call, LegId leg, Turn turn);
    /// `unanswered` is the result of one that nobody has answered yet.
    void end_consultation(Call& call, std::string_view unanswered, Turn turn);
    /// Who is asked has answered. False: the phone that asks cannot be, and it is over.
    bool join_asking(Call& call, Turn turn);
    bool answer_asking_phone(Call& call, Turn turn);
    /// The caller goes on with the colleague; the agent is out of it.
    void complete_consultation(Call& call, Turn turn);
    /// The agent's part is over, and the caller goes on with who is on the line already.
    void hand_to(Call& call, AgentLeg next, acd::NextStatus after, Duration ring, Turn turn);
    /// The colleague is free again; `status` is what an asking phone is told that still waits.
    void drop_consultation(Call& call, std::string_view result, int status, Turn turn);
    void part_asking(Call& call, std::string_view result, int status, Turn turn);
    /// The agent's side of it is over, and the recording goes on.
    void end_asking(Call& call, std::string_view result, int status, Turn turn);
    /// As `drop_consultation`; and the caller is the agent's again.
    void return_from_consultation(Call& call, std::string_view result, int status, Turn turn);
    static bool is_held_by_phone(const Call& call);
    void release_colleague(AgentId colleague, const acd::NextStatus& next, Turn turn);
    void restore_consultation_sound(Call& call, Turn turn);
    void revive_consultation(Call& call, const media::Listing& listing, Turn turn);
    /// Colleagues who were asked before a restart and are not any more.
    void free_colleagues(Turn turn);
    [[nodiscard]] bool completes_consultation(const Call* call,
                                              const LegTransferAsked& event) const;
    /// E.164, of a target that is no name of ours.
    [[nodiscard]] std::optional<std::string> number_outside(const Call& call,
                                                            const std::string& target) const;
    [[nodiscard]] Call* consulted_about(AgentId colleague);
    /// As this or another company's agent.
    [[nodiscard]] bool is_consulted(AgentId person) const;
    /// RFC 3891: another phone of the agent's takes the conversation over.
    void take_over(const IncomingCall& event, LegId replaced, Turn turn);
    /// Who hangs up while a colleague is asked; the caller is not hung up with them.
    void leave_consultation(Call& call, Turn turn);

    // conference.cpp: colleagues in the conversation, and supervisors.
    /// The colleague who was asked, the caller and the agent hear each other.
    Result<void> make_conference(Call& call, Turn turn);
    Result<void> add_to_conference(Call& call, AgentId with, Turn turn);
    Result<void> supervise(Call& call, AgentId supervisor, media::MixRole role, Turn turn);
    void invite(Call& call, Member member, Turn turn);
    void member_answered(Call& call, const LegAnswered& event, Turn turn);
    void member_joined(Call& call, Member& member, Turn turn);
    void member_failed(Call& call, LegId leg, int status, Turn turn);
    /// Its leg is gone.
    void member_ended(Call& call, LegId leg, Turn turn);
    /// The first who has not answered in time.
    void member_late(Call& call, Turn turn);
    /// Out of the conversation, which goes on. `result` is the word of the journal.
    void drop_member(Call& call, LegId leg, std::string_view result, Turn turn);
    void drop_members(Call& call, std::string_view result, Turn turn);
    void end_member(Call& call, Member member, std::string_view result, Turn turn);
    void end_conference(Call& call, Turn turn);
    /// Who hangs up leaves the caller with the colleague who has been there longest.
    void leave_conference(Call& call, Turn turn);
    void revive_members(Call& call, const media::Listing& listing, Turn turn);
    /// The phone's second call takes the place of its first.
    void go_on_by(Call& call, Leg phone, Turn turn);
    void set_busy(AgentId agent, std::string_view reason, Turn turn);
    /// What they go on doing when they are free again.
    [[nodiscard]] acd::NextStatus status_to_come(AgentId agent) const;
    static Event& with_recording(Event& event, const Call& call);
    static std::string_view mode_word(media::MixRole role);
    static bool has_colleagues(const Call& call);
    static bool has_joined_colleague(const Call& call);
    static Member* find_member(Call& call, LegId leg);
    static Member* find_member(Call& call, AgentId agent);

    // mixing.cpp: how more than two hear each other, and are recorded.
    static bool is_away(const Leg& leg);
    static bool is_mixed(const Call& call);
    [[nodiscard]] std::vector<media::MixMember> wanted_mix(Call& call) const;
    void arrange_mix(Call& call, Turn turn);
    /// Two who hear each other are alone again, or are alone.
    void pair(Call& call, media::EndpointId a, media::EndpointId b, Turn turn);
    void unmix(Call& call, Turn turn);
    void end_mix(Call& call, Turn turn);
    void arrange_voices(Call& call, Turn turn);
    /// Takes what media has from its listing; what nobody wants ends.
    void compare_mixes(const media::Listing& listing, Turn turn);

    // secure_input.cpp: the caller keys what the agent must not know.
    Result<void> begin_secure_input(Call& call, const BeginSecureInput& wanted, Turn turn);
    Result<void> end_secure_input(Call& call, Turn turn);
    using WordsThatAsk = std::string(SecureKind, speech::Language);
    void ask_for_keys(Call& call, WordsThatAsk* words_of, Turn turn);
    void secure_key(Call& call, char key, Turn turn);
    void check_keys(Call& call, Turn turn);
    void secure_input_answered(Call& call, std::uint64_t serial, const Answer& answer, Turn turn);
    /// How it ended is said; the two talk again once no key is heard any more.
    void settle_secure_input(Call& call, SecureResult result, Turn turn);
    void secure_input_due(Call& call, Turn turn);
    void drop_secure_input(Call& call, SecureResult result, Turn turn);

    // endings.cpp
    void handle(const LegEnded& event, Turn turn);
    /// The leg of an offer that was not yet answered is gone.
    void offer_lost(Call& call, Turn turn);
    void caller_left(Call& call, Turn turn);
    void finish(Call& call, std::string_view outcome, EndedBy by, Turn turn);

    // sound.cpp: media's events.
    void handle(const media::Event& event, Turn turn);
    void created(const media::Created& event, Turn turn);
    void failed(const media::Failed& event, Turn turn);
    void play_ended(const media::PlayEnded& event, Turn turn);
    void digit(const media::Digit& event, Turn turn);
    void pressed(Call& call, char key, KeyWay way, Turn turn);
    void record_ended(const media::RecordEnded& event, Turn turn);
    // recordings.cpp: what the journal says of an ended recording, and the chain.
    void record_refused(const media::Failed& event, Turn turn);
    Event ended_fact(const media::RecordEnded& event, const ClosingRecording& closing, Turn turn);
    void restore_chain(std::string_view name, std::string_view state);
    void end_unknown_recordings(const media::Listing& listing, Turn turn);
    void stop_unneeded_recordings(const media::Listing& listing, Turn turn);
    void start_voicemail(Call& call, Turn turn);
    void media_lost(Turn turn);
    void media_ready(const media::Listing& listing, Turn turn);
    void revive(Call& call, Leg& leg, Turn turn);
    void revive_outside(Call& call, Turn turn);
    void prove(Leg& leg, Turn turn);
    static void stop_forgotten_music(Call& call, const media::Listing& listing, Turn turn);
    void restore_sound(Call& call, Turn turn);
    void set_remote(Call& call, Leg& leg, Turn turn);
    [[nodiscard]] std::vector<SrtpKey> new_keys() const;
    void fell_silent(Call& call, const media::MediaTimeout& timeout, Turn turn);
    void probe(Call& call, Leg& leg, Turn turn);
    void create_endpoint(Call& call, Leg& leg, Turn turn);
    void sound_ended(const media::Destroyed& ended, Turn turn);
    void destroy_endpoint(Leg& leg, Turn turn);
    void bridge(Call& call, Turn turn);

    // commands.cpp
    void handle_command(CommandToken token, CompanyId company, const Command& command, Turn turn);
    void handle_phone(std::string_view username,
                      acd::Reachability reach,
                      Signalling signalling,
                      Turn turn);

    // recovery.cpp
    [[nodiscard]] std::string save(const Call& call) const;
    [[nodiscard]] std::string save_closing(const Call& call) const;
    void restore(const SavedRows& rows, Now now, Turn turn);
    void drain(Turn turn);
    void restore_call(const SavedContact& saved, acd::Rows& queues, Turn turn);
    /// After the queues: ends what cannot go on, and says so in the journal.
    void settle_restored(const DeadLeg& dead, Turn turn);
    [[nodiscard]] std::vector<RecordingId> open_recordings(ContactId contact) const;

    // views.cpp
    [[nodiscard]] ContactView view(const Call& call) const;
    [[nodiscard]] AgentView view(const acd::AgentView& agent) const;
    [[nodiscard]] std::optional<std::string> broken_invariant() const;

    // turns.cpp: time and the end of each turn.
    void wake(Turn turn);
    void silent_too_long(Call& call, Turn turn);
    void flush(Turn turn);
    [[nodiscard]] std::optional<Instant> next_wakeup() const;
    void reschedule(Call& call);

    // reconcile.cpp
    void reconcile(Turn turn);
    void compare_legs(const std::vector<LegId>& living, Turn turn);
    void lost_leg(LegId leg, Turn turn);
    /// False when the caller cannot be kept; the conversation is over all the same.
    bool return_to_queue(Call& call, Turn turn);

    // Small things everybody needs; turns.cpp.
    Event fact(std::string_view type, const Call& call, Turn turn) const;
    Call* find(ContactId contact);
    Call* find_by_leg(LegId leg);
    Call* find_by_endpoint(media::EndpointId endpoint);
    Leg* leg_of(Call& call, media::EndpointId endpoint);
    /// The party of this leg, which is one of the call's.
    static Leg& party(Call& call, LegId leg);
    static bool is_outside(const Call* call, LegId leg);
    static bool is_consultation(const Call* call, LegId leg);
    void note(Call& call, std::string_view kind, std::string text, Now now);
    void move_to(Call& call, Stage stage, Turn turn);
    void touch(Call& call) {
        call.is_dirty = true;
        dirty_.insert(call.id);
    }
    media::EndpointId new_endpoint() { return media::EndpointId{++endpoints_}; }
    const Queue* find_queue(CompanyId company, std::string_view key) const;
    const Queue* find_queue(QueueId queue) const;

    Rng rng_;
    KeySource make_key_;
    acd::Acd acd_;
    Config config_;
    std::unordered_map<std::string, std::shared_ptr<const Line>> lines_;
    std::unordered_map<QueueId, Queue> queues_;
    std::unordered_map<AgentId, AgentInfo> agents_;
    /// A person has one telephone, also as the agent of several companies.
    std::unordered_map<std::string, std::vector<AgentId>> agents_by_phone_;
    std::unordered_map<AgentId, ContactId> consulted_;  ///< Who is asked or has joined, and where.
    std::unordered_map<TrunkId, Trunk> trunks_;
    std::unordered_map<CompanyId, ReferenceBlock> references_;
    std::unordered_map<CompanyId, Outside> outside_;
    std::unordered_map<CompanyId, OutsideDay> outside_days_;
    std::unordered_map<CompanyId, SecureSink> secure_sinks_;

    // unique_ptr, so that references to a call stay good while others come and go.
    std::unordered_map<ContactId, std::unique_ptr<Call>> calls_;
    /// The legs that signalling has or was asked for; one that waits for its endpoint is not here.
    std::unordered_map<LegId, ContactId> by_leg_;
    std::unordered_map<media::EndpointId, ContactId> by_endpoint_;
    /// Whose sound an endpoint carried that media was told to end, until media says how it was.
    struct LeavingSound {
        ContactId contact;
        CompanyId company;
        std::optional<AgentId> agent;  ///< Of an agent's leg.
        bool is_outside = false;
    };
    std::unordered_map<media::EndpointId, LeavingSound> leaving_sound_;
    std::unordered_map<RecordingId, ClosingRecording> recordings_;
    std::unordered_map<CompanyId, recording::ChainTip> chains_;  ///< Of ended recordings.
    std::unordered_map<Ticket, AwaitedAnswer> awaited_;
    std::unordered_map<std::string, Circuit> circuits_;  ///< By connector; at most kMostConnectors.
    std::set<std::pair<Instant, ContactId>> timers_;
    // Effects of the cores are carried out first in, first out: what one causes comes after it.
    struct FlowReply {
        ContactId contact;
        flow::AskId ask{};
        flow::Reply reply;
    };
    std::deque<FlowReply> replies_;
    std::deque<acd::Action> acd_actions_;
    bool is_replying_ = false;
    bool is_acting_ = false;
    std::vector<DeadLeg> dead_;
    std::vector<std::unique_ptr<Call>> over_;  ///< Ended in this turn; references to them live.
    std::unordered_set<ContactId> dirty_;
    std::set<AgentId> dirty_agents_;
    std::optional<Instant> reconcile_at_;
    std::optional<std::vector<LegId>> expected_legs_;  ///< Known when the shell was asked.
    std::unordered_set<LegId> strays_;  ///< Lived at the last look, and no call had them.
    struct EndedTrace {
        ContactId contact;
        CompanyId company;
        std::vector<TraceLine> lines;
    };
    std::deque<EndedTrace> ended_;
    std::uint64_t endpoints_ = 0;
    std::uint64_t tickets_ = 0;
    std::uint64_t groups_ = 0;
    bool is_media_up_ = false;
    Counters counters_;
};

}  // namespace escucha::control
