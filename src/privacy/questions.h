#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace escucha::privacy {

/// What a caller is asked to prove who they are. The agent types what the caller says; only right
/// or wrong comes back.
enum class Question {
    Document,  ///< The last four characters of the identity document.
    BornOn,    ///< The date of birth.
    Postcode,  ///< That of the address.
};

/// "document", "born_on", "postcode".
std::string_view to_text(Question question);
std::optional<Question> parse_question(std::string_view text);

/// What the answers are compared with; empty: not known.
struct Known {
    std::string document;
    std::string born_on;  ///< "1980-05-17".
    std::string address;
};

/// Those that this customer can be asked, in the order of the enumeration.
std::vector<Question> questions_for(const Known& known);

/// Letters' case, spaces, dots and dashes do not count; a document may be said whole; a date is
/// "1980-05-17" or "17/5/1980". Never right when nothing is known.
bool is_right(Question question, const Known& known, std::string_view given);

/// So many different questions must be answered right.
inline constexpr std::size_t kRightNeeded = 2;
/// After so many wrong answers the contact can no longer be verified, whoever is asked for.
inline constexpr unsigned kWrongAllowed = 3;
inline constexpr std::size_t kMaxAnswer = 60;

/// How far a contact's verification has come.
struct Progress {
    std::vector<Question> right{};
    unsigned wrong = 0;

    [[nodiscard]] bool is_verified() const { return right.size() >= kRightNeeded; }
    [[nodiscard]] bool is_locked() const { return wrong >= kWrongAllowed; }
};

/// After an answer. One that was right before counts once.
Progress after(Progress progress, Question question, bool was_right);

}  // namespace escucha::privacy
