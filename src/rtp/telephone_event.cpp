#include "rtp/telephone_event.h"

#include <algorithm>

namespace escucha::rtp {
namespace {

constexpr std::string_view kKeys = "0123456789*#ABCD";
constexpr std::uint32_t kFullSegment = 0xFFFF;

constexpr int kToneBeats = 5;
constexpr int kEndRepeats = 2;
constexpr int kDigitBeats = 10;
constexpr std::uint16_t kTicksPerBeat = 160;

}  // namespace

std::optional<char> key_of(std::uint8_t event) {
    if (event >= kKeys.size()) return std::nullopt;
    return kKeys[event];
}

std::optional<std::uint8_t> event_of(char key) {
    const auto at = kKeys.find(key);
    if (at == std::string_view::npos) return std::nullopt;
    return static_cast<std::uint8_t>(at);
}

std::optional<EventPayload> EventPayload::parse(ByteView payload) {
    ByteCursor cursor{payload};
    EventPayload result;
    result.event = cursor.read<std::uint8_t>();
    const auto flags = cursor.read<std::uint8_t>();
    result.is_end = (flags & 0x80U) != 0;
    result.volume = flags & 0x3FU;
    result.duration = cursor.read<std::uint16_t>();
    if (!cursor.ok()) return std::nullopt;
    return result;
}

std::array<std::byte, kEventPayloadBytes> EventPayload::print() const {
    return {static_cast<std::byte>(event),
            static_cast<std::byte>((is_end ? 0x80U : 0U) | (volume & 0x3FU)),
            static_cast<std::byte>(duration >> 8U),
            static_cast<std::byte>(duration & 0xFFU)};
}

EventPayload EventPayload::at_clock(std::uint32_t from_hz, std::uint32_t to_hz) const {
    EventPayload result = *this;
    const std::uint64_t ticks = std::uint64_t{duration} * to_hz / from_hz;
    result.duration = static_cast<std::uint16_t>(std::min<std::uint64_t>(ticks, kFullSegment));
    return result;
}

KeyPress TelephoneEventReceiver::finished(const Press& press) const {
    const std::uint32_t ticks = press.earlier + press.duration;
    return {.key = press.key, .duration = std::chrono::milliseconds{ticks / ticks_per_ms_}};
}

void TelephoneEventReceiver::set_clock(std::uint32_t clock_hz) {
    if (ticks_per_ms_ == clock_hz / 1000) return;
    ticks_per_ms_ = clock_hz / 1000;
    reset();
}

TelephoneEventReceiver::Update TelephoneEventReceiver::on_packet(Timestamp timestamp,
                                                                 ByteView payload,
                                                                 Instant now) {
    const auto event = EventPayload::parse(payload);
    if (!event) return {};
    const auto key = key_of(event->event);
    if (!key) return {};
    Update update;

    const bool is_same = newest_ && *newest_ == timestamp;
    if (newest_ && !is_same && timestamp.since(*newest_) < 0) return {};
    if (is_same && !press_) return {};  // The end again.

    if (press_ && !is_same) {
        const bool continues =
            *key == press_->key && timestamp == press_->segment.plus(kFullSegment);
        if (continues) {
            press_->earlier += kFullSegment;
            press_->segment = timestamp;
            press_->duration = 0;
        } else {
            update.unfinished = finished(*press_);
            press_.reset();
        }
    }
    if (!press_) {
        update.started = *key;
        press_ = Press{
            .key = *key, .segment = timestamp, .earlier = 0, .duration = 0, .last_packet = now};
    }
    newest_ = timestamp;
    press_->duration = std::max<std::uint32_t>(press_->duration, event->duration);
    press_->last_packet = now;
    if (event->is_end) {
        update.ended = finished(*press_);
        press_.reset();
    }
    return update;
}

std::optional<KeyPress> TelephoneEventReceiver::wake(Instant now) {
    if (!press_ || now - press_->last_packet < kLostEndAfter) return std::nullopt;
    const KeyPress result = finished(*press_);
    press_.reset();
    return result;
}

TelephoneEventSender::TelephoneEventSender(std::string_view digits) : digits_{digits} {}

bool TelephoneEventSender::is_sendable(std::string_view digits) {
    return !digits.empty() && std::all_of(digits.begin(), digits.end(), [](char key) {
        return event_of(key).has_value();
    });
}

std::optional<TelephoneEventSender::Step> TelephoneEventSender::step() {
    if (is_done()) return std::nullopt;
    const int beat = beat_;
    const char key = digits_[at_];
    if (++beat_ == kDigitBeats) {
        beat_ = 0;
        ++at_;
    }
    if (beat >= kToneBeats + kEndRepeats) return std::nullopt;
    const int beats_heard = std::min(beat + 1, kToneBeats);
    std::optional<std::uint16_t> pressed_for;
    if (beat < kToneBeats) pressed_for = static_cast<std::uint16_t>(beat * kTicksPerBeat);
    return Step{.is_start = beat == 0,
                .payload = {.event = event_of(key).value_or(0),
                            .is_end = beat + 1 >= kToneBeats,
                            .volume = 10,
                            .duration = static_cast<std::uint16_t>(beats_heard * kTicksPerBeat)},
                .pressed_for = pressed_for};
}

}  // namespace escucha::rtp
