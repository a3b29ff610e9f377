#include "cases/sensitive_text.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

namespace escucha::cases {
namespace {

constexpr std::string_view kDot = "•";
constexpr std::size_t kCardShown = 4;
constexpr std::size_t kDocumentShown = 2;

bool is_decimal(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }
bool is_word(char c) { return is_decimal(c) || is_letter(c); }
char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

/// A piece of the text, [from, to).
struct Piece {
    std::size_t from = 0;
    std::size_t to = 0;
};

bool has_right_check_digit(std::string_view digits) {
    int sum = 0;
    bool is_doubled = false;
    for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit) {
        int value = *digit - '0';
        if (is_doubled) value = value > 4 ? 2 * value - 9 : 2 * value;
        sum += value;
        is_doubled = !is_doubled;
    }
    return sum % 10 == 0;
}

/// The lengths that issuers give out by the first digits.
bool has_card_length(std::string_view digits) {
    const std::size_t size = digits.size();
    const char second = digits[1];
    switch (digits[0]) {
        case '2':
        case '5':
            return size == 16;
        case '3':
            if (second == '4' || second == '7') return size == 15;
            return size == 14 || size == 16;
        case '4':
            return size == 13 || size == 16 || size == 19;
        case '6':
            return size >= 16 && size <= 19;
        default:
            return false;
    }
}

/// Groups of digits from `at` on, each parted from the next by one character.
std::vector<Piece> groups_at(std::string_view text, std::size_t at) {
    std::vector<Piece> groups;
    while (at < text.size() && is_decimal(text[at])) {
        Piece group{at, at};
        while (group.to < text.size() && is_decimal(text[group.to])) ++group.to;
        groups.push_back(group);
        at = group.to;
        const bool is_parted =
            at < text.size() && (text[at] == ' ' || text[at] == '-' || text[at] == '.');
        if (!is_parted) break;
        ++at;
    }
    return groups;
}

/// The longest card that begins with the first group.
std::optional<Piece> card_in(std::string_view text, const std::vector<Piece>& groups) {
    constexpr std::size_t kLongest = 19;
    std::string digits;
    std::optional<Piece> found;
    for (const Piece& group : groups) {
        digits += text.substr(group.from, group.to - group.from);
        if (digits.size() > kLongest) break;
        if (digits.size() < 13 || !has_card_length(digits) || !has_right_check_digit(digits)) {
            continue;
        }
        found = Piece{groups.front().from, group.to};
    }
    return found;
}

/// Follows a pattern through the text and keeps what counts for the check.
class Scanner {
public:
    Scanner(std::string_view text, std::size_t at) : text_{text}, at_{at} {}

    /// `count` digits, with dots between if they stand there.
    bool digits(std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) {
            if (i > 0 && peek() == '.') ++at_;
            if (!is_decimal(peek())) return false;
            kept_ += text_[at_++];
        }
        return true;
    }
    bool letters(std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) {
            if (!is_letter(peek())) return false;
            kept_ += upper(text_[at_++]);
        }
        return true;
    }
    bool one_of(std::string_view characters) {
        if (characters.find(upper(peek())) == std::string_view::npos || peek() == '\0')
            return false;
        kept_ += upper(text_[at_++]);
        return true;
    }
    bool separator(char c) {
        if (peek() != c) return false;
        ++at_;
        return true;
    }
    void maybe_separator() {
        if (peek() == '-' || peek() == ' ') ++at_;
    }
    [[nodiscard]] bool is_at_end_of_word() const { return !is_word(peek()); }
    [[nodiscard]] std::size_t at() const { return at_; }
    [[nodiscard]] const std::string& kept() const { return kept_; }

private:
    [[nodiscard]] char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

    std::string_view text_;
    std::size_t at_;
    std::string kept_;
};

int number_in(std::string_view digits) {
    int value = 0;
    for (const char digit : digits) value = value * 10 + (digit - '0');
    return value;
}

// Spain: the letter is the number modulo 23 (Real Decreto 1553/2005; NIE: X, Y, Z stand for 0, 1,
// 2).
std::optional<std::size_t> nif_at(std::string_view text, std::size_t at) {
    constexpr std::string_view kLetters = "TRWAGMYFPDXBNJZSQVHLCKE";
    Scanner scanner{text, at};
    const bool is_nie = scanner.one_of("XYZ");
    if (is_nie) scanner.maybe_separator();
    if (!scanner.digits(is_nie ? 7 : 8)) return std::nullopt;
    scanner.maybe_separator();
    if (!scanner.one_of(kLetters) || !scanner.is_at_end_of_word()) return std::nullopt;
    std::string number = scanner.kept();
    const char letter = number.back();
    number.pop_back();
    if (is_nie) number[0] = static_cast<char>('0' + (number[0] - 'X'));
    const auto at_letter = static_cast<std::size_t>(number_in(number) % 23);
    if (kLetters[at_letter] != letter) return std::nullopt;
    return scanner.at();
}

/// Modulo 11 with weights 2 to 7 from the right, as RUT and CUIT have it.
int weighted(std::string_view digits) {
    int sum = 0;
    int weight = 2;
    for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit) {
        sum += (*digit - '0') * weight;
        weight = weight == 7 ? 2 : weight + 1;
    }
    return 11 - sum % 11;
}

// Chile: 7 or 8 digits, a hyphen and the check character, K for 10.
std::optional<std::size_t> rut_at(std::string_view text, std::size_t at) {
    for (const std::size_t size : {std::size_t{8}, std::size_t{7}}) {
        Scanner scanner{text, at};
        if (!scanner.digits(size) || !scanner.separator('-') || !scanner.one_of("0123456789K") ||
            !scanner.is_at_end_of_word()) {
            continue;
        }
        const int check = weighted(std::string_view{scanner.kept()}.substr(0, size));
        const char wanted = check == 10 ? 'K' : static_cast<char>('0' + (check == 11 ? 0 : check));
        if (scanner.kept().back() == wanted) return scanner.at();
    }
    return std::nullopt;
}

// Argentina: 2 digits of the kind, 8 of the document, 1 of the check.
std::optional<std::size_t> cuit_at(std::string_view text, std::size_t at) {
    Scanner scanner{text, at};
    if (!scanner.one_of("23") || !scanner.digits(1) || !scanner.separator('-') ||
        !scanner.digits(8) || !scanner.separator('-') || !scanner.digits(1) ||
        !scanner.is_at_end_of_word()) {
        return std::nullopt;
    }
    const int check = weighted(std::string_view{scanner.kept()}.substr(0, 10));
    if (scanner.kept().back() - '0' != (check == 11 ? 0 : check)) return std::nullopt;
    return scanner.at();
}

// Mexico: 18 characters, of which the last is a check digit (Instructivo normativo de la CURP,
// 2021).
std::optional<std::size_t> curp_at(std::string_view text, std::size_t at) {
    // Ñ counts between N and O; it is written X in a CURP.
    constexpr std::string_view kOrder = "0123456789ABCDEFGHIJKLMN\1OPQRSTUVWXYZ";
    constexpr std::string_view kAny = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    Scanner scanner{text, at};
    if (!scanner.letters(4) || !scanner.digits(6) || !scanner.one_of("HMX") ||
        !scanner.letters(5) || !scanner.one_of(kAny) || !scanner.digits(1) ||
        !scanner.is_at_end_of_word()) {
        return std::nullopt;
    }
    const std::string& curp = scanner.kept();
    std::size_t sum = 0;
    for (std::size_t i = 0; i < 17; ++i) sum += kOrder.find(curp[i]) * (18 - i);
    const auto check = static_cast<char>('0' + (10 - sum % 10) % 10);
    if (curp.back() != check) return std::nullopt;
    return scanner.at();
}

std::optional<Piece> document_at(std::string_view text, std::size_t at) {
    for (const auto find : {nif_at, rut_at, cuit_at, curp_at}) {
        if (const auto end = find(text, at)) return Piece{at, *end};
    }
    return std::nullopt;
}

void append_masked(std::string& out, std::string_view piece, std::size_t shown) {
    const auto words = static_cast<std::size_t>(std::ranges::count_if(piece, is_word));
    std::size_t seen = 0;
    for (const char c : piece) {
        const bool is_hidden = is_word(c) && ++seen + shown <= words;
        if (is_hidden) {
            out += kDot;
        } else {
            out += c;
        }
    }
}

}  // namespace

std::string mask_sensitive(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        const bool begins_word = is_word(text[at]) && (at == 0 || !is_word(text[at - 1]));
        if (!begins_word) {
            out += text[at++];
            continue;
        }
        if (const auto document = document_at(text, at)) {
            append_masked(out, text.substr(at, document->to - at), kDocumentShown);
            at = document->to;
        } else if (const auto card = card_in(text, groups_at(text, at))) {
            append_masked(out, text.substr(at, card->to - at), kCardShown);
            at = card->to;
        } else {
            // A group at a time: a card may begin after a telephone.
            do {
                out += text[at++];
            } while (at < text.size() && is_word(text[at]));
        }
    }
    return out;
}

}  // namespace escucha::cases
