#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <span>
#include <unordered_map>
#include <vector>

#include "guard/detail/recent.h"
#include "guard/guard.h"

namespace escucha::guard::detail {

/// Which lists a company's readers were shown, and who looked at whom out of them beyond work, for
/// a week. A thief has the ids from a list: those who split one up look at different customers of
/// the same one.
class SharedLists {
public:
    /// Shorter ones are the result of looking for somebody.
    static constexpr std::size_t kLeastInList = 12;
    /// A list tells something only while it is a small part of the customers that were ever shown;
    /// in a company with fifty, all work is out of one list.
    static constexpr std::size_t kLeastOthers = 9;
    /// Of those who share a list each has looked at this many of it at least.
    static constexpr std::uint32_t kLeastEach = 3;

    void show(std::span<const CustomerId> customers, WallTime at);

    struct Coverage {
        std::uint32_t own = 0;  ///< By the reader.
        std::uint32_t together =
            0;           ///< By everybody with `kLeastEach` or more; 0 when that is one.
        Reader other{};  ///< Of these the one with most, beside the reader.
        std::vector<CustomerId> customers;  ///< The latest, as a finding has them.
    };
    /// The reader looked at a customer beyond work: the most that was looked at of a list with that
    /// customer.
    Coverage open(Reader reader, CustomerId customer, WallTime at);
    /// What the reader looked at counts no more.
    void forget(Reader reader);

private:
    struct Shown {
        WallTime at;
        std::vector<CustomerId> customers;
    };
    using Lists = std::list<Shown>;  ///< The latest first.
    struct Opening {
        Reader reader;
        WallTime at;
    };
    void drop(Lists::iterator list);
    [[nodiscard]] Coverage cover(const Shown& list, Reader reader, WallTime at) const;

    Lists lists_;
    std::unordered_map<Uuid, std::vector<Lists::iterator>> lists_of_;
    std::map<std::pair<Uuid, Uuid>, Lists::iterator> by_ends_;
    std::unordered_map<Uuid, std::vector<Opening>> openings_;
    Recent<CustomerId> opened_{std::chrono::hours{24 * 7}, 8'192};
    Recent<CustomerId> known_{std::chrono::hours{24 * 7}, 16'384};
};

}  // namespace escucha::guard::detail
