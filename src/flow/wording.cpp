#include "flow/detail/wording.h"

#include <algorithm>
#include <cstdlib>
#include <set>

#include "base/overloaded.h"
#include "speech/prompt_plan.h"

namespace escucha::flow::detail {

namespace {

using speech::Utterance;

/// "f persona|personas" or "niño|niños".
void read_counted(std::string_view form, Placeholder& placeholder) {
    if (form.starts_with("f ") || form == "f") {
        placeholder.gender = speech::Gender::Feminine;
        form.remove_prefix(std::min<std::size_t>(2, form.size()));
    } else if (form.starts_with("m ")) {
        form.remove_prefix(2);
    }
    const auto bar = form.find('|');
    placeholder.singular = std::string{form.substr(0, bar)};
    placeholder.plural =
        bar == std::string_view::npos ? placeholder.singular : std::string{form.substr(bar + 1)};
}

Placeholder read_placeholder(std::string_view inside) {
    constexpr std::string_view kAge = ".age";
    Placeholder placeholder;
    const auto colon = inside.find(':');
    auto name = inside.substr(0, colon);
    if (colon != std::string_view::npos) read_counted(inside.substr(colon + 1), placeholder);
    if (name.ends_with(kAge)) {
        placeholder.is_age = true;
        name.remove_suffix(kAge.size());
    }
    placeholder.name = std::string{name};
    return placeholder;
}

speech::Spoken spoken_string(const Document& document,
                             const Known& known,
                             const std::string& text,
                             speech::Language language) {
    switch (known.type) {
        case Type::Digits:
        case Type::Phone:
            return speech::Digits{text};
        case Type::Reference:
            return speech::Reference{text};
        case Type::Text:
        case Type::Money:
        case Type::Date:
        case Type::Time:
        case Type::Number:
            break;
    }
    const auto* term = document.find_term(text, language);
    return speech::Name{term == nullptr ? text : *term};
}

bool is_singular(const Value& value) {
    const auto* number = std::get_if<std::int64_t>(&value);
    return number != nullptr && (*number == 1 || *number == -1);
}

void append_value(const Document& document,
                  const Placeholder& placeholder,
                  const Known& known,
                  speech::Language language,
                  std::vector<Utterance>& out) {
    const auto privacy = known.sensitivity >= Sensitivity::Financial ? speech::Privacy::Sensitive
                                                                     : speech::Privacy::Plain;
    if (placeholder.is_age) {
        if (known.age) out.push_back({speech::Span{*known.age}, speech::Privacy::Plain});
        return;
    }
    auto spoken = std::visit(
        overloaded{
            [&](const std::string& text) { return spoken_string(document, known, text, language); },
            [&](std::int64_t number) -> speech::Spoken {
                return speech::Number{.value = number, .gender = placeholder.gender};
            },
            [](const speech::Money& money) -> speech::Spoken { return money; },
            [](const speech::Date& date) -> speech::Spoken { return date; },
            [](const speech::TimeOfDay& time) -> speech::Spoken { return time; },
        },
        known.value);
    out.push_back({std::move(spoken), privacy});
    if (placeholder.plural.empty()) return;
    const auto& noun = is_singular(known.value) ? placeholder.singular : placeholder.plural;
    out.push_back({speech::Name{" " + noun}, speech::Privacy::Plain});
}

std::string two_digits(int value) { return (value < 10 ? "0" : "") + std::to_string(value); }

/// "12,05 EUR", "12.05 EUR"; whole amounts without cents.
std::string written_money(const speech::Money& money, speech::Language language) {
    const bool has_cents =
        money.currency != "CLP" && money.currency != "PYG" && money.currency != "JPY";
    const std::int64_t scale = has_cents ? 100 : 1;
    auto out = std::to_string(money.minor_units / scale);
    const auto cents = static_cast<int>(std::abs(money.minor_units % scale));
    if (money.minor_units < 0 && money.minor_units > -scale) out = "-" + out;
    if (cents != 0) out += (language == speech::Language::Es ? "," : ".") + two_digits(cents);
    return out + " " + money.currency;
}

/// For eyes: figures, "05/12/2026", "17:00"; what people must not see is masked.
std::string written_value(const Document& document,
                          const Placeholder& placeholder,
                          const Known& known,
                          speech::Language language) {
    if (known.sensitivity >= Sensitivity::Financial) return "•••";
    auto out = to_text(known.value);
    if (const auto* date = std::get_if<speech::Date>(&known.value)) {
        out = two_digits(date->day) + "/" + two_digits(date->month) + "/" +
              std::to_string(date->year);
    }
    if (const auto* money = std::get_if<speech::Money>(&known.value)) {
        out = written_money(*money, language);
    }
    if (known.type == Type::Text) {
        if (const auto* term = document.find_term(out, language)) out = *term;
    }
    if (placeholder.plural.empty()) return out;
    return out + " " + (is_singular(known.value) ? placeholder.singular : placeholder.plural);
}

void append_text(std::string text, std::vector<Utterance>& out) {
    if (!text.empty()) out.push_back({speech::Text{std::move(text)}, speech::Privacy::Plain});
}

void append_prompt(const Document& document,
                   const Prompt& prompt,
                   speech::Language language,
                   const Resolve& resolve,
                   std::vector<Utterance>& out) {
    const auto text = prompt.text.find(language);
    if (text == prompt.text.end()) return;
    const auto pieces = parse_pieces(text->second);
    if (!pieces) return;
    const bool is_static = std::none_of(pieces->begin(), pieces->end(), [](const Piece& piece) {
        return piece.placeholder.has_value();
    });
    if (is_static && !prompt.file.empty()) {
        const auto file = std::string{speech::code(language)} + "/" + prompt.file;
        out.push_back(
            {speech::Recorded{.file = file, .text = text->second}, speech::Privacy::Plain});
        return;
    }
    for (const auto& piece : *pieces) {
        if (!piece.placeholder) {
            append_text(piece.text, out);
        } else if (const auto known = resolve(piece.placeholder->name)) {
            append_value(document, *piece.placeholder, *known, language, out);
        }
    }
}

}  // namespace

std::optional<std::vector<Piece>> parse_pieces(std::string_view text) {
    std::vector<Piece> pieces;
    while (!text.empty()) {
        const auto open = text.find_first_of("{}");
        if (open != 0) {
            pieces.push_back({.text = std::string{text.substr(0, open)}, .placeholder = {}});
        }
        if (open == std::string_view::npos) break;
        const auto close = text.find_first_of("{}", open + 1);
        if (text[open] == '}' || close == std::string_view::npos || text[close] == '{') {
            return std::nullopt;
        }
        auto placeholder = read_placeholder(text.substr(open + 1, close - open - 1));
        if (placeholder.name.empty()) return std::nullopt;
        pieces.push_back({.text = {}, .placeholder = std::move(placeholder)});
        text.remove_prefix(close + 1);
    }
    return pieces;
}

std::vector<Utterance> say_prompts(const Document& document,
                                   const Prompts& prompts,
                                   speech::Language language,
                                   const Resolve& resolve) {
    std::vector<Utterance> utterances;
    for (const auto& key : prompts) {
        const auto* prompt = document.find_prompt(key);
        if (prompt == nullptr) continue;
        if (!utterances.empty()) append_text(" ", utterances);
        append_prompt(document, *prompt, language, resolve, utterances);
    }
    return utterances;
}

std::string written_text(const Document& document,
                         std::string_view prompt,
                         speech::Language language,
                         const Resolve& resolve) {
    const auto* found = document.find_prompt(prompt);
    if (found == nullptr) return {};
    const auto text = found->text.find(language);
    if (text == found->text.end()) return {};
    std::string out;
    for (const auto& piece : parse_pieces(text->second).value_or(std::vector<Piece>{})) {
        if (!piece.placeholder) {
            out += piece.text;
        } else if (const auto known = resolve(piece.placeholder->name)) {
            out += written_value(document, *piece.placeholder, *known, language);
        } else {
            out += "…";  // The caller left before saying it.
        }
    }
    return out;
}

}  // namespace escucha::flow::detail

namespace escucha::flow {

std::vector<std::pair<speech::Language, std::string>> all_static_texts(const Document& document) {
    std::vector<std::pair<speech::Language, std::string>> texts;
    std::set<std::pair<speech::Language, std::string>> seen;
    // Any value will do: only the sentences without one are wanted.
    const detail::Resolve resolve = [](std::string_view) {
        return detail::Known{.type = Type::Text,
                             .value = std::string{"x"},
                             .sensitivity = Sensitivity::Public,
                             .age = std::chrono::seconds{1}};
    };
    for (const auto& [key, prompt] : document.prompts) {
        for (const auto language : document.languages) {
            const auto said = detail::say_prompts(document, {key}, language, resolve);
            for (const auto& clip : speech::join_plan(said, language)) {
                if (clip.reuse != speech::Reuse::Static || !clip.file.empty()) continue;
                if (seen.emplace(language, clip.text).second) {
                    texts.emplace_back(language, clip.text);
                }
            }
        }
    }
    return texts;
}

std::vector<Recording> all_recordings(const Document& document) {
    std::vector<Recording> recordings;
    for (const auto& [key, prompt] : document.prompts) {
        if (prompt.file.empty()) continue;
        for (const auto language : document.languages) {
            const auto said = detail::say_prompts(
                document, {key}, language, [](std::string_view) { return std::nullopt; });
            for (const auto& utterance : said) {
                if (!std::holds_alternative<speech::Recorded>(utterance.what)) continue;
                recordings.push_back({.prompt = key, .language = language, .file = prompt.file});
            }
        }
    }
    return recordings;
}

}  // namespace escucha::flow
