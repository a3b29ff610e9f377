#pragma once

#include <cstddef>
#include <functional>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace escucha::store::detail {

struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
        return std::hash<std::string_view>{}(text);
    }
};

/// Prepared statements by their text, least recently used dropped first. `Handle` releases itself.
template <typename Handle>
class StatementCache {
public:
    explicit StatementCache(std::size_t limit) : limit_{limit} {}

    /// The statement, now the most recently used; nullptr when it is not here.
    Handle* find(std::string_view key) {
        const auto found = index_.find(key);
        if (found == index_.end()) return nullptr;
        entries_.splice(entries_.begin(), entries_, found->second);
        return &found->second->second;
    }

    Handle& insert(std::string key, Handle handle) {
        if (entries_.size() >= limit_) {
            index_.erase(index_.find(entries_.back().first));
            entries_.pop_back();
        }
        entries_.emplace_front(key, std::move(handle));
        index_.emplace(std::move(key), entries_.begin());
        return entries_.front().second;
    }

    void clear() {
        index_.clear();
        entries_.clear();
    }
    [[nodiscard]] std::size_t size() const { return entries_.size(); }

private:
    using Entries = std::list<std::pair<std::string, Handle>>;
    std::size_t limit_;
    Entries entries_;
    std::unordered_map<std::string, typename Entries::iterator, TextHash, std::equal_to<>> index_;
};

}  // namespace escucha::store::detail
