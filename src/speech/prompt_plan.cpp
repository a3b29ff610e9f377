#include "speech/prompt_plan.h"

#include "base/hex.h"

namespace escucha::speech {

namespace {

std::string trimmed(std::string_view text) {
    constexpr std::string_view kSpaces = " \t\r\n";
    const auto first = text.find_first_not_of(kSpaces);
    if (first == std::string_view::npos) return {};
    return std::string{text.substr(first, text.find_last_not_of(kSpaces) - first + 1)};
}

/// The end of the first sentence: behind its mark and before a space or the end; npos when the
/// text does not finish one.
std::size_t sentence_end(std::string_view text) {
    constexpr std::string_view kEllipsis = "…";
    for (std::size_t i = 0; i < text.size(); ++i) {
        std::size_t mark = 0;
        if (std::string_view{".!?;"}.find(text[i]) != std::string_view::npos) mark = 1;
        if (text.substr(i).starts_with(kEllipsis)) mark = kEllipsis.size();
        if (mark == 0) continue;
        const auto end = i + mark;
        if (end == text.size() || text[end] == ' ' || text[end] == '\n') return end;
    }
    return std::string_view::npos;
}

/// Collects the sentence that is being put together.
class Planner {
public:
    void add_text(std::string_view text) {
        while (!text.empty()) {
            const auto end = sentence_end(text);
            sentence_ += text.substr(0, end);
            if (end == std::string_view::npos) return;
            flush();
            text.remove_prefix(end);
        }
    }
    void add_value(std::string_view words) {
        sentence_ += words;
        reuse_ = Reuse::Variable;
    }
    void add_recording(const Recorded& recorded) {
        flush();
        clips_.push_back(
            {.file = recorded.file, .text = trimmed(recorded.text), .reuse = Reuse::Static});
    }
    void flush() {
        auto text = trimmed(sentence_);
        const bool has_words = text.find_first_not_of(".!?;, …") != std::string::npos;
        if (has_words) clips_.push_back({.file = {}, .text = std::move(text), .reuse = reuse_});
        sentence_.clear();
        reuse_ = Reuse::Static;
    }
    std::vector<Clip> take() { return std::move(clips_); }

private:
    std::vector<Clip> clips_;
    std::string sentence_;
    Reuse reuse_ = Reuse::Static;
};

}  // namespace

std::vector<Clip> join_plan(const std::vector<Utterance>& utterances, Language language) {
    Planner planner;
    for (const auto& utterance : utterances) {
        if (const auto* text = std::get_if<Text>(&utterance.what)) {
            planner.add_text(text->text);
        } else if (const auto* recorded = std::get_if<Recorded>(&utterance.what)) {
            planner.add_recording(*recorded);
        } else {
            planner.add_value(words(utterance, language));
        }
    }
    planner.flush();
    return planner.take();
}

std::string prompt_key(const Voice& voice, Language language, std::string_view text, Reuse reuse) {
    // The NUL bytes keep "a" + "bc" and "ab" + "c" apart.
    std::string content = voice.engine;
    content += '\0';
    content += voice.name;
    content += '\0';
    content += code(language);
    content += '\0';
    content += text;
    const auto hex = sha256_hex(content);
    const std::string folder = reuse == Reuse::Static ? hex.substr(0, 2) : "once";
    return std::string{code(language)} + "/" + folder + "/" + hex + ".wav";
}

}  // namespace escucha::speech
