#include "rtp/jitter_buffer.h"

#include <algorithm>
#include <cstdlib>

namespace escucha::rtp {
namespace {

constexpr Duration kWindow = std::chrono::seconds{2};
constexpr Duration kBin = std::chrono::milliseconds{10};
constexpr double kFade = 0.99;  // A hundred packets, 2 s, are remembered.
constexpr double kEnoughFor = 0.97;
// A gap shorter than this is a sender's rounding; the packet is played at once.
constexpr Duration kMinGap = std::chrono::milliseconds{10};
constexpr std::int32_t kMaxNumberStep = 1'000;  // Beyond it the numbers started anew.

}  // namespace

JitterBuffer::JitterBuffer(std::uint32_t clock_hz) : clock_hz_{clock_hz} {}

Duration JitterBuffer::to_duration(std::int64_t ticks) const {
    return Duration{ticks * 1'000'000 / clock_hz_};
}
std::int64_t JitterBuffer::to_ticks(Duration duration) const {
    return duration.count() * clock_hz_ / 1'000'000;
}

void JitterBuffer::forget_measures() {
    reference_at_.reset();
    fastest_ = {};
}

void JitterBuffer::reset() {
    for (Slot& slot : slots_) slot.is_used = false;
    state_ = State::Idle;
    newest_.reset();
    passed_over_ = 0;
    last_played_.reset();
    late_in_row_ = 0;
    forget_measures();
    needs_ = {};
    target_ = kFirstDelay;
}

// ---- How long packets are under way ------------------------------------------------------------

Duration JitterBuffer::transit(Timestamp timestamp, Instant at) {
    if (!reference_at_) {
        reference_at_ = at;
        reference_ = timestamp;
    }
    // The reference moves on by whole seconds, which are exact, to stay within reach.
    const std::int32_t ahead = timestamp.since(reference_);
    if (ahead > static_cast<std::int32_t>(60 * clock_hz_)) {
        const std::int64_t seconds = ahead / static_cast<std::int32_t>(clock_hz_);
        reference_ = reference_.plus(seconds * clock_hz_);
        *reference_at_ += std::chrono::seconds{seconds};
    }
    return (at - *reference_at_) - to_duration(timestamp.since(reference_));
}

Duration JitterBuffer::fastest() const {
    if (!fastest_[0]) return fastest_[1].value_or(Duration::zero());
    return fastest_[1] ? std::min(*fastest_[0], *fastest_[1]) : *fastest_[0];
}

void JitterBuffer::measure(Duration transit, Instant at) {
    if (at - window_since_ >= kWindow) {
        fastest_[1] = at - window_since_ < 2 * kWindow ? fastest_[0] : std::nullopt;
        fastest_[0].reset();
        window_since_ = at;
    }
    fastest_[0] = fastest_[0] ? std::min(*fastest_[0], transit) : transit;

    const Duration need = transit - fastest();
    const auto bin = std::min<std::size_t>(static_cast<std::size_t>(need / kBin), kBins - 1);
    double all = 0;
    for (double& count : needs_) all += count *= kFade;
    needs_[bin] += 1;
    all += 1;
    double enough = 0;
    std::size_t upto = 0;
    while (upto < kBins && (enough += needs_[upto]) < kEnoughFor * all) ++upto;
    const Duration wanted = kBin * (static_cast<std::int64_t>(upto) + 1);
    target_ = std::clamp(wanted, kMinDelay, kMaxDelay);
}

// ---- In ----------------------------------------------------------------------------------------

bool JitterBuffer::was_played(SequenceNumber sequence) const {
    if (!last_played_) return false;
    const std::int32_t back = last_played_->since(sequence);
    return back >= 0 && back < 64 && ((played_before_ >> static_cast<unsigned>(back)) & 1U) != 0;
}

void JitterBuffer::begin(const Arrival& arrival) {
    for (Slot& slot : slots_) slot.is_used = false;
    state_ = State::Waiting;
    next_ = arrival.timestamp;
    last_end_ = arrival.timestamp;
    start_at_ = arrival.at + std::max(target_, kFirstDelay);
    late_in_row_ = 0;
}

// Only made-up sound was heard since, so going back repeats nothing.
bool JitterBuffer::can_go_back_to(const Arrival& arrival, bool is_newest) {
    if (!is_newest || arrival.timestamp.since(last_end_) < 0) return false;
    return transit(arrival.timestamp, arrival.at) - fastest() <= kMaxDelay;
}

// Whether a packet that is behind what is due can be heard after all.
bool JitterBuffer::admit_late(const Arrival& arrival, bool is_newest) {
    if (state_ == State::Waiting || can_go_back_to(arrival, is_newest)) {
        next_ = arrival.timestamp;
        return true;
    }
    if (!is_newest || arrival.timestamp.since(last_end_) < 0) return false;
    if (++late_in_row_ < kMaxLateInRow) return false;
    forget_measures();
    measure(transit(arrival.timestamp, arrival.at), arrival.at);
    begin(arrival);
    return true;
}

void JitterBuffer::pass_over(SequenceNumber sequence) {
    if (!newest_ || sequence.since(*newest_) <= 0) return;
    advance(sequence);
    passed_over_ |= 1U;
}

void JitterBuffer::advance(SequenceNumber sequence) {
    const std::int32_t step = newest_ ? sequence.since(*newest_) : 64;
    passed_over_ = step > 0 && step < 64 ? passed_over_ << static_cast<unsigned>(step) : 0;
    newest_ = sequence;
}

// The numbers between the last one played and this one that were no key presses.
std::int32_t JitterBuffer::lost_before(SequenceNumber sequence) const {
    if (!last_played_) return 0;
    std::int32_t lost = 0;
    for (std::int32_t back = sequence.since(*last_played_) - 1; back > 0; --back) {
        const std::int32_t age = newest_->since(sequence) + back;
        const bool is_passed =
            age >= 0 && age < 64 && ((passed_over_ >> static_cast<unsigned>(age)) & 1U) != 0;
        if (!is_passed) ++lost;
    }
    return lost;
}

JitterBuffer::Put JitterBuffer::put(const Arrival& arrival) {
    if (arrival.payload.size() > kMaxPayloadBytes || arrival.ticks == 0) return Put::Refused;
    const bool is_here = std::any_of(slots_.begin(), slots_.end(), [&](const Slot& slot) {
        return slot.is_used && slot.sequence == arrival.sequence;
    });
    if (is_here || was_played(arrival.sequence)) {
        ++counters_.duplicate;
        return Put::Duplicate;
    }
    std::int32_t step = newest_ ? arrival.sequence.since(*newest_) : 1;
    const Duration ahead = to_duration(arrival.timestamp.since(next_));
    const bool has_jumped = ahead > kMaxJump || ahead < -kMaxJump;
    // Old numbers while nothing new comes, or far away: after some it is a sender that began anew.
    const bool is_odd = step <= 0 && (state_ == State::Idle || has_jumped);
    const bool is_other =
        std::abs(step) > kMaxNumberStep || (is_odd && ++late_in_row_ >= kMaxLateInRow);
    if (is_other) {
        last_played_.reset();
        step = 1;
    }
    const bool is_newest = step > 0;
    if (is_other || (has_jumped && is_newest)) {
        // Old measures say nothing about new timestamps.
        forget_measures();
        state_ = State::Idle;
    }
    const bool begins = state_ == State::Idle && is_newest;
    const bool is_past = last_played_ && arrival.sequence.since(*last_played_) <= 0;
    if (!is_newest && (is_odd || is_past)) {
        ++counters_.late;
        return Put::Late;
    }
    measure(transit(arrival.timestamp, arrival.at), arrival.at);
    if (begins) begin(arrival);
    if (is_newest) {
        advance(arrival.sequence);
        last_arrival_ = arrival.at;
    }
    if (arrival.timestamp.since(next_) < 0 && !admit_late(arrival, is_newest)) {
        ++counters_.late;
        return Put::Late;
    }
    late_in_row_ = 0;
    store(arrival);
    ++counters_.kept;
    return Put::Kept;
}

void JitterBuffer::store(const Arrival& arrival) {
    auto slot =
        std::find_if(slots_.begin(), slots_.end(), [](const Slot& s) { return !s.is_used; });
    if (slot == slots_.end()) {
        Slot* oldest = earliest();
        slot = slots_.begin() + (oldest - slots_.data());
        next_ = oldest->timestamp.plus(oldest->ticks);
    }
    slot->is_used = true;
    slot->sequence = arrival.sequence;
    slot->timestamp = arrival.timestamp;
    slot->ticks = arrival.ticks;
    slot->size = arrival.payload.size();
    slot->tag = arrival.tag;
    std::copy(arrival.payload.begin(), arrival.payload.end(), slot->payload.begin());
}

// ---- Out ---------------------------------------------------------------------------------------

bool JitterBuffer::is_empty() const {
    return std::none_of(slots_.begin(), slots_.end(), [](const Slot& s) { return s.is_used; });
}

JitterBuffer::Slot* JitterBuffer::earliest() {
    Slot* found = nullptr;
    for (Slot& slot : slots_) {
        if (!slot.is_used) continue;
        if (found == nullptr || slot.timestamp.since(found->timestamp) < 0) found = &slot;
    }
    return found;
}

// What lies before the present, or came out of order by its number, can no longer be heard.
void JitterBuffer::drop_before_next() {
    for (Slot& slot : slots_) {
        if (!slot.is_used) continue;
        const bool is_older = last_played_ && slot.sequence.since(*last_played_) <= 0;
        if (slot.timestamp.since(next_) < 0 || is_older) slot.is_used = false;
    }
}

JitterBuffer::Next JitterBuffer::play(Slot& slot) {
    const std::int32_t step = last_played_ ? slot.sequence.since(*last_played_) : 1;
    counters_.lost += static_cast<std::uint64_t>(lost_before(slot.sequence));
    const bool is_near = last_played_ && step < 64;
    played_before_ = is_near ? (played_before_ << static_cast<unsigned>(step)) | 1U : 1U;
    last_played_ = slot.sequence;
    next_ = slot.timestamp.plus(slot.ticks);
    last_end_ = next_;
    slot.is_used = false;
    return {
        .kind = Next::Kind::Packet, .ticks = slot.ticks, .payload = slot.view(), .tag = slot.tag};
}

JitterBuffer::Next JitterBuffer::missing(const Slot* after) {
    Duration length = kBeat;
    ByteView copy;
    if (after != nullptr) {
        const Duration gap = to_duration(after->timestamp.since(next_));
        // Whole 2.5 ms, which every decoder can make up.
        constexpr Duration kStep{2'500};
        length = std::min(kBeat, gap / kStep * kStep);
        const bool is_single = last_played_ && after->sequence.since(*last_played_) == 2;
        if (is_single && gap == kBeat && after->ticks == to_ticks(kBeat)) copy = after->view();
    }
    const auto ticks = static_cast<std::uint32_t>(to_ticks(length));
    next_ = next_.plus(ticks);
    return {.kind = Next::Kind::Missing, .ticks = ticks, .payload = copy, .tag = 0};
}

JitterBuffer::Next JitterBuffer::take_next() {
    drop_before_next();
    Slot* slot = earliest();
    if (slot == nullptr) return missing(nullptr);
    if (to_duration(slot->timestamp.since(next_)) >= kMinGap) return missing(slot);
    return play(*slot);
}

// Something only when this beat is used to change the delay.
std::optional<JitterBuffer::Next> JitterBuffer::adapt(Instant beat,
                                                      Duration pending,
                                                      Loudness loudness) {
    delay_ = transit(next_, beat + pending) - fastest();
    if (delay_ > kMaxDelay + kMaxExcess) {
        next_ = next_.plus(to_ticks(delay_ - target_));
        delay_ = target_;
        return std::nullopt;
    }
    const Duration excess = delay_ - target_;
    const bool is_quiet = loudness == Loudness::Quiet;
    if (excess >= kMaxExcess || (is_quiet && excess >= kBeat)) {
        drop_before_next();
        Slot* slot = earliest();
        if (slot == nullptr || slot->timestamp.since(next_) > 0) {
            // Silence is left out.
            const std::int64_t gap =
                slot == nullptr ? to_ticks(kBeat) : slot->timestamp.since(next_);
            next_ = next_.plus(std::min(gap, to_ticks(kBeat)));
            delay_ -= to_duration(std::min(gap, to_ticks(kBeat)));
            return std::nullopt;
        }
        const Timestamp end = next_.plus(slot->ticks);
        const bool has_next = std::any_of(slots_.begin(), slots_.end(), [&](const Slot& other) {
            return other.is_used && other.timestamp == end;
        });
        if (!has_next || to_duration(slot->ticks) > excess) return std::nullopt;
        Next merged = play(*slot);
        merged.kind = Next::Kind::Merged;
        delay_ -= to_duration(merged.ticks);
        return merged;
    }
    if (is_quiet && excess <= -kBeat) {
        delay_ += kBeat;
        return Next{.kind = Next::Kind::Missing,
                    .ticks = static_cast<std::uint32_t>(to_ticks(kBeat)),
                    .payload = {},
                    .tag = 0};
    }
    return std::nullopt;
}

JitterBuffer::Next JitterBuffer::take(Instant beat, Duration pending, Loudness loudness) {
    if (state_ == State::Idle) return {};
    if (state_ == State::Waiting) {
        if (beat < start_at_) return {};
        state_ = State::Playing;
    }
    if (beat - last_arrival_ >= kIdleAfter && earliest() == nullptr) {
        state_ = State::Idle;
        return {};
    }
    if (auto next = adapt(beat, pending, loudness)) return *next;
    return take_next();
}

}  // namespace escucha::rtp
