#include "exports/cells.h"

#include <algorithm>
#include <array>

#include "base/errc.h"
#include "exports/detail/unseen.h"
#include "store/value.h"

namespace escucha::exports {
namespace {

constexpr std::array<std::string_view, 14> kBeginsFormula{"=",
                                                          "+",
                                                          "-",
                                                          "@",
                                                          "|",
                                                          "%",
                                                          "\t",
                                                          "\r",
                                                          "\n",
                                                          "\xEF\xBC\x9D",   // U+FF1D, full-width =
                                                          "\xEF\xBC\x8B",   // U+FF0B, full-width +
                                                          "\xEF\xBC\x8D",   // U+FF0D, full-width -
                                                          "\xEF\xBC\xA0",   // U+FF20, full-width @
                                                          "\xE2\x88\x92"};  // U+2212, minus

bool begins_formula(std::string_view text) {
    return std::ranges::any_of(kBeginsFormula,
                               [&](std::string_view sign) { return text.starts_with(sign); });
}

/// From the single bytes of Windows-1252, but for its few signs between 0x80 and 0x9F.
std::string from_single_bytes(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x80) {
            out.push_back(c);
        } else {
            out.push_back(static_cast<char>(0xC0U | (byte >> 6U)));
            out.push_back(static_cast<char>(0x80U | (byte & 0x3FU)));
        }
    }
    return out;
}

/// Whichever of the three the first line has most of.
char separator_of(std::string_view text) {
    const std::string_view first = text.substr(0, text.find('\n'));
    char best = ',';
    for (const char c : {',', ';', '\t'}) {
        if (std::ranges::count(first, c) > std::ranges::count(first, best)) best = c;
    }
    return best;
}

class TableReader {
public:
    explicit TableReader(char separator) : separator_{separator} {}

    void take(char c, char next) {
        if (is_quoted_) {
            if (c != '"') {
                field_.push_back(c);
            } else if (next == '"') {
                field_.push_back('"');
                is_second_ = true;
            } else {
                is_quoted_ = false;
            }
        } else if (c == '"' && field_.empty()) {
            is_quoted_ = true;
        } else if (c == separator_) {
            end_field();
        } else if (c == '\n') {
            end_line();
        } else if (c != '\r') {
            field_.push_back(c);
        }
    }
    /// The quote that was read ahead.
    bool skips() { return std::exchange(is_second_, false); }
    std::vector<Line> finish() {
        if (!field_.empty() || !line_.empty()) end_line();
        return std::move(lines_);
    }

private:
    void end_field() {
        line_.push_back(std::move(field_));
        field_.clear();
    }
    void end_line() {
        end_field();
        if (line_.size() > 1 || !line_.front().empty()) lines_.push_back(std::move(line_));
        line_.clear();
    }

    char separator_;
    bool is_quoted_ = false, is_second_ = false;
    std::string field_;
    Line line_;
    std::vector<Line> lines_;
};

}  // namespace

std::string neutralised(std::string_view text) {
    std::string_view rest = text;
    while (!rest.empty() && !begins_formula(rest)) {
        const std::size_t unseen = detail::unseen_at_front(rest);
        if (unseen == 0) return std::string{text};
        rest.remove_prefix(unseen);
    }
    return rest.empty() ? std::string{text} : '\'' + std::string{text};
}

std::string csv_line(std::span<const std::string> fields) {
    std::string line;
    for (const std::string& field : fields) {
        if (!line.empty()) line.push_back(',');
        line.push_back('"');
        for (const char c : field) {
            if (c == '"') line.push_back('"');
            line.push_back(c);
        }
        line.push_back('"');
    }
    return line + "\r\n";
}

Result<std::vector<Line>> read_table(std::string_view text) {
    if (text.size() > kMaxTableBytes) return fail(escucha::Errc::TooLarge, "table");
    if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
    const bool is_utf8 = store::clean_text(text) == text;
    const std::string mended = is_utf8 ? std::string{text} : from_single_bytes(text);
    TableReader reader{separator_of(mended)};
    for (std::size_t i = 0; i < mended.size(); ++i) {
        reader.take(mended[i], i + 1 < mended.size() ? mended[i + 1] : '\0');
        if (reader.skips()) ++i;
    }
    return reader.finish();
}

}  // namespace escucha::exports
