#include "speech/words.h"

#include <array>
#include <cstdlib>
#include <string_view>

#include "base/overloaded.h"

namespace escucha::speech {

namespace {

bool is_spanish(Language language) { return language == Language::Es; }

std::string joined(std::string left, std::string_view between, std::string_view right) {
    if (left.empty()) return std::string{right};
    if (right.empty()) return left;
    left += between;
    left += right;
    return left;
}

// Money.

struct Unit {
    std::string_view code;
    int minor_digits;
    Use use;  ///< Gender of the major unit in Spanish.
    std::string_view es, es_plural, es_minor, es_minor_plural;
    std::string_view en, en_plural, en_minor, en_minor_plural;
};

constexpr std::array<Unit, 9> kUnits = {{
    {"EUR",
     2,
     Use::BeforeMasculine,
     "euro",
     "euros",
     "céntimo",
     "céntimos",
     "euro",
     "euros",
     "cent",
     "cents"},
    {"USD",
     2,
     Use::BeforeMasculine,
     "dólar",
     "dólares",
     "centavo",
     "centavos",
     "dollar",
     "dollars",
     "cent",
     "cents"},
    {"MXN",
     2,
     Use::BeforeMasculine,
     "peso",
     "pesos",
     "centavo",
     "centavos",
     "peso",
     "pesos",
     "centavo",
     "centavos"},
    {"COP",
     2,
     Use::BeforeMasculine,
     "peso",
     "pesos",
     "centavo",
     "centavos",
     "peso",
     "pesos",
     "centavo",
     "centavos"},
    {"ARS",
     2,
     Use::BeforeMasculine,
     "peso",
     "pesos",
     "centavo",
     "centavos",
     "peso",
     "pesos",
     "centavo",
     "centavos"},
    {"CLP", 0, Use::BeforeMasculine, "peso", "pesos", "", "", "peso", "pesos", "", ""},
    {"PEN",
     2,
     Use::BeforeMasculine,
     "sol",
     "soles",
     "céntimo",
     "céntimos",
     "sol",
     "soles",
     "céntimo",
     "céntimos"},
    {"GBP",
     2,
     Use::BeforeFeminine,
     "libra",
     "libras",
     "penique",
     "peniques",
     "pound",
     "pounds",
     "penny",
     "pence"},
    {"BRL",
     2,
     Use::BeforeMasculine,
     "real",
     "reales",
     "centavo",
     "centavos",
     "real",
     "reais",
     "centavo",
     "centavos"},
}};

std::string money_words(const Money& money, Language language) {
    const Unit* unit = nullptr;
    for (const auto& candidate : kUnits) {
        if (candidate.code == money.currency) unit = &candidate;
    }
    const Unit unknown{money.currency,
                       2,
                       Use::BeforeMasculine,
                       money.currency,
                       money.currency,
                       "céntimo",
                       "céntimos",
                       money.currency,
                       money.currency,
                       "cent",
                       "cents"};
    if (unit == nullptr) unit = &unknown;
    const std::int64_t scale = unit->minor_digits == 2 ? 100 : 1;
    const std::int64_t major = std::abs(money.minor_units / scale);
    const std::int64_t minor = std::abs(money.minor_units % scale);
    const bool es = is_spanish(language);
    std::string words;
    if (major != 0 || minor == 0) {
        words = counted(major,
                        language,
                        unit->use,
                        es ? unit->es : unit->en,
                        es ? unit->es_plural : unit->en_plural);
    }
    if (minor != 0) {
        const auto cents = counted(minor,
                                   language,
                                   Use::BeforeMasculine,
                                   es ? unit->es_minor : unit->en_minor,
                                   es ? unit->es_minor_plural : unit->en_minor_plural);
        words = joined(words, es ? " con " : " and ", cents);
    }
    if (money.minor_units < 0) words = (es ? "menos " : "minus ") + words;
    return words;
}

// Dates and times.

constexpr std::array<std::string_view, 7> kDaysEs = {
    "domingo", "lunes", "martes", "miércoles", "jueves", "viernes", "sábado"};
constexpr std::array<std::string_view, 7> kDaysEn = {
    "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
constexpr std::array<std::string_view, 12> kMonthsEs = {"enero",
                                                        "febrero",
                                                        "marzo",
                                                        "abril",
                                                        "mayo",
                                                        "junio",
                                                        "julio",
                                                        "agosto",
                                                        "septiembre",
                                                        "octubre",
                                                        "noviembre",
                                                        "diciembre"};
constexpr std::array<std::string_view, 12> kMonthsEn = {"January",
                                                        "February",
                                                        "March",
                                                        "April",
                                                        "May",
                                                        "June",
                                                        "July",
                                                        "August",
                                                        "September",
                                                        "October",
                                                        "November",
                                                        "December"};

/// "twenty twenty-six", "two thousand and five", "nineteen hundred".
std::string year_words(int year, Language language) {
    if (is_spanish(language)) return number_words(year, language);
    const bool is_round = year % 1000 < 10;
    if (is_round) return number_words(year, language);
    const auto century = number_words(year / 100, language);
    if (year % 100 == 0) return century + " hundred";
    if (year % 100 < 10) return century + " oh " + number_words(year % 100, language);
    return century + " " + number_words(year % 100, language);
}

std::string date_words(const Date& date, Language language) {
    const std::chrono::year_month_day day{std::chrono::year{date.year},
                                          std::chrono::month{static_cast<unsigned>(date.month)},
                                          std::chrono::day{static_cast<unsigned>(date.day)}};
    if (!day.ok()) return {};
    const auto weekday = std::chrono::weekday{std::chrono::sys_days{day}}.c_encoding();
    const auto month = static_cast<std::size_t>(date.month - 1);
    const auto year = year_words(date.year, language);
    if (is_spanish(language)) {
        const auto day_words =
            date.day == 1 ? std::string{"primero"} : number_words(date.day, language);
        return std::string{kDaysEs[weekday]} + ", " + day_words + " de " +
               std::string{kMonthsEs[month]} + " de " + year;
    }
    const auto day_words =
        words(Utterance{Ordinal{.value = date.day, .gender = Gender::Masculine}}, language);
    return std::string{kDaysEn[weekday]} + ", the " + day_words + " of " +
           std::string{kMonthsEn[month]} + " " + year;
}

std::string_view part_of_day_es(int hour) {
    if (hour == 0) return "de la noche";
    if (hour < 6) return "de la madrugada";
    if (hour < 12) return "de la mañana";
    if (hour < 13) return "del mediodía";
    if (hour < 21) return "de la tarde";
    return "de la noche";
}

/// What people say on the phone: the twelve-hour clock with quarters and the part of the day.
/// After half past, the minutes to the next hour in fives, so that "menos" never needs sums.
std::string time_words_es(const TimeOfDay& time) {
    const bool is_to_next = time.minute > 30 && time.minute % 5 == 0;
    const int shown =
        (time.hour + (is_to_next ? 1 : 0)) % 12 == 0 ? 12 : (time.hour + (is_to_next ? 1 : 0)) % 12;
    std::string out =
        shown == 1 ? "la una" : "las " + number_words(shown, Language::Es, Use::BeforeFeminine);
    const auto minutes = [](int value) { return number_words(value, Language::Es); };
    if (time.minute == 15) {
        out += " y cuarto";
    } else if (time.minute == 30) {
        out += " y media";
    } else if (time.minute == 45) {
        out += " menos cuarto";
    } else if (is_to_next) {
        out += " menos " + minutes(60 - time.minute);
    } else if (time.minute != 0) {
        out += " y " + minutes(time.minute);
    }
    // 12:45 is still noon to the ear, though it is one o'clock less a quarter.
    return out + " " + std::string{part_of_day_es(time.hour)};
}

std::string time_words_en(const TimeOfDay& time) {
    const int shown = time.hour % 12 == 0 ? 12 : time.hour % 12;
    std::string out = number_words(shown, Language::En);
    if (time.minute != 0 && time.minute < 10) {
        out += " oh " + number_words(time.minute, Language::En);
    } else if (time.minute != 0) {
        out += " " + number_words(time.minute, Language::En);
    }
    if (time.hour < 12) return out + " in the morning";
    if (time.hour < 18) return out + " in the afternoon";
    return out + (time.hour < 21 ? " in the evening" : " at night");
}

// Digits.

std::string digit_words(std::string_view digits, Language language) {
    std::string out;
    for (const char c : digits) {
        if (c < '0' || c > '9') continue;
        out = joined(std::move(out), " ", number_words(c - '0', language));
    }
    return out;
}

/// As they are printed: "1234 5678", "123 456 789", "123 456 7890". Nothing stands alone.
std::string reference_words(std::string_view digits, Language language) {
    const std::size_t size = digits.size() % 4 == 0 ? 4 : 3;
    std::string out;
    while (!digits.empty()) {
        const bool is_last_of_four = digits.size() == 4;
        const auto group = digits.substr(0, is_last_of_four ? 4 : size);
        out = joined(std::move(out), ", ", digit_words(group, language));
        digits.remove_prefix(group.size());
    }
    return out;
}

// Lengths and ranges.

std::string span_words(const Span& span, Language language) {
    struct Step {
        std::int64_t seconds;
        Use use;
        std::string_view es, es_plural, en, en_plural;
    };
    constexpr std::array<Step, 4> kSteps = {
        {{86'400, Use::BeforeMasculine, "día", "días", "day", "days"},
         {3'600, Use::BeforeFeminine, "hora", "horas", "hour", "hours"},
         {60, Use::BeforeMasculine, "minuto", "minutos", "minute", "minutes"},
         {1, Use::BeforeMasculine, "segundo", "segundos", "second", "seconds"}}};
    const bool es = is_spanish(language);
    std::int64_t left = std::max<std::int64_t>(0, span.length.count());
    for (std::size_t i = 0; i < kSteps.size(); ++i) {
        const auto& step = kSteps[i];
        const auto count = left / step.seconds;
        const bool is_last = i + 1 == kSteps.size();
        if (count == 0 && !is_last) continue;
        auto out = counted(count,
                           language,
                           step.use,
                           es ? step.es : step.en,
                           es ? step.es_plural : step.en_plural);
        if (is_last) return out;
        const auto& next = kSteps[i + 1];
        const auto rest = left % step.seconds / next.seconds;
        if (rest == 0) return out;
        return joined(std::move(out),
                      es ? " y " : " and ",
                      counted(rest,
                              language,
                              next.use,
                              es ? next.es : next.en,
                              es ? next.es_plural : next.en_plural));
    }
    return {};
}

std::string wait_words(const WaitRange& wait, Language language) {
    const bool es = is_spanish(language);
    const auto minutes = [&](int value) {
        return counted(value,
                       language,
                       Use::BeforeMasculine,
                       es ? "minuto" : "minute",
                       es ? "minutos" : "minutes");
    };
    const int from = std::max(0, wait.from_minutes);
    const int to = std::max(from, wait.to_minutes);
    if (to <= 1) return es ? "menos de un minuto" : "less than a minute";
    if (from == to) return (es ? "unos " : "about ") + minutes(to);
    if (from == 0) return (es ? "menos de " : "less than ") + minutes(to);
    const auto least = number_words(from, language, Use::BeforeMasculine);
    return (es ? "entre " : "between ") + least + (es ? " y " : " and ") + minutes(to);
}

constexpr std::array<std::string_view, 20> kOrdinalsEs = {
    "",           "primer",       "segund",      "tercer",      "cuart",      "quint",
    "sext",       "séptim",       "octav",       "noven",       "décim",      "undécim",
    "duodécim",   "decimotercer", "decimocuart", "decimoquint", "decimosext", "decimoséptim",
    "decimoctav", "decimonoven"};
constexpr std::array<std::string_view, 10> kOrdinalTensEs = {"",
                                                             "",
                                                             "vigésim",
                                                             "trigésim",
                                                             "cuadragésim",
                                                             "quincuagésim",
                                                             "sexagésim",
                                                             "septuagésim",
                                                             "octogésim",
                                                             "nonagésim"};
constexpr std::array<std::string_view, 20> kOrdinalsEn = {
    "",           "first",     "second",    "third",       "fourth",     "fifth",     "sixth",
    "seventh",    "eighth",    "ninth",     "tenth",       "eleventh",   "twelfth",   "thirteenth",
    "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth"};
constexpr std::array<std::string_view, 10> kOrdinalTensEn = {"",
                                                             "",
                                                             "twentieth",
                                                             "thirtieth",
                                                             "fortieth",
                                                             "fiftieth",
                                                             "sixtieth",
                                                             "seventieth",
                                                             "eightieth",
                                                             "ninetieth"};

std::string ordinal_words(const Ordinal& ordinal, Language language) {
    if (ordinal.value < 1 || ordinal.value > 99) return number_words(ordinal.value, language);
    const auto value = static_cast<std::size_t>(ordinal.value);
    if (is_spanish(language)) {
        const std::string_view ending = ordinal.gender == Gender::Feminine ? "a" : "o";
        if (value < 20) return std::string{kOrdinalsEs[value]} + std::string{ending};
        auto out = std::string{kOrdinalTensEs[value / 10]} + std::string{ending};
        if (value % 10 != 0) {
            out += " " + std::string{kOrdinalsEs[value % 10]} + std::string{ending};
        }
        return out;
    }
    if (value < 20) return std::string{kOrdinalsEn[value]};
    if (value % 10 == 0) return std::string{kOrdinalTensEn[value / 10]};
    const auto tens = static_cast<std::int64_t>(value / 10 * 10);
    return number_words(tens, language) + "-" + std::string{kOrdinalsEn[value % 10]};
}

}  // namespace

std::string words(const Utterance& utterance, Language language) {
    return std::visit(
        overloaded{
            [](const Text& text) { return text.text; },
            [](const Name& name) { return name.text; },
            [](const Recorded& recorded) { return recorded.text; },
            [&](const Number& number) {
                const auto use =
                    number.gender == Gender::Feminine ? Use::BeforeFeminine : Use::BeforeMasculine;
                return number_words(number.value, language, use);
            },
            [&](const Money& money) { return money_words(money, language); },
            [&](const Date& date) { return date_words(date, language); },
            [&](const TimeOfDay& time) {
                return is_spanish(language) ? time_words_es(time) : time_words_en(time);
            },
            [&](const Digits& digits) { return digit_words(digits.digits, language); },
            [&](const Reference& reference) { return reference_words(reference.digits, language); },
            [&](const Span& span) { return span_words(span, language); },
            [&](const WaitRange& wait) { return wait_words(wait, language); },
            [&](const Ordinal& ordinal) { return ordinal_words(ordinal, language); },
        },
        utterance.what);
}

std::string transcript(const std::vector<Utterance>& utterances, Language language) {
    std::string out;
    for (const auto& utterance : utterances) {
        out += utterance.privacy == Privacy::Sensitive ? "•••" : words(utterance, language);
    }
    return out;
}

}  // namespace escucha::speech
