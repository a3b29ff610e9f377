#include "exports/marks.h"

#include <algorithm>
#include <array>

#include <doctest/doctest.h>

#include "base/errc.h"
#include "store/value.h"

using namespace escucha;
using namespace escucha::exports;

namespace {

/// So many people with a name and a document each, different from one another.
std::vector<Line> people(std::size_t count) {
    constexpr std::array<const char*, 8> kNames{
        "María", "José", "Lucía", "Iñaki", "Ana", "Pedro", "Núria", "Óscar"};
    std::vector<Line> lines;
    for (std::size_t i = 0; i < count; ++i) {
        const std::string serial = std::to_string(10'000 + i);
        lines.push_back({std::string{kNames[i % kNames.size()]} + " Pérez" + serial + " Gil",
                         serial + "678Z",
                         "Lima"});
    }
    return lines;
}

/// As the file has them: a block at a time in its own order, by the document.
std::vector<Line> marked(std::vector<Line> lines, const MarkKey& key) {
    const Marker marker{key};
    for (std::size_t from = 0; from < lines.size(); from += Marker::kBlock) {
        const auto first = lines.begin() + static_cast<std::ptrdiff_t>(from);
        const auto last = lines.begin() + static_cast<std::ptrdiff_t>(
                                              std::min(from + Marker::kBlock, lines.size()));
        std::sort(first, last, [&](const Line& a, const Line& b) {
            return marker.rank(meaning(a[1])) < marker.rank(meaning(b[1]));
        });
    }
    for (Line& line : lines) {
        for (std::string& cell : line) cell = neutralised(marker.mark(cell));
    }
    return lines;
}

std::string saved(const std::vector<Line>& lines) {
    std::string text;
    for (const Line& line : lines) text += csv_line(line);
    return text;
}

double chance(const std::vector<Line>& lines, const MarkKey& key) {
    return Trace{lines}.judge(key).log10_chance;
}

}  // namespace

TEST_CASE("a mark changes nothing that is read, and is found by its key alone") {
    const MarkKey ours = make_mark_key();
    const auto lines = marked(people(400), ours);
    for (const Line& line : lines) {
        CHECK(store::search_key(line[0]) == meaning(line[0]));
    }
    CHECK(chance(lines, ours) < -80);
    // Two hundred other exports, and a file that never was one.
    for (int i = 0; i < 200; ++i) {
        const MarkKey other = make_mark_key();
        CHECK(chance(lines, other) > kNamedBelow);
        CHECK(chance(people(400), other) > kNamedBelow);
    }
}

TEST_CASE("a hundred lines of the middle, in any order, still tell") {
    const MarkKey ours = make_mark_key();
    auto lines = marked(people(5'000), ours);
    std::vector<Line> part{lines.begin() + 2'133, lines.begin() + 2'233};
    CHECK(chance(part, ours) < -20);
    std::ranges::sort(part);
    CHECK(chance(part, ours) < -20);
    // Beside as many from elsewhere.
    const auto others = marked(people(100), make_mark_key());
    part.insert(part.end(), others.begin(), others.end());
    CHECK(chance(part, ours) < kNamedBelow);
}

TEST_CASE("a spreadsheet that saves with semicolons, without quotes and in Windows-1252 keeps it") {
    const MarkKey ours = make_mark_key();
    std::string text;
    for (const Line& line : marked(people(100), ours)) {
        text += line[1] + ';' + line[0] + "\n";
    }
    std::string single;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        if (byte < 0x80) {
            single.push_back(text[i]);
        } else {
            const auto next = static_cast<unsigned char>(text[++i]);
            single.push_back(static_cast<char>(((byte & 0x03U) << 6U) | (next & 0x3FU)));
        }
    }
    CHECK(chance(read_table(text).value(), ours) < -20);
    CHECK(chance(read_table(single).value(), ours) < -20);
}

TEST_CASE("when every hard space is made plain, the order of the lines still tells") {
    const MarkKey ours = make_mark_key();
    auto lines = marked(people(200), ours);
    for (Line& line : lines) line[0] = meaning(line[0]);
    CHECK(chance(lines, ours) < kNamedBelow);
    // Only the documents, as a list for a dialler would have them.
    for (Line& line : lines) line = {line[1]};
    CHECK(chance(lines, ours) < kNamedBelow);
    CHECK(chance(lines, make_mark_key()) > kNamedBelow);
}

TEST_CASE("a file is read back as it was written, whatever the cells say") {
    const std::vector<Line> lines{{"a,b", "c\"d", ""}, {"e\r\nf", "=g", "ñ;\t"}};
    CHECK(read_table(std::string{kByteOrderMark} + saved(lines)).value() == lines);
    CHECK(read_table("").value().empty());
    CHECK(read_table("\"open").value() == std::vector<Line>{{"open"}});
}

TEST_CASE("no cell begins like a formula") {
    for (const char* text : {"=1+1",
                             "+34600111222",
                             "-5",
                             "@SUM(A1)",
                             "|cmd",
                             "%x",
                             "\t=1",
                             "\r=1",
                             "\n=1",
                             "  =1",
                             "\xC2\xA0=1",
                             "\xE2\x80\x8B=1",
                             "\xEF\xBB\xBF=1",
                             "＝1",
                             "＋1",
                             "－1",
                             "＠a",
                             "−1"}) {
        CAPTURE(text);
        CHECK(neutralised(text) == '\'' + std::string{text});
    }
    for (const char* text : {"", " ", "José Núñez", "600111222", "a=1", "ñ", "12-3", "\xC2\xA0"}) {
        CHECK(neutralised(text) == text);
    }
}

TEST_CASE("a table has a limit, and one byte less is read") {
    const std::string most(kMaxTableBytes, 'a');
    CHECK(read_table(most).has_value());
    CHECK(read_table(most + 'a').error().code == escucha::Errc::TooLarge);
}
