#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "exports/cells.h"

namespace escucha::exports {

/// Of one export, random, kept with it.
using MarkKey = std::array<std::uint8_t, 16>;
MarkKey make_mark_key();

/// The hidden marks of one export: which of its lines carry them follows from its key and from what
/// the cells say, so that they are still there after a spreadsheet saved the file anew, after lines
/// were taken out or sorted, or columns removed.
///
/// - The first gap of a text of several words is a hard space (U+00A0) or a plain one.
/// - The lines of a block of `kBlock` are in the order of a number made of the key and a cell.
class Marker {
public:
    static constexpr std::size_t kBlock = 16;
    explicit Marker(const MarkKey& key) : key_{key} {}

    [[nodiscard]] std::string mark(std::string_view cell) const;
    /// Whether the gap of a cell that says this (`meaning`) is a hard space.
    [[nodiscard]] bool is_hard(std::string_view meaning) const;
    /// The place of a cell that says this among those of its block.
    [[nodiscard]] std::uint64_t rank(std::string_view meaning) const;

private:
    [[nodiscard]] std::uint64_t number(char use, std::string_view meaning) const;
    MarkKey key_;
};

/// What a cell says, without what saving and marking change: the apostrophe of `neutralised`, kinds
/// of space, capitals, accents.
std::string meaning(std::string_view cell);

/// What a file tells of one export.
struct Evidence {
    std::int64_t gaps = 0, agreeing_gaps = 0;    ///< Different texts with a gap.
    std::int64_t steps = 0, agreeing_steps = 0;  ///< Lines after one another, in the best column.
    /// The chance, as a power of ten, that a file which is not this export's agrees so well.
    double log10_chance = 0;
};

/// A file that may come from an export.
class Trace {
public:
    explicit Trace(const std::vector<Line>& lines);
    [[nodiscard]] Evidence judge(const MarkKey& key) const;
    /// Questions asked of a file: by how much chance grows with each export tried.
    [[nodiscard]] std::size_t questions() const { return columns_.size() + 1; }

private:
    struct Gap {
        std::string meaning;
        bool is_hard = false;
    };
    std::vector<Gap> gaps_;
    std::vector<std::vector<std::string>> columns_;  ///< Meanings, by column, in the file's order.
};

/// An export is named when chance, times all that were tried, is below 10 to this.
inline constexpr double kNamedBelow = -6;

}  // namespace escucha::exports
