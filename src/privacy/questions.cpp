#include "privacy/questions.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace escucha::privacy {
namespace {

constexpr std::array<std::pair<Question, std::string_view>, 3> kWords{{
    {Question::Document, "document"},
    {Question::BornOn, "born_on"},
    {Question::Postcode, "postcode"},
}};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Letters in capitals and digits; nothing else.
std::string plain(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c >= 'a' && c <= 'z') {
            out.push_back(static_cast<char>(c - 'a' + 'A'));
        } else if (is_digit(c) || (c >= 'A' && c <= 'Z')) {
            out.push_back(c);
        }
    }
    return out;
}

std::vector<std::string> digit_groups(std::string_view text) {
    std::vector<std::string> groups;
    bool goes_on = false;
    for (const char c : text) {
        if (!is_digit(c)) {
            goes_on = false;
            continue;
        }
        if (!goes_on) groups.emplace_back();
        groups.back().push_back(c);
        goes_on = true;
    }
    return groups;
}

/// Postcodes have five digits (Spain, Mexico) or six (Colombia); the last such group of an address.
std::string postcode_of(std::string_view address) {
    std::string found;
    for (std::string& group : digit_groups(address)) {
        if (group.size() == 5 || group.size() == 6) found = std::move(group);
    }
    return found;
}

struct Day {
    int year = 0, month = 0, day = 0;
    bool operator==(const Day&) const = default;
};

std::optional<Day> day_of(std::string_view text) {
    auto groups = digit_groups(text);
    if (groups.size() != 3) return std::nullopt;
    if (groups.front().size() != 4) std::ranges::reverse(groups);
    if (groups.front().size() != 4) return std::nullopt;
    std::array<int, 3> numbers{};
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        const std::string& group = groups[i];
        const auto [end, error] =
            std::from_chars(group.data(), group.data() + group.size(), numbers[i]);
        if (error != std::errc{}) return std::nullopt;
    }
    return Day{numbers[0], numbers[1], numbers[2]};
}

bool is_document(std::string_view document, std::string_view given) {
    constexpr std::size_t kAsked = 4;
    const std::string whole = plain(document), said = plain(given);
    if (whole.size() < kAsked || said.size() < kAsked) return false;
    return said == whole || said == whole.substr(whole.size() - kAsked);
}

}  // namespace

std::string_view to_text(Question question) {
    return kWords[static_cast<std::size_t>(question)].second;
}

std::optional<Question> parse_question(std::string_view text) {
    for (const auto& [question, word] : kWords) {
        if (word == text) return question;
    }
    return std::nullopt;
}

std::vector<Question> questions_for(const Known& known) {
    std::vector<Question> questions;
    constexpr std::size_t kLeastDocument = 5;  // Four of them are asked, and are not all of it.
    if (plain(known.document).size() >= kLeastDocument) questions.push_back(Question::Document);
    if (day_of(known.born_on)) questions.push_back(Question::BornOn);
    if (!postcode_of(known.address).empty()) questions.push_back(Question::Postcode);
    return questions;
}

bool is_right(Question question, const Known& known, std::string_view given) {
    switch (question) {
        case Question::Document:
            return is_document(known.document, given);
        case Question::BornOn: {
            const auto born = day_of(known.born_on);
            return born && born == day_of(given);
        }
        case Question::Postcode: {
            const std::string postcode = postcode_of(known.address);
            return !postcode.empty() && plain(given) == postcode;
        }
    }
    return false;
}

Progress after(Progress progress, Question question, bool was_right) {
    if (!was_right) {
        ++progress.wrong;
    } else if (std::ranges::find(progress.right, question) == progress.right.end()) {
        progress.right.push_back(question);
    }
    return progress;
}

}  // namespace escucha::privacy
