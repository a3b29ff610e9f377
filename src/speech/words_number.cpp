#include <array>
#include <string_view>

#include "speech/words.h"

namespace escucha::speech {

namespace {

using Magnitude = std::uint64_t;

void append_word(std::string& out, std::string_view word) {
    if (word.empty()) return;
    if (!out.empty()) out += ' ';
    out += word;
}

constexpr std::array<std::string_view, 30> kSpanishSmall = {
    "cero",         "uno",         "dos",        "tres",        "cuatro",     "cinco",
    "seis",         "siete",       "ocho",       "nueve",       "diez",       "once",
    "doce",         "trece",       "catorce",    "quince",      "dieciséis",  "diecisiete",
    "dieciocho",    "diecinueve",  "veinte",     "veintiuno",   "veintidós",  "veintitrés",
    "veinticuatro", "veinticinco", "veintiséis", "veintisiete", "veintiocho", "veintinueve"};
constexpr std::array<std::string_view, 10> kSpanishTens = {
    "", "", "", "treinta", "cuarenta", "cincuenta", "sesenta", "setenta", "ochenta", "noventa"};
constexpr std::array<std::string_view, 10> kSpanishHundreds = {"",
                                                               "ciento",
                                                               "doscient",
                                                               "trescient",
                                                               "cuatrocient",
                                                               "quinient",
                                                               "seiscient",
                                                               "setecient",
                                                               "ochocient",
                                                               "novecient"};

/// 1 to 99. "uno" loses its ending before a masculine noun: "un", "veintiún", "treinta y un".
std::string spanish_tens(Magnitude value, Use use) {
    if (value == 21 && use == Use::BeforeMasculine) return "veintiún";
    if (value == 21 && use == Use::BeforeFeminine) return "veintiuna";
    if (value == 1 && use == Use::BeforeMasculine) return "un";
    if (value == 1 && use == Use::BeforeFeminine) return "una";
    if (value < kSpanishSmall.size()) return std::string{kSpanishSmall[value]};
    std::string words{kSpanishTens[value / 10]};
    if (value % 10 != 0) words += " y " + spanish_tens(value % 10, use);
    return words;
}

/// 1 to 999. The hundreds agree with the noun: "doscientas casas".
std::string spanish_hundreds(Magnitude value, Use use) {
    if (value == 100) return "cien";
    std::string words;
    const auto hundreds = value / 100;
    if (hundreds == 1) {
        words = kSpanishHundreds[1];
    } else if (hundreds > 1) {
        words =
            std::string{kSpanishHundreds[hundreds]} + (use == Use::BeforeFeminine ? "as" : "os");
    }
    if (value % 100 != 0) append_word(words, spanish_tens(value % 100, use));
    return words;
}

/// 1 to 999 999. "mil" takes no "un", and what it counts agrees: "veintiuna mil casas".
std::string spanish_thousands(Magnitude value, Use use) {
    std::string words;
    const auto thousands = value / 1000;
    if (thousands > 0) {
        const auto before = use == Use::BeforeFeminine ? use : Use::BeforeMasculine;
        if (thousands > 1) append_word(words, spanish_hundreds(thousands, before));
        append_word(words, "mil");
    }
    if (value % 1000 != 0) append_word(words, spanish_hundreds(value % 1000, use));
    return words;
}

/// The long scale: a million millions is a billón, a million of those a trillón.
std::string spanish(Magnitude value, Use use) {
    struct Scale {
        Magnitude unit;
        std::string_view singular, plural;
    };
    constexpr std::array<Scale, 3> kScales = {
        {{1'000'000'000'000'000'000ULL, "trillón", "trillones"},
         {1'000'000'000'000ULL, "billón", "billones"},
         {1'000'000ULL, "millón", "millones"}}};
    if (value == 0) return "cero";
    std::string words;
    for (const auto& scale : kScales) {
        const auto count = value / scale.unit;
        value %= scale.unit;
        if (count == 0) continue;
        append_word(words, spanish_thousands(count, Use::BeforeMasculine));
        append_word(words, count == 1 ? scale.singular : scale.plural);
    }
    if (value != 0) append_word(words, spanish_thousands(value, use));
    return words;
}

constexpr std::array<std::string_view, 20> kEnglishSmall = {
    "zero",     "one",     "two",     "three",     "four",     "five",    "six",
    "seven",    "eight",   "nine",    "ten",       "eleven",   "twelve",  "thirteen",
    "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"};
constexpr std::array<std::string_view, 10> kEnglishTens = {
    "", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"};

std::string english_tens(Magnitude value) {
    if (value < kEnglishSmall.size()) return std::string{kEnglishSmall[value]};
    std::string words{kEnglishTens[value / 10]};
    if (value % 10 != 0) words += "-" + std::string{kEnglishSmall[value % 10]};
    return words;
}

std::string english_hundreds(Magnitude value) {
    std::string words;
    if (value >= 100) words = std::string{kEnglishSmall[value / 100]} + " hundred";
    if (value % 100 == 0) return words;
    if (!words.empty()) words += " and";
    append_word(words, english_tens(value % 100));
    return words;
}

std::string english(Magnitude value) {
    struct Scale {
        Magnitude unit;
        std::string_view name;
    };
    constexpr std::array<Scale, 6> kScales = {{{1'000'000'000'000'000'000ULL, "quintillion"},
                                               {1'000'000'000'000'000ULL, "quadrillion"},
                                               {1'000'000'000'000ULL, "trillion"},
                                               {1'000'000'000ULL, "billion"},
                                               {1'000'000ULL, "million"},
                                               {1'000ULL, "thousand"}}};
    if (value == 0) return "zero";
    std::string words;
    for (const auto& scale : kScales) {
        const auto count = value / scale.unit;
        value %= scale.unit;
        if (count == 0) continue;
        append_word(words, english_hundreds(count));
        append_word(words, scale.name);
    }
    if (value == 0) return words;
    if (!words.empty() && value < 100) words += " and";
    append_word(words, english_hundreds(value));
    return words;
}

}  // namespace

std::string number_words(std::int64_t value, Language language, Use use) {
    // Two's complement: the magnitude of the least value does not fit into the signed type.
    const auto magnitude =
        value < 0 ? Magnitude{0} - static_cast<Magnitude>(value) : static_cast<Magnitude>(value);
    const auto sign = value < 0 ? (language == Language::Es ? "menos " : "minus ") : "";
    return sign + (language == Language::Es ? spanish(magnitude, use) : english(magnitude));
}

std::string counted(std::int64_t value,
                    Language language,
                    Use use,
                    std::string_view singular,
                    std::string_view plural) {
    auto words = number_words(value, language, use);
    const bool is_whole_millions = value != 0 && value % 1'000'000 == 0;
    if (language == Language::Es && is_whole_millions) words += " de";
    append_word(words, value == 1 || value == -1 ? singular : plural);
    return words;
}

}  // namespace escucha::speech
