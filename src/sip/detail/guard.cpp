#include "sip/detail/guard.h"

#include <algorithm>

namespace escucha::sip::detail {

namespace {

constexpr std::size_t kV6NetworkBytes = 8;
/// Doubling beyond this would overflow before it reached the longest ban.
constexpr unsigned kMaxDoublings = 16;

}  // namespace

Address source_of(const Address& address) {
    Address source = address;
    source.port = 0;
    if (source.family == Family::V6) {
        std::fill(source.bytes.begin() + kV6NetworkBytes, source.bytes.end(), std::uint8_t{0});
    }
    return source;
}

bool SourceGuard::may_ask(const Address& from, Instant now) {
    return watch(source_of(from))
        .questions.take(now, limits_.question_every, limits_.question_burst);
}

void SourceGuard::on_proof(const Address& from) {
    const auto found = sources_.find(source_of(from));
    if (found != sources_.end()) found->second.questions = {};
}

std::optional<Ban> SourceGuard::on_guess(const Address& from, Now now) {
    const Address source = source_of(from);
    Watched& watched = watch(source);
    if (watched.banned_until > now.mono) return std::nullopt;
    if (watched.guesses.take(now.mono, limits_.guess_forgiven_every, limits_.guesses)) {
        return std::nullopt;
    }
    const Duration length = std::min<Duration>(
        Duration{limits_.first_ban} * (std::int64_t{1} << std::min(watched.bans, kMaxDoublings)),
        limits_.longest_ban);
    ++watched.bans;
    watched.guesses = {};
    watched.banned_until = now.mono + length;
    last_ban_ends_ = std::max(last_ban_ends_, watched.banned_until);
    return Ban{.source = source, .until = now.wall + length};
}

bool SourceGuard::is_banned(const Address& from, Instant now) {
    if (last_ban_ends_ <= now) return false;
    const auto found = sources_.find(source_of(from));
    if (found == sources_.end() || found->second.banned_until <= now) return false;
    recent_.splice(recent_.begin(), recent_, found->second.place);
    return true;
}

std::vector<Ban> SourceGuard::bans(Now now) const {
    std::vector<Ban> result;
    for (const auto& [source, watched] : sources_) {
        if (watched.banned_until <= now.mono) continue;
        result.push_back({.source = source, .until = now.wall + (watched.banned_until - now.mono)});
    }
    return result;
}

bool SourceGuard::lift(const Address& source) {
    const auto found = sources_.find(source_of(source));
    if (found == sources_.end() || found->second.banned_until == Instant{}) return false;
    recent_.erase(found->second.place);
    sources_.erase(found);
    return true;
}

SourceGuard::Watched& SourceGuard::watch(const Address& source) {
    const auto found = sources_.find(source);
    if (found != sources_.end()) {
        recent_.splice(recent_.begin(), recent_, found->second.place);
        return found->second;
    }
    if (sources_.size() >= limits_.sources) {
        sources_.erase(recent_.back());
        recent_.pop_back();
    }
    recent_.push_front(source);
    Watched& added = sources_[source];
    added.place = recent_.begin();
    return added;
}

}  // namespace escucha::sip::detail
