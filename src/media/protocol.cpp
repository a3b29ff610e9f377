#include "media/protocol.h"

#include <algorithm>
#include <concepts>
#include <string_view>
#include <type_traits>
#include <utility>

#include "base/check.h"
#include "base/errc.h"

namespace escucha::media {
namespace {

// One `fields` per message says its layout once; the two archives below write and read it.
template <typename T, typename Message>
concept Is = std::same_as<std::remove_const_t<T>, Message>;

// The greatest valid value of each enumeration.
constexpr Direction last_of(Direction) { return Direction::Both; }
constexpr SourceRule last_of(SourceRule) { return SourceRule::Learn; }
constexpr Repeat last_of(Repeat) { return Repeat::Forever; }
constexpr RecordingKind last_of(RecordingKind) { return RecordingKind::Voicemail; }
constexpr MixRole last_of(MixRole) { return MixRole::Whisperer; }
constexpr PlayEnd last_of(PlayEnd) { return PlayEnd::Error; }
constexpr RecordEnd last_of(RecordEnd) { return RecordEnd::Interrupted; }
constexpr OneWay last_of(OneWay) { return OneWay::NothingSent; }
constexpr SrtpSuite last_of(SrtpSuite) { return SrtpSuite::AesCm128Sha1_80; }
constexpr FailureCode last_of(FailureCode) { return FailureCode::Overloaded; }

template <typename T>
concept SmallEnum = std::is_enum_v<T> && std::same_as<std::underlying_type_t<T>, std::uint8_t>;
template <typename T>
concept IdEnum = std::is_enum_v<T> && std::same_as<std::underlying_type_t<T>, std::uint64_t>;

class Writer {
public:
    explicit Writer(Bytes& out) : out_{out} {}

    template <std::unsigned_integral T>
    requires(!std::same_as<T, bool>) void value(const T& v) { out_.write(v); }
    void value(const bool& v) { out_.write(static_cast<std::uint8_t>(v ? 1 : 0)); }
    void value(const char& v) { out_.write(static_cast<std::uint8_t>(v)); }
    template <SmallEnum T>
    void value(const T& v) {
        out_.write(static_cast<std::uint8_t>(v));
    }
    template <IdEnum T>
    void value(const T& v) {
        out_.write(static_cast<std::uint64_t>(v));
    }
    void value(const RecordingId& v) {
        out_.write(v.value().high);
        out_.write(v.value().low);
    }
    template <std::size_t N>
    void value(const std::array<std::uint8_t, N>& v) {
        out_.write_bytes(std::as_bytes(std::span{v}));
    }
    template <typename T>
    void value(const std::optional<T>& v) {
        value(v.has_value());
        if (v) value(*v);
    }
    void text(const std::string& v, std::size_t limit) {
        ESC_CHECK(v.size() <= limit);
        out_.write_text(v);
    }
    void texts(const std::vector<std::string>& v, std::size_t count_limit, std::size_t limit) {
        ESC_CHECK(v.size() <= count_limit);
        out_.write(static_cast<std::uint16_t>(v.size()));
        for (const auto& item : v) text(item, limit);
    }
    template <typename T>
    void items(const std::vector<T>& v, std::size_t count_limit);
    template <typename T>
    void nested(const T& v);
    void value(const SrtpKey& v) {
        value(v.suite);
        out_.write_bytes(std::as_bytes(v.bytes()));
    }
    /// The last field: nothing at all when it is absent, as older builds have it.
    template <typename T>
    void last(const std::optional<T>& v) {
        if (v) nested(*v);
    }
    /// The same of a list that is empty.
    template <typename T>
    void last_items(const std::vector<T>& v, std::size_t count_limit) {
        if (!v.empty()) items(v, count_limit);
    }
    /// Whether fields follow that an older build did not write.
    static bool has_more() { return true; }

private:
    ByteWriter out_;
};

class Reader {
public:
    explicit Reader(ByteView bytes) : in_{bytes} {}

    template <std::unsigned_integral T>
    requires(!std::same_as<T, bool>) void value(T& v) { v = in_.read<T>(); }
    void value(bool& v) {
        const auto raw = in_.read<std::uint8_t>();
        if (raw > 1) is_wrong_ = true;
        v = raw == 1;
    }
    void value(char& v) { v = static_cast<char>(in_.read<std::uint8_t>()); }
    void value(Codec& v) {
        const auto raw = in_.read<std::uint8_t>();
        constexpr std::array kCodecs{Codec::Pcmu, Codec::Pcma, Codec::G722, Codec::Opus};
        const bool is_known = std::any_of(kCodecs.begin(), kCodecs.end(), [&](Codec codec) {
            return static_cast<std::uint8_t>(codec) == raw;
        });
        if (!is_known) {
            is_wrong_ = true;
            return;
        }
        v = static_cast<Codec>(raw);
    }
    template <SmallEnum T>
    void value(T& v) {
        const auto raw = in_.read<std::uint8_t>();
        if (raw > static_cast<std::uint8_t>(last_of(T{}))) {
            is_wrong_ = true;
            return;
        }
        v = static_cast<T>(raw);
    }
    template <IdEnum T>
    void value(T& v) {
        v = static_cast<T>(in_.read<std::uint64_t>());
    }
    void value(RecordingId& v) {
        const auto high = in_.read<std::uint64_t>();
        v = RecordingId{Uuid{.high = high, .low = in_.read<std::uint64_t>()}};
    }
    template <std::size_t N>
    void value(std::array<std::uint8_t, N>& v) {
        for (auto& byte : v) byte = in_.read<std::uint8_t>();
    }
    template <typename T>
    void value(std::optional<T>& v) {
        bool is_present = false;
        value(is_present);
        if (is_present) value(v.emplace());
    }
    void text(std::string& v, std::size_t limit) { v = in_.read_text(limit); }
    void texts(std::vector<std::string>& v, std::size_t count_limit, std::size_t limit) {
        const std::size_t count = in_.read<std::uint16_t>();
        if (count > count_limit) is_wrong_ = true;
        for (std::size_t i = 0; ok() && i < count; ++i) text(v.emplace_back(), limit);
    }
    template <typename T>
    void items(std::vector<T>& v, std::size_t count_limit);
    template <typename T>
    void nested(T& v);
    void value(SrtpKey& v) {
        value(v.suite);
        for (auto& byte : v.bytes()) byte = in_.read<std::uint8_t>();
    }
    template <typename T>
    void last(std::optional<T>& v) {
        if (has_more()) nested(v.emplace());
    }
    template <typename T>
    void last_items(std::vector<T>& v, std::size_t count_limit) {
        if (!has_more()) return;
        items(v, count_limit);
        if (v.empty()) is_wrong_ = true;
    }
    [[nodiscard]] bool has_more() const { return !in_.at_end(); }

    [[nodiscard]] bool ok() const { return in_.ok() && !is_wrong_; }
    [[nodiscard]] bool is_done() const { return ok() && in_.at_end(); }

private:
    ByteCursor in_;
    bool is_wrong_ = false;
};

void fields(auto& ar, Is<Hello> auto& m) { ar.value(m.version); }
void fields(auto& ar, Is<Create> auto& m) {
    ar.value(m.endpoint);
    ar.value(m.group);
    ar.text(m.bind_ip, kMaxIpBytes);
}
void fields(auto& ar, Is<SrtpKeys> auto& m) {
    ar.value(m.send);
    ar.value(m.receive);
}
void fields(auto& ar, Is<SetRemote> auto& m) {
    ar.value(m.endpoint);
    ar.text(m.ip, kMaxIpBytes);
    ar.value(m.port);
    ar.value(m.rtcp_port);
    ar.value(m.codec);
    ar.value(m.telephone_event_pt);
    ar.value(m.direction);
    ar.value(m.source);
    ar.value(m.media_timeout_ms);
    if (m.codec == Codec::Opus) {
        ar.value(m.opus_pt);
        ar.value(m.telephone_event_hz);
    }
    ar.last(m.srtp);
}
void fields(auto& ar, Is<Play> auto& m) {
    ar.value(m.endpoint);
    ar.value(m.play);
    ar.texts(m.prompts, kMaxPlayPrompts, kMaxPathBytes);
    ar.value(m.repeat);
    ar.value(m.stop_on_digit);
}
void fields(auto& ar, Is<StopPlay> auto& m) {
    ar.value(m.endpoint);
    ar.value(m.play);
}
template <typename T>
concept IsPair = Is<T, Bridge> || Is<T, Unbridge> || Is<T, Bridged> || Is<T, Unbridged>;
void fields(auto& ar, IsPair auto& m) {
    ar.value(m.a);
    ar.value(m.b);
}
void fields(auto& ar, Is<SendDigits> auto& m) {
    ar.value(m.endpoint);
    ar.text(m.digits, kMaxDigits);
}
void fields(auto& ar, Is<Record> auto& m) {
    ar.value(m.recording);
    ar.text(m.path, kMaxPathBytes);
    ar.value(m.kind);
    ar.value(m.left);
    ar.value(m.right);
    ar.value(m.max_ms);
    ar.value(m.silence_ms);
    ar.value(m.key);
    ar.value(m.wrapped_key);
}
template <typename T>
concept IsRecordingOnly = Is<T, PauseRecord> || Is<T, ResumeRecord> || Is<T, StopRecord> ||
    Is<T, ForgetRecord> || Is<T, RecordStarted>;
void fields(auto& ar, IsRecordingOnly auto& m) { ar.value(m.recording); }
void fields(auto& ar, Is<MoveRecord> auto& m) {
    ar.value(m.recording);
    ar.value(m.right);
}
template <typename T>
concept IsEndpointOnly = Is<T, Destroy> || Is<T, Stats> || Is<T, DigitsSent> || Is<T, MediaResumed>;
void fields(auto& ar, IsEndpointOnly auto& m) { ar.value(m.endpoint); }
void fields(auto&, Is<List> auto&) {}
void fields(auto& ar, Is<MixMember> auto& m) {
    ar.value(m.endpoint);
    ar.value(m.role);
    ar.value(m.whisper_to);
}
template <typename T>
concept IsMixOfMembers = Is<T, Mix> || Is<T, ListedMix>;
void fields(auto& ar, IsMixOfMembers auto& m) {
    ar.value(m.mix);
    ar.items(m.members, kMaxMixMembers);
}
template <typename T>
concept IsJoining = Is<T, JoinMix> || Is<T, MixJoined>;
void fields(auto& ar, IsJoining auto& m) {
    ar.value(m.mix);
    ar.nested(m.member);
}
template <typename T>
concept IsLeaving = Is<T, LeaveMix> || Is<T, MixLeft>;
void fields(auto& ar, IsLeaving auto& m) {
    ar.value(m.mix);
    ar.value(m.endpoint);
}
template <typename T>
concept IsMixOnly = Is<T, EndMix> || Is<T, MixEnded>;
void fields(auto& ar, IsMixOnly auto& m) { ar.value(m.mix); }
template <typename T>
concept IsVoiceOfRecord = Is<T, JoinRecord> || Is<T, LeaveRecord>;
void fields(auto& ar, IsVoiceOfRecord auto& m) {
    ar.value(m.recording);
    ar.value(m.endpoint);
}

void fields(auto& ar, Is<HelloReply> auto& m) {
    ar.value(m.version);
    ar.value(m.pid);
    ar.value(m.start_id);
    ar.value(m.dropped_events);
}
template <typename T>
concept IsAddressed = Is<T, Created> || Is<T, SourceLocked>;
void fields(auto& ar, IsAddressed auto& m) {
    ar.value(m.endpoint);
    ar.text(m.ip, kMaxIpBytes);
    ar.value(m.port);
}
void fields(auto& ar, Is<Failed> auto& m) {
    ar.value(m.command);
    ar.value(m.endpoint);
    ar.value(m.recording);
    ar.value(m.code);
    ar.text(m.detail, kMaxDetailBytes);
}
void fields(auto& ar, Is<PlayEnded> auto& m) {
    ar.value(m.endpoint);
    ar.value(m.play);
    ar.value(m.reason);
    ar.value(m.error);
    ar.value(m.played_ms);
    ar.text(m.detail, kMaxDetailBytes);
}
void fields(auto& ar, Is<Digit> auto& m) {
    ar.value(m.endpoint);
    ar.value(m.digit);
    ar.value(m.duration_ms);
}
void fields(auto& ar, Is<MediaTimeout> auto& m) {
    ar.value(m.endpoint);
    ar.value(m.silent_ms);
}
template <typename T>
concept IsRecordInstant = Is<T, RecordPaused> || Is<T, RecordResumed>;
void fields(auto& ar, IsRecordInstant auto& m) {
    ar.value(m.recording);
    ar.value(m.at_ms);
}
void fields(auto& ar, Is<Pause> auto& m) {
    ar.value(m.from_ms);
    ar.value(m.to_ms);
}
void fields(auto& ar, Is<RecordEnded> auto& m) {
    ar.value(m.recording);
    ar.value(m.reason);
    ar.value(m.duration_ms);
    ar.value(m.bytes);
    ar.value(m.sha256);
    ar.value(m.complete);
    ar.text(m.path, kMaxPathBytes);
    ar.items(m.pauses, kMaxPauses);
}
void fields(auto& ar, Is<StatsReport> auto& m) {
    ar.value(m.endpoint);
    ar.value(m.packets_received);
    ar.value(m.packets_sent);
    ar.value(m.packets_lost);
    ar.value(m.packets_refused);
    ar.value(m.jitter_us);
    ar.value(m.rtt_us);
    ar.value(m.last_packet_ms);
    ar.value(m.peer_lost);
    if (!ar.has_more()) return;
    ar.value(m.mos_x100);
    ar.value(m.one_way);
    ar.value(m.one_way_ms);
    if (!ar.has_more()) return;
    ar.value(m.packets_unauthentic);
    ar.value(m.suite);
}
void fields(auto& ar, Is<Destroyed> auto& m) {
    ar.value(m.endpoint);
    ar.nested(m.stats);
}
void fields(auto& ar, Is<ListedEndpoint> auto& m) {
    ar.value(m.endpoint);
    ar.value(m.group);
    ar.text(m.ip, kMaxIpBytes);
    ar.value(m.port);
    ar.value(m.playing);
    ar.value(m.bridged_to);
}
void fields(auto& ar, Is<ListedRecording> auto& m) {
    ar.value(m.recording);
    ar.text(m.path, kMaxPathBytes);
    ar.value(m.left);
    ar.value(m.right);
    ar.value(m.elapsed_ms);
    ar.value(m.paused);
}
void fields(auto& ar, Is<Listing> auto& m) {
    ar.items(m.endpoints, kMaxListingEntries);
    ar.items(m.recordings, kMaxListingEntries);
    ar.items(m.ended, kMaxListingEntries);
    ar.value(m.is_last);
    ar.last_items(m.mixes, kMaxListingEntries);
}
void fields(auto& ar, Is<MixFailed> auto& m) {
    ar.value(m.command);
    ar.value(m.mix);
    ar.value(m.endpoint);
    ar.value(m.code);
    ar.text(m.detail, kMaxDetailBytes);
}

template <typename T>
void Writer::items(const std::vector<T>& v, std::size_t count_limit) {
    ESC_CHECK(v.size() <= count_limit);
    out_.write(static_cast<std::uint16_t>(v.size()));
    for (const auto& item : v) fields(*this, item);
}
template <typename T>
void Writer::nested(const T& v) {
    fields(*this, v);
}
template <typename T>
void Reader::items(std::vector<T>& v, std::size_t count_limit) {
    const std::size_t count = in_.read<std::uint16_t>();
    if (count > count_limit) is_wrong_ = true;
    for (std::size_t i = 0; ok() && i < count; ++i) fields(*this, v.emplace_back());
}
template <typename T>
void Reader::nested(T& v) {
    fields(*this, v);
}

constexpr std::uint8_t kFirstCommandType = 1;
constexpr std::uint8_t kFirstEventType = 128;

template <typename Variant>
void encode_frame(const Variant& message, std::uint8_t first_type, Bytes& out) {
    const std::size_t start = out.size();
    ByteWriter{out}.write(std::uint32_t{0});
    ByteWriter{out}.write(static_cast<std::uint8_t>(first_type + message.index()));
    Writer writer{out};
    std::visit([&](const auto& m) { fields(writer, m); }, message);
    const std::size_t length = out.size() - start - sizeof(std::uint32_t);
    ESC_CHECK(length <= kMaxFrameBytes);
    for (std::size_t i = 0; i < sizeof(std::uint32_t); ++i) {
        out[start + i] = static_cast<std::byte>((length >> (24 - 8 * i)) & 0xFFU);
    }
}

template <typename Variant, std::size_t... I>
Variant make_alternative(std::size_t index, std::index_sequence<I...>) {
    Variant message;
    ((index == I ? static_cast<void>(message.template emplace<I>()) : static_cast<void>(0)), ...);
    return message;
}

template <typename Variant>
Result<Variant> decode_frame(ByteView frame, std::uint8_t first_type) {
    constexpr std::size_t kTypes = std::variant_size_v<Variant>;
    if (frame.empty() || frame.size() > kMaxFrameBytes) {
        return fail(Errc::InvalidArgument, "frame of " + std::to_string(frame.size()) + " bytes");
    }
    const auto type = std::to_integer<std::uint8_t>(frame.front());
    if (type < first_type || static_cast<std::size_t>(type - first_type) >= kTypes) {
        return fail(Errc::InvalidArgument, "frame type " + std::to_string(type));
    }
    auto message = make_alternative<Variant>(static_cast<std::size_t>(type - first_type),
                                             std::make_index_sequence<kTypes>{});
    Reader reader{frame.subspan(1)};
    std::visit([&](auto& m) { fields(reader, m); }, message);
    if (!reader.is_done())
        return fail(Errc::InvalidArgument, std::string{"body of "} + name(message));
    return message;
}

}  // namespace

void encode(const Command& command, Bytes& out) { encode_frame(command, kFirstCommandType, out); }
void encode(const Event& event, Bytes& out) { encode_frame(event, kFirstEventType, out); }

Result<Command> decode_command(ByteView frame) {
    return decode_frame<Command>(frame, kFirstCommandType);
}
Result<Event> decode_event(ByteView frame) { return decode_frame<Event>(frame, kFirstEventType); }

std::uint8_t wire_type(const Command& command) {
    return static_cast<std::uint8_t>(kFirstCommandType + command.index());
}

const char* name(const Command& command) {
    static constexpr std::array<const char*, std::variant_size_v<Command>> kNames{
        "hello",         "create",      "set_remote",  "play",          "stop_play",
        "bridge",        "unbridge",    "send_digits", "record",        "pause_record",
        "resume_record", "move_record", "stop_record", "forget_record", "destroy",
        "list",          "stats",       "mix",         "join_mix",      "leave_mix",
        "end_mix",       "join_record", "leave_record"};
    return kNames.at(command.index());
}

const char* name(const Event& event) {
    static constexpr std::array<const char*, std::variant_size_v<Event>> kNames{
        "hello_reply",   "created",        "failed",        "play_ended",     "bridged",
        "unbridged",     "digits_sent",    "digit",         "media_timeout",  "media_resumed",
        "source_locked", "record_started", "record_paused", "record_resumed", "record_ended",
        "stats_report",  "destroyed",      "listing",       "mix_joined",     "mix_left",
        "mix_ended",     "mix_failed"};
    return kNames.at(event.index());
}

const char* name(RecordEnd reason) {
    switch (reason) {
        case RecordEnd::Stopped:
            return "stopped";
        case RecordEnd::MaxLength:
            return "max_length";
        case RecordEnd::Silence:
            return "silence";
        case RecordEnd::EndpointGone:
            return "endpoint_gone";
        case RecordEnd::Io:
            return "io";
        case RecordEnd::Interrupted:
            return "interrupted";
    }
    return "unknown";
}

const char* name(FailureCode code) {
    switch (code) {
        case FailureCode::None:
            return "none";
        case FailureCode::InvalidArgument:
            return "invalid_argument";
        case FailureCode::NotFound:
            return "not_found";
        case FailureCode::AlreadyExists:
            return "already_exists";
        case FailureCode::NoPorts:
            return "no_ports";
        case FailureCode::TooMany:
            return "too_many";
        case FailureCode::WrongGroup:
            return "wrong_group";
        case FailureCode::Busy:
            return "busy";
        case FailureCode::PathRefused:
            return "path_refused";
        case FailureCode::PromptMissing:
            return "prompt_missing";
        case FailureCode::PromptInvalid:
            return "prompt_invalid";
        case FailureCode::Io:
            return "io";
        case FailureCode::NotNegotiated:
            return "not_negotiated";
        case FailureCode::Overloaded:
            return "overloaded";
    }
    return "unknown";
}

}  // namespace escucha::media
