#include "exports/marks.h"

#include <algorithm>
#include <cmath>
#include <map>

#include <sodium.h>

#include "exports/detail/unseen.h"
#include "store/value.h"

namespace escucha::exports {
namespace {

constexpr std::size_t kLeastText = 3;
constexpr std::size_t kMaxColumns = 100;

struct Place {
    std::size_t at = 0, bytes = 0;
};

/// The first space between two words; `bytes` is 0 when the cell has none.
Place gap_of(std::string_view cell) {
    for (std::size_t at = 1; at < cell.size(); ++at) {
        const std::size_t bytes = detail::space_at_front(cell.substr(at));
        if (bytes > 0 && at + bytes < cell.size()) return {at, bytes};
    }
    return {};
}

/// log10 of the chance that of `n` fair coins `k` or more show the same side as foretold.
double log10_tail(std::int64_t n, std::int64_t k) {
    if (n == 0 || 2 * k <= n) return 0;
    const auto real = [](std::int64_t number) { return static_cast<double>(number); };
    const double all = std::lgamma(real(n) + 1) - real(n) * std::log(2.0);
    const auto term = [&](std::int64_t hits) {
        return all - std::lgamma(real(hits) + 1) - std::lgamma(real(n - hits) + 1);
    };
    const double first = term(k);
    double sum = 0;
    for (std::int64_t hits = k; hits <= n; ++hits) {
        const double part = std::exp(term(hits) - first);
        sum += part;
        if (part < 1e-12) break;
    }
    return std::min(0.0, (first + std::log(sum)) / std::log(10.0));
}

}  // namespace

MarkKey make_mark_key() {
    MarkKey key{};
    randombytes_buf(key.data(), key.size());
    return key;
}

std::string meaning(std::string_view cell) {
    if (cell.starts_with('\'')) cell.remove_prefix(1);
    std::string plain;
    while (!cell.empty()) {
        if (const std::size_t space = detail::space_at_front(cell); space > 0) {
            plain.push_back(' ');
            cell.remove_prefix(space);
        } else if (const std::size_t unseen = detail::unseen_at_front(cell); unseen > 0) {
            cell.remove_prefix(unseen);
        } else {
            plain.push_back(cell.front());
            cell.remove_prefix(1);
        }
    }
    return store::search_key(plain);
}

std::uint64_t Marker::number(char use, std::string_view meaning) const {
    std::string text{use};
    text += meaning;
    std::array<std::uint8_t, crypto_generichash_BYTES_MIN> hash{};
    crypto_generichash(hash.data(),
                       hash.size(),
                       reinterpret_cast<const unsigned char*>(text.data()),
                       text.size(),
                       key_.data(),
                       key_.size());
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < sizeof value; ++i) value = (value << 8U) | hash[i];
    return value;
}

bool Marker::is_hard(std::string_view meaning) const { return (number('s', meaning) & 1U) != 0; }
std::uint64_t Marker::rank(std::string_view meaning) const { return number('r', meaning); }

std::string Marker::mark(std::string_view cell) const {
    const Place gap = gap_of(cell);
    if (gap.bytes == 0) return std::string{cell};
    std::string marked{cell.substr(0, gap.at)};
    marked += is_hard(meaning(cell)) ? detail::kHardSpace : std::string_view{" "};
    return marked += cell.substr(gap.at + gap.bytes);
}

Trace::Trace(const std::vector<Line>& lines) {
    // Copies of one text agree together or not at all, so they are one piece of evidence.
    std::map<std::string, bool> gaps;
    for (const Line& line : lines) {
        for (std::size_t i = 0; i < std::min(line.size(), kMaxColumns); ++i) {
            std::string said = meaning(line[i]);
            if (columns_.size() <= i) columns_.resize(i + 1);
            const Place gap = gap_of(line[i]);
            if (gap.bytes > 0 && said.size() >= kLeastText) {
                const bool is_hard = std::string_view{line[i]}.substr(gap.at, gap.bytes) != " ";
                gaps.emplace(said, is_hard);
            }
            columns_[i].push_back(std::move(said));
        }
    }
    for (auto& [said, is_hard] : gaps) gaps_.push_back({said, is_hard});
}

Evidence Trace::judge(const MarkKey& key) const {
    const Marker marker{key};
    Evidence found;
    for (const Gap& gap : gaps_) {
        ++found.gaps;
        if (marker.is_hard(gap.meaning) == gap.is_hard) ++found.agreeing_gaps;
    }
    found.log10_chance = log10_tail(found.gaps, found.agreeing_gaps);
    for (const auto& column : columns_) {
        std::map<std::pair<std::string_view, std::string_view>, bool> seen;
        for (std::size_t i = 1; i < column.size(); ++i) {
            if (column[i - 1].empty() || column[i].empty() || column[i - 1] == column[i]) continue;
            seen.emplace(std::pair{std::string_view{column[i - 1]}, std::string_view{column[i]}},
                         marker.rank(column[i - 1]) < marker.rank(column[i]));
        }
        const auto steps = static_cast<std::int64_t>(seen.size());
        const auto agreeing =
            std::ranges::count_if(seen, [](const auto& step) { return step.second; });
        const double chance = log10_tail(steps, agreeing);
        if (found.steps == 0 || chance < log10_tail(found.steps, found.agreeing_steps)) {
            found.steps = steps;
            found.agreeing_steps = agreeing;
        }
        found.log10_chance = std::min(found.log10_chance, chance);
    }
    return found;
}

}  // namespace escucha::exports
