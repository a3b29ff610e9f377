#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "guard/limits.h"

namespace escucha::guard {

namespace detail {
struct ReaderState;
class SharedLists;
}  // namespace detail

/// A user, an API key, or the operator (nil).
using Reader = Id<struct ReaderTag>;

enum class Kind {
    Search,     ///< Results of something typed.
    List,       ///< A page of customers, or of what is theirs.
    Open,       ///< One customer, case or contact looked at, or changed.
    Reveal,     ///< A field shown with a reason.
    Export,     ///< Taken out of the system.
    Recording,  ///< Played.
};
std::string_view word(Kind kind);
std::optional<Kind> parse_kind(std::string_view word);

enum class Shift {
    On,
    Off,     ///< Takes contacts and is signed out.
    Without  ///< Has no shift that the system knows of.
};

/// The contact that an agent talks in, or wraps up, at this moment.
struct InHand {
    ContactId contact{};
    std::optional<CustomerId> customer{};  ///< None: nobody knows yet who is calling.
};

struct Read {
    Reader reader{};
    Profile profile = Profile::Desk;
    WallTime at{};
    Kind kind = Kind::Open;
    std::span<const CustomerId> customers{};  ///< In the order shown.
    std::optional<InHand> in_hand{};
    Shift shift = Shift::Without;
};

/// What a finding is about. Stored by its word, so the words are never changed.
enum class Signal {
    Opened,          ///< More customers looked at than the work explains.
    WithoutContact,  ///< The same while no contact was in hand.
    Shown,           ///< More customers met in lists.
    OffShift,
    Exported,
    Sequence,  ///< In the order of their ids.
    ListWalk,  ///< One after another out of a list.
    Together,  ///< Several share a list out among them.
    Repeated,  ///< One customer again and again.
    CanaryOpened,
    CanaryContacted,
};
std::string_view word(Signal signal);
std::optional<Signal> parse_signal(std::string_view word);

enum class Severity { Low, Medium, High, Critical };
std::string_view word(Severity severity);

/// An alert, with the figures that it rests on.
struct Finding {
    Signal signal = Signal::Opened;
    Severity severity = Severity::Medium;
    bool blocks = false;  ///< The reader sees nothing but work from here on.
    Reader reader{};
    std::optional<Reader> other{};  ///< Who shares the list.
    WallTime at{};
    std::uint32_t count = 0, allowed = 0;
    Duration window{};
    std::uint32_t handled = 0;            ///< Contacts and cases within the window.
    std::vector<CustomerId> customers{};  ///< Of those counted the latest, newest first.
};
inline constexpr std::size_t kShownInFinding = 20;

struct Verdict {
    /// The reader is blocked and the read is not all work: it is not to be shown.
    bool is_withheld = false;
    std::vector<bool> is_work;  ///< Of each customer of the read.
    std::vector<Finding> findings;

    [[nodiscard]] std::size_t beyond() const;
};

/// Watches the reads of one company's customers. Not safe for several threads at once.
///
/// Cost of a read: O(1) for each of its customers, and for one that is looked at up to
/// `kListsOfCustomer` lists of at most `kMostInList`. Memory: `kMostCounted` ids for each window of
/// a reader, `kMostReaders` readers, `kMostLists` lists.
class Guard {
public:
    static constexpr std::size_t kMostCounted = 4'096;  ///< Above every threshold.
    static constexpr std::size_t kMostReaders = 5'000;  ///< The one longest still is forgotten.
    static constexpr std::size_t kMostLists = 256;
    static constexpr std::size_t kMostInList = 256;
    static constexpr std::size_t kListsOfCustomer = 4;
    /// Customers whom one contact makes work; more are looked at on somebody else's account.
    static constexpr std::size_t kCustomersOfContact = 3;
    /// Customers whom cases make work in a day; it costs nothing to put one's name on a case.
    static constexpr std::size_t kCasesOfDay = 100;
    static constexpr Duration kWorkLasts = std::chrono::hours{24};

    Guard();
    Guard(Guard&&) noexcept;
    Guard& operator=(Guard&&) noexcept;
    ~Guard();

    void set_canaries(std::set<CustomerId> canaries) { canaries_ = std::move(canaries); }

    /// The reader handles or handled this contact; the same again changes nothing but the customer.
    void handles(Reader reader, ContactId contact, std::optional<CustomerId> customer, WallTime at);
    /// The customer of a case that the reader owns.
    void owns_case_of(Reader reader, CustomerId customer, WallTime at);

    [[nodiscard]] bool is_work(Reader reader, CustomerId customer, WallTime at);
    /// Whether a read would be withheld, without counting it: before a change is made.
    [[nodiscard]] bool would_withhold(const Read& read);
    /// Judges and counts. What is withheld is not counted.
    Verdict judge(const Read& read);

    /// As it stood before a restart.
    void set_blocked(std::set<Reader> blocked) { blocked_ = std::move(blocked); }
    /// This customer was work at that time, for whatever cause.
    void recall_work(Reader reader, CustomerId customer, WallTime at);
    void block(Reader reader) { blocked_.insert(reader); }
    [[nodiscard]] bool is_blocked(Reader reader) const { return blocked_.contains(reader); }
    /// What was counted is forgotten with the block: otherwise the next read would begin another.
    void lift(Reader reader);

private:
    detail::ReaderState& state_of(Reader reader, WallTime& at);
    void judge_budgets(const Read& read, WallTime at, Verdict& verdict);
    void judge_opened(const Read& read, WallTime at, Verdict& verdict);
    void judge_canary(const Read& read, CustomerId customer, WallTime at, Verdict& verdict);

    std::map<Profile, Limits> limits_;
    std::set<CustomerId> canaries_;
    std::set<Reader> blocked_;
    std::map<Reader, std::unique_ptr<detail::ReaderState>> readers_;
    std::unique_ptr<detail::SharedLists> lists_;
    WallTime last_{};
};

}  // namespace escucha::guard
