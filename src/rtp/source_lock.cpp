#include "rtp/source_lock.h"

#include <algorithm>

namespace escucha::rtp {

void SourceLock::retarget(const Address& signalled, Rule rule) {
    if (signalled_ == signalled && rule_ == rule) return;
    *this = {};
    signalled_ = signalled;
    target_ = signalled;
    rule_ = rule;
}

SourceLock::Verdict SourceLock::on_packet(const Address& from, const Header& header, Instant now) {
    if (!signalled_) return Verdict::Refused;
    if (is_locked_) {
        const bool is_accepted = from == *target_ && accepts_ssrc(header.ssrc, now);
        return is_accepted ? Verdict::Accepted : Verdict::Refused;
    }
    if (from == *signalled_) return lock(from, header);
    if (rule_ == Rule::Learn && becomes_consistent(from, header)) return lock(from, header);
    return Verdict::Refused;
}

SourceLock::Verdict SourceLock::lock(const Address& from, const Header& header) {
    is_locked_ = true;
    target_ = from;
    ssrc_ = header.ssrc;
    return Verdict::AcceptedAndLocked;
}

bool SourceLock::accepts_ssrc(std::uint32_t ssrc, Instant now) {
    if (ssrc == ssrc_) return true;
    if (ssrc_changed_ && now - *ssrc_changed_ < kSsrcChangeEvery) return false;
    ssrc_ = ssrc;
    ssrc_changed_ = now;
    return true;
}

// A source that has shown more keeps its place: a spray of single packets from many addresses
// then displaces only other single packets.
bool SourceLock::becomes_consistent(const Address& from, const Header& header) {
    auto place = std::find_if(candidates_.begin(), candidates_.end(), [&](const Candidate& c) {
        return c.seen > 0 && c.from == from;
    });
    if (place == candidates_.end()) {
        place = std::min_element(
            candidates_.begin(), candidates_.end(), [](const Candidate& a, const Candidate& b) {
                return a.seen < b.seen;
            });
        *place = {};
    }
    const bool follows =
        place->seen > 0 && place->ssrc == header.ssrc && header.sequence.since(place->last) == 1;
    place->seen = follows ? place->seen + 1 : 1;
    place->from = from;
    place->ssrc = header.ssrc;
    place->last = header.sequence;
    return place->seen >= kConsistent;
}

}  // namespace escucha::rtp
