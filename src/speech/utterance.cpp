#include "speech/utterance.h"

#include <chrono>

namespace escucha::speech {

std::string_view code(Language language) {
    switch (language) {
        case Language::Es:
            return "es";
        case Language::En:
            return "en";
    }
    return "es";
}

std::optional<Language> parse_language(std::string_view text) {
    if (text == "es") return Language::Es;
    if (text == "en") return Language::En;
    return std::nullopt;
}

std::optional<Date> make_date(int year, int month, int day) {
    if (year < 1900 || year > 2999 || month < 1 || month > 12 || day < 1) return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year{year},
                                           std::chrono::month{static_cast<unsigned>(month)},
                                           std::chrono::day{static_cast<unsigned>(day)}};
    if (!date.ok()) return std::nullopt;
    return Date{.year = year, .month = month, .day = day};
}

}  // namespace escucha::speech
