#include "rtp/one_way.h"

namespace escucha::rtp {

void OneWayWatch::observe(std::uint64_t received,
                          std::uint64_t sent,
                          Expected expected,
                          Instant now) {
    if (expected == Expected::Otherwise) {
        since_.reset();
        verdict_ = Verdict::No;
        return;
    }
    if (since_ && now - *since_ < kWindow) return;
    if (since_) {
        const bool has_heard = received != received_;
        const bool has_sent = sent != sent_;
        verdict_ = Verdict::No;
        if (has_sent && !has_heard) verdict_ = Verdict::NothingHeard;
        if (has_heard && !has_sent) verdict_ = Verdict::NothingSent;
        if (verdict_ != Verdict::No) total_ += now - *since_;
    }
    since_ = now;
    received_ = received;
    sent_ = sent;
}

}  // namespace escucha::rtp
