#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace escucha::speech {

enum class Language { Es, En };

/// "es", "en".
std::string_view code(Language language);
std::optional<Language> parse_language(std::string_view code);

/// Grammatical gender of what is counted; English ignores it.
enum class Gender { Masculine, Feminine };

/// Words as an author or a connector wrote them, already in the language to be spoken.
/// Consecutive texts and values make sentences together, so keep the spaces between them.
struct Text {
    std::string text;
    bool operator==(const Text&) const = default;
};

/// A value that is text already: a person's name, a subject, a term. Never ends a sentence.
struct Name {
    std::string text;
    bool operator==(const Name&) const = default;
};

/// A recording: a file name below the company's prompt folder, and what it says, which the engine
/// speaks while the file is missing.
struct Recorded {
    std::string file;
    std::string text;
    bool operator==(const Recorded&) const = default;
};

/// An integer that counts something: "un", "una", "veintiún" before the noun.
struct Number {
    std::int64_t value = 0;
    Gender gender = Gender::Masculine;
    bool operator==(const Number&) const = default;
};

/// An amount in the currency's minor unit (ISO 4217: 1205 EUR is 12.05 euros; 1205 CLP is 1205).
struct Money {
    std::int64_t minor_units = 0;
    std::string currency;
    bool operator==(const Money&) const = default;
};

/// A calendar date, always a real one when it comes from `make_date`.
struct Date {
    int year = 0;
    int month = 0;  ///< 1 to 12.
    int day = 0;    ///< 1 to 31.
    auto operator<=>(const Date&) const = default;
};

/// nullopt for a day the calendar does not have. Years 1900 to 2999.
std::optional<Date> make_date(int year, int month, int day);

/// A time on the 24-hour clock of the place.
struct TimeOfDay {
    int hour = 0;    ///< 0 to 23.
    int minute = 0;  ///< 0 to 59.
    auto operator<=>(const TimeOfDay&) const = default;
};

/// Keyed or written digits, read one by one with short pauses.
struct Digits {
    std::string digits;
    bool operator==(const Digits&) const = default;
};

/// A case reference: digit by digit, with a pause after each group, grouped as it is printed: 8
/// digits as 4-4, 9 as 3-3-3, 10 as 3-3-4.
struct Reference {
    std::string digits;
    bool operator==(const Reference&) const = default;
};

/// A length of time, said in its one or two largest units.
struct Span {
    std::chrono::seconds length{0};
    bool operator==(const Span&) const = default;
};

/// A wait as a range of whole minutes: "entre dos y cuatro minutos".
struct WaitRange {
    int from_minutes = 0;
    int to_minutes = 0;
    bool operator==(const WaitRange&) const = default;
};

/// "primero", "tercera", "twenty-first". 1 to 99 have words; beyond, the plain number.
struct Ordinal {
    int value = 1;
    Gender gender = Gender::Masculine;
    bool operator==(const Ordinal&) const = default;
};

using Spoken = std::variant<Text,
                            Name,
                            Recorded,
                            Number,
                            Money,
                            Date,
                            TimeOfDay,
                            Digits,
                            Reference,
                            Span,
                            WaitRange,
                            Ordinal>;

/// Whether transcripts and traces may show the words. The caller always hears them.
enum class Privacy { Plain, Sensitive };

/// One piece of what a caller hears.
struct Utterance {
    Spoken what;
    Privacy privacy = Privacy::Plain;
    bool operator==(const Utterance&) const = default;
};

/// The words of one piece in `language`. Lower case, without leading or trailing spaces, except
/// Text, Name and Recorded, which come as written.
std::string words(const Utterance& utterance, Language language);

/// All pieces in order as one line for a transcript; sensitive pieces appear as "•••".
std::string transcript(const std::vector<Utterance>& utterances, Language language);

}  // namespace escucha::speech
