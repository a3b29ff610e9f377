#include "identity/password_rules.h"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <vector>

#include "base/errc.h"
#include "identity/detail/common_passwords.h"
#include "identity/passwords.h"
#include "store/value.h"

namespace escucha::identity {
namespace {

constexpr std::uintmax_t kMaxWordFileBytes = std::uintmax_t{16} * 1'024 * 1'024;
/// A shorter piece that is said again and again is no password.
constexpr std::size_t kShortestUnit = 8;
/// Words shorter than this are in every sentence.
constexpr std::size_t kShortestWord = 3;
constexpr std::size_t kLongestWord = 32;
/// "One guess, and what everybody adds to it."
constexpr std::size_t kFewPieces = 2;

using Words = std::set<std::string, std::less<>>;

std::size_t characters_of(std::string_view text) {
    return static_cast<std::size_t>(
        std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

/// Lower case, no accents, nothing but letters and digits.
std::string fold(std::string_view text) {
    std::string folded = store::search_key(text);
    std::erase(folded, ' ');
    return folded;
}

std::string exchange(std::string text, std::string_view from, std::string_view to) {
    for (char& c : text) {
        const std::size_t at = from.find(c);
        if (at != std::string_view::npos) c = to[at];
    }
    return text;
}

/// The shortest text whose repetition `text` is, the last one perhaps cut.
std::string_view unit_of(std::string_view text) {
    for (std::size_t length = 1; length <= text.size() / 2; ++length) {
        if (text.substr(length) == text.substr(0, text.size() - length)) {
            return text.substr(0, length);
        }
    }
    return text;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// How far a run goes from `at`: of digits, of one character, or up or down the alphabet. Each is
/// one guess.
std::size_t run_at(std::string_view text, std::size_t at) {
    std::size_t digits = at;
    while (digits < text.size() && is_digit(text[digits])) ++digits;
    std::size_t longest = digits - at;
    for (const int step : {0, 1, -1}) {
        std::size_t end = at + 1;
        while (end < text.size() && text[end] - text[end - 1] == step) ++end;
        if (end - at >= kShortestWord) longest = std::max(longest, end - at);
    }
    return longest;
}

/// How many pieces make up the whole text, each a run or a word of `lists`, which may be written
/// with digits for letters ("p4ssw0rd"); more than `kFewPieces` when it cannot be told in so few.
std::size_t pieces(std::string_view text, std::initializer_list<const Words*> lists) {
    const std::string undisguised = exchange(std::string{text}, "0134578", "oieastb");
    const std::size_t size = text.size();
    std::vector<std::size_t> fewest(size + 1, kFewPieces + 1);
    fewest[0] = 0;
    const auto is_word = [&](std::size_t at, std::size_t length) {
        const std::string_view plain = text.substr(at, length);
        const std::string_view other = std::string_view{undisguised}.substr(at, length);
        return std::ranges::any_of(lists, [&](const Words* words) {
            return words->contains(plain) || words->contains(other);
        });
    };
    for (std::size_t at = 0; at < size; ++at) {
        if (fewest[at] >= kFewPieces) continue;
        const std::size_t next = fewest[at] + 1;
        const std::size_t run = run_at(text, at);
        for (std::size_t length = 1; length <= run; ++length) {
            fewest[at + length] = std::min(fewest[at + length], next);
        }
        for (std::size_t length = kShortestWord; length <= std::min(kLongestWord, size - at);
             ++length) {
            if (is_word(at, length)) fewest[at + length] = std::min(fewest[at + length], next);
        }
    }
    return fewest[size];
}

/// The words of a name, and the whole without its spaces.
void add_words(Words& words, std::string_view text) {
    std::istringstream key{store::search_key(text)};
    for (std::string word; key >> word;) {
        if (word.size() >= kShortestWord) words.insert(word);
    }
    if (std::string whole = fold(text); whole.size() >= kShortestWord) {
        words.insert(std::move(whole));
    }
}

}  // namespace

std::string_view word_of(PasswordFault fault) {
    switch (fault) {
        case PasswordFault::TooShort:
            return "too_short";
        case PasswordFault::TooLong:
            return "too_long";
        case PasswordFault::NotText:
            return "not_text";
        case PasswordFault::Guessable:
            return "guessable";
        case PasswordFault::Unchanged:
            return "unchanged";
    }
    return {};
}

std::optional<PasswordFault> parse_password_fault(std::string_view word) {
    for (const auto fault : {PasswordFault::TooShort,
                             PasswordFault::TooLong,
                             PasswordFault::NotText,
                             PasswordFault::Guessable,
                             PasswordFault::Unchanged}) {
        if (word == word_of(fault)) return fault;
    }
    return std::nullopt;
}

PasswordRules::PasswordRules() { add(common_passwords()); }

Result<PasswordRules> PasswordRules::with_file(const std::filesystem::path& path) {
    std::error_code error;
    const std::uintmax_t size = std::filesystem::file_size(path, error);
    if (error) return fail(escucha::Errc::Io, path.string() + ": " + error.message());
    if (size > kMaxWordFileBytes) return fail(escucha::Errc::TooLarge, path.string());
    std::ifstream file{path};
    std::stringstream text;
    text << file.rdbuf();
    if (!file) return fail(escucha::Errc::Io, path.string());
    PasswordRules rules;
    rules.add(text.str());
    return rules;
}

void PasswordRules::add(std::string_view lines) {
    while (!lines.empty()) {
        const std::size_t end = std::min(lines.find('\n'), lines.size());
        std::string word = fold(lines.substr(0, end));
        lines.remove_prefix(std::min(end + 1, lines.size()));
        if (word.size() >= kShortestWord) common_.insert(std::move(word));
    }
}

std::optional<PasswordFault> PasswordRules::fault(std::string_view password,
                                                  const PasswordContext& context) const {
    if (password.size() > kMaxPasswordLength) return PasswordFault::TooLong;
    if (store::clean_text(password) != password) return PasswordFault::NotText;
    if (characters_of(password) < kLeast) return PasswordFault::TooShort;
    if (is_guessable(password, context)) return PasswordFault::Guessable;
    return std::nullopt;
}

// "the entire password SHALL be subject to comparison, not substrings or words that might be
// contained therein": so a sentence may hold any word. What is refused is a whole that is one or
// two guesses long, such as the company's name and a year.
bool PasswordRules::is_guessable(std::string_view password, const PasswordContext& context) const {
    if (unit_of(password).size() < kShortestUnit) return true;
    const std::string folded = fold(password);
    // Signs and other scripts are not looked through: what is left of a password in Greek is
    // nothing.
    constexpr std::size_t kMostOfIt = 2;
    if (folded.size() * kMostOfIt < characters_of(password)) return false;
    Words own{"escucha"};
    for (const auto text : {context.login, context.name, context.company}) add_words(own, text);
    const auto is_few = [&](const std::string& whole) {
        const std::string_view unit = unit_of(whole);
        return unit.size() < kShortestUnit || pieces(unit, {&common_, &own}) <= kFewPieces;
    };
    // Signs are left out by the folding, but "@" and "$" may stand for a letter.
    return is_few(folded) || is_few(fold(exchange(std::string{password}, "@$", "as")));
}

}  // namespace escucha::identity
