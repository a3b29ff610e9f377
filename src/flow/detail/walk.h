#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>

#include "flow/detail/wording.h"
#include "flow/run.h"

namespace escucha::flow {

// size: one class whose events, nodes, replies and keys live in a file each.

/// The state behind Run. One of:
///
///     Idle -> (Speaking | Keying | Waiting | Resting)* -> Over
///
/// A node is entered by `go` and walked by `drive`, so nothing recurses from node to node. Every
/// state but Resting (in a queue) has an instant at which it ends by itself.
class Run::Walk {
public:
    /// Choosing a language is progress, but no answer.
    static constexpr std::string_view kLanguageDone = "language";

    /// What a caller's keys are for.
    enum class Purpose { Menu, Entry, Confirm, AfterReference };
    /// What follows a prompt that plays to its end.
    enum class Then { Next, Finish, TakeVoicemail, EnterQueue, OfferRepeat };

    struct Idle {};
    struct Over {};
    struct Speaking {
        PlayId play{};
        Instant guard;
        bool is_interruptible = true;
        Then then = Then::Next;
        NodeId next;
    };
    struct Keying {
        Purpose purpose = Purpose::Menu;
        std::optional<PlayId> play;  ///< While the question is still being said.
        Instant deadline;            ///< A guard while it is said, then the caller's time.
        std::string typed;
    };
    struct Waiting {
        AskId ask{};
        Instant asked;
        Instant deadline;
        std::optional<Instant> filler_at;
        std::optional<PlayId> filler;
        std::optional<Reply> held;  ///< Came while the filler was being said.
        bool is_voicemail = false;
    };
    struct Resting {
        AskId ask{};
    };
    using State = std::variant<Idle, Over, Speaking, Keying, Waiting, Resting>;

    Walk(std::shared_ptr<const Document> document_in, Environment environment_in);

    // Events (walk.cpp).
    void start(Now now, Effects& out);
    void resume(Now now, Effects& out);
    void digit(char key, Now now, Effects& out);
    void prompt_ended(PlayId id, Now now, Effects& out);
    void reply(AskId id, Reply reply, Now now, Effects& out);
    void wake(Now now, Effects& out);
    void caller_gone(Now now, Effects& out);
    [[nodiscard]] std::optional<Instant> next_wakeup() const;
    [[nodiscard]] std::optional<AskId> awaited() const;

    // Moving (walk.cpp).
    void go(const NodeId& to) { pending_ = to; }
    void advance(const NodeId& next, Effects& out);
    void follow(const NodeId& edge, std::string_view reason, Effects& out);
    void to_human(std::string_view reason, Effects& out);
    void drive(Now now, Effects& out);
    void end(End::Outcome outcome, Now now, Effects& out);
    void open_pending_case(Now now, Effects& out);
    [[nodiscard]] const Node& current() const;

    // Entering nodes (walk_nodes.cpp).
    void enter(Now now, Effects& out);
    void enter_node(const SayNode& node, Now now, Effects& out);
    void enter_node(const MenuNode& node, Now now, Effects& out);
    void enter_node(const CollectNode& node, Now now, Effects& out);
    void enter_node(const IdentifyNode& node, Now now, Effects& out);
    void enter_node(const LookUpNode& node, Now now, Effects& out);
    void enter_node(const BranchNode& node, Now now, Effects& out);
    void enter_node(const HoursNode& node, Now now, Effects& out);
    void enter_node(const OpenCaseNode& node, Now now, Effects& out);
    void enter_node(const FindCaseNode& node, Now now, Effects& out);
    void enter_node(const TellStatusNode& node, Now now, Effects& out);
    void enter_node(const QueueNode& node, Now now, Effects& out);
    void enter_node(const VoicemailNode& node, Now now, Effects& out);
    void enter_node(const SetNode& node, Now now, Effects& out);
    void enter_node(const LanguageNode& node, Now now, Effects& out);
    void enter_node(const EndNode& node, Now now, Effects& out);
    void ask_document(const std::string& digits, Now now, Effects& out);
    void speak_reference(Now now, Effects& out);
    void spoken(Then then, const NodeId& next, Now now, Effects& out);

    // Replies (walk_replies.cpp).
    void answered(const Reply& reply, Now now, Effects& out);
    void unanswered(Now now, Effects& out);
    void looked_up(const LookUpNode& node, const LookUpReply& reply, Now now, Effects& out);
    void identified(const IdentifyNode& node, const IdentifyReply& reply, Now now, Effects& out);
    void case_opened(const OpenCaseNode& node, const CaseReply& reply, Now now, Effects& out);
    void case_found(const FindCaseNode& node, const CaseReply& reply, Now now, Effects& out);
    void hours_known(const HoursNode& node, const HoursReply& reply, Effects& out);
    void voicemail_taken(const VoicemailNode& node, const VoicemailReply& reply, Effects& out);
    void queue_returned(const QueueNode& node, const QueueReply& reply, Effects& out);
    [[nodiscard]] bool store_results(const LookUpNode& node,
                                     const LookUpReply& reply,
                                     Now now,
                                     Effects& out);

    // Keys (walk_keys.cpp).
    void ask_keys(Purpose purpose, const Prompts& said, Now now, Effects& out);
    void use_typed_ahead(Now now, Effects& out);
    void key(char pressed, Now now, Effects& out);
    void menu_key(const MenuNode& node, char pressed, Now now, Effects& out);
    void entry_key(char pressed, Now now, Effects& out);
    void confirm_key(const CollectNode& node, char pressed, Now now, Effects& out);
    void reference_key(const OpenCaseNode& node, char pressed, Now now, Effects& out);
    void keys_timed_out(Now now, Effects& out);
    void submit(Now now, Effects& out);
    void accept(const std::string& typed, Now now, Effects& out);
    void collected(const CollectNode& node, const std::string& typed, Now now, Effects& out);
    enum class Miss { NoInput, NoMatch };
    void try_again(Miss miss, Now now, Effects& out);
    [[nodiscard]] const Entry* current_entry() const;
    [[nodiscard]] const Attempts& current_attempts() const;
    [[nodiscard]] Prompts question() const;
    [[nodiscard]] char human_key() const;

    // Asking, saying, knowing (walk_effects.cpp).
    std::optional<PlayId> say(const Prompts& prompts, Now now, Effects& out);
    void speak(const Prompts& prompts, Then then, const NodeId& next, Now now, Effects& out);
    template <typename What>
    void ask(What what, std::chrono::milliseconds deadline, Now now, Effects& out);
    void give(Datum datum, Effects& out);
    [[nodiscard]] Datum make_datum(std::string_view name, Value value, GivenBy by, Now now) const;
    [[nodiscard]] std::optional<detail::Known> resolve(std::string_view name, WallTime now) const;
    [[nodiscard]] detail::Resolve resolver(WallTime now) const;
    [[nodiscard]] std::optional<std::string> fill(const Template& value, WallTime now) const;
    [[nodiscard]] OpenCase case_to_open(const OpenCaseNode& node,
                                        OpenCase::Reason reason,
                                        WallTime now) const;
    void assign(const std::vector<Assignment>& values, GivenBy by, Now now, Effects& out);
    void switch_language(speech::Language to, Effects& out);
    void progress();
    void progress_once(std::string what);
    void journal(decltype(Journal::fact) fact, Effects& out) const;
    [[nodiscard]] speech::Date local_date(WallTime now) const;
    [[nodiscard]] speech::TimeOfDay local_time(WallTime now) const;

    std::shared_ptr<const Document> document;
    Environment environment;
    State state = Idle{};
    NodeId node;
    speech::Language language;
    Context context;
    std::string typed_ahead;
    std::uint32_t last_play = 0;
    std::uint32_t last_ask = 0;

    // Of the present node.
    int attempt = 0;
    int repeats = 0;
    std::optional<Value> unconfirmed;  ///< Read back, not yet accepted: only spoken.
    bool is_asking_document = false;
    /// A caller told to end with "#" presses it although the longest length has ended the entry.
    struct LateTerminator {
        char key = '#';
        Instant until;
    };
    std::optional<LateTerminator> late_terminator;

    // Of the whole run.
    std::map<NodeId, int> visits;  ///< Since the last progress.
    std::set<std::string> done;    ///< Answers given; each is progress once.
    int reroutes = 0;
    std::string reroute_reason;
    std::string detour;  ///< Why the intended way was left, until a menu or a person is reached.
    NodeId hangup_case;  ///< The open_case node whose case a hang-up opens.
    std::map<NodeId, CaseSummary> opened;
    std::optional<CaseSummary> case_now;
    bool is_case_chosen = false;
    int reference_times = 0;
    std::optional<CustomerId> customer;
    bool is_number_tried = false;
    bool is_document_tried = false;
    bool is_voicemail_left = false;
    std::optional<speech::Date> next_open_date;
    std::optional<speech::TimeOfDay> next_open_time;

private:
    std::optional<NodeId> pending_;
};

/// The typed node where the Run is; the caller has checked that it is one.
template <typename NodeType>
const NodeType* node_as(const Node& node) {
    return std::get_if<NodeType>(&node.what);
}

template <typename What>
void Run::Walk::ask(What what, std::chrono::milliseconds deadline, Now now, Effects& out) {
    const AskId id{++last_ask};
    Waiting waiting;
    waiting.ask = id;
    waiting.asked = now.mono;
    waiting.deadline = now.mono + deadline;
    state = std::move(waiting);
    out.push_back(Ask{.id = id, .what = std::move(what)});
}

}  // namespace escucha::flow
