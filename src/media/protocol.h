#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/srtp_key.h"

// size: it is the whole protocol; control and media read it side by side.
namespace escucha::media {

/// What `escuchad` (control) and `escucha-media` (media) say to each other: commands one way,
/// events the other, over one Unix stream socket. The prose, with the order of things, is
/// docs/media-protocol.md; this header is its wire form. Both sides must have the same version.
///
/// A frame is a 32-bit big-endian length, one byte of type, the body; the length counts type and
/// body. The types of `Command` count from 1 and those of `Event` from 128, in the order of the
/// variants below, which may only be appended to within a version. So may `StatsReport`: what an
/// older one lacks at its end has its default.

inline constexpr std::uint16_t kProtocolVersion = 4;
inline constexpr std::size_t kMaxFrameBytes = 64 * 1024;  ///< Type and body.
inline constexpr std::size_t kMaxPathBytes = 512;
inline constexpr std::size_t kMaxDetailBytes = 256;
inline constexpr std::size_t kMaxIpBytes = 45;
inline constexpr std::size_t kMaxDigits = 32;          ///< In one SendDigits.
inline constexpr std::size_t kMaxPlayPrompts = 64;     ///< In one Play.
inline constexpr std::size_t kMaxPauses = 64;          ///< In one recording.
inline constexpr std::size_t kMaxListingEntries = 32;  ///< Of each kind in one Listing frame.
inline constexpr std::size_t kMaxMixMembers = 8;       ///< In one conference.
/// Beside those of `left` and `right`: what a conference of the largest size needs.
inline constexpr std::size_t kMaxJoinedVoices = kMaxMixMembers - 2;

/// Chosen by control, unique while the endpoint lives, never 0. Stays the same over a restart of
/// control, which is why control keeps it in its live rows.
enum class EndpointId : std::uint64_t {};
/// Chosen by control, unique on its endpoint.
enum class PlayId : std::uint64_t {};
/// Chosen by control, unique while the mix lives, never 0.
enum class MixId : std::uint64_t {};
/// Endpoints of one conversation. Only endpoints of one group can be bridged or in one mix: they
/// share a thread.
enum class CallGroup : std::uint64_t {};

/// The number is the RTP payload type; Opus has none of its own.
enum class Codec : std::uint8_t { Pcmu = 0, Pcma = 8, G722 = 9, Opus = 128 };
/// Seen from the media process: `Send` plays but expects nothing, `Receive` the reverse.
enum class Direction : std::uint8_t { None, Send, Receive, Both };
/// Which source may speak to the endpoint (docs/media-protocol.md, "Source").
enum class SourceRule : std::uint8_t { Signalled, Learn };
enum class Repeat : std::uint8_t { Once, Forever };
enum class RecordingKind : std::uint8_t { Call, Voicemail };
/// Every member of a mix hears all that are `Full`. A `Full` one is heard by all others, a
/// `Listener` by nobody, a `Whisperer` by one member only.
enum class MixRole : std::uint8_t { Full, Listener, Whisperer };
enum class PlayEnd : std::uint8_t { Finished, Stopped, Digit, Error };
/// Interrupted: the media process died; the file was mended at its next start.
enum class RecordEnd : std::uint8_t { Stopped, MaxLength, Silence, EndpointGone, Io, Interrupted };

enum class FailureCode : std::uint8_t {
    None,
    InvalidArgument,
    NotFound,       ///< No such endpoint, bridge, mix, play or recording.
    AlreadyExists,  ///< The id is in use.
    NoPorts,        ///< The port range is used up, or its free ports still rest.
    TooMany,        ///< A named limit of the engine is reached.
    WrongGroup,     ///< Bridge or mix of endpoints of different groups.
    Busy,           ///< The endpoint is bridged or mixed elsewhere, or already recorded.
    PathRefused,    ///< Absolute, a part beginning with ".", or characters outside [A-Za-z0-9._/-].
    PromptMissing,
    PromptInvalid,  ///< Not 8 kHz mono 16-bit PCM WAV, or too long.
    Io,
    NotNegotiated,  ///< Digits before the remote is set.
    Overloaded,     ///< A queue inside media is full; try again.
};

// ---- Commands --------------------------------------------------------------------------------

/// The first frame on a connection. Answered by HelloReply, then by the events kept meanwhile.
struct Hello {
    std::uint16_t version = kProtocolVersion;
    auto operator<=>(const Hello&) const = default;
};
/// Answered by Created or Failed. An empty `bind_ip` is the address media was started with.
struct Create {
    EndpointId endpoint{};
    CallGroup group{};
    std::string bind_ip{};
    auto operator<=>(const Create&) const = default;
};
/// What the last offer and answer agreed for this leg; repeated for every re-INVITE. Failed or
/// silence. Changing address or `source` starts the search for the source anew.
struct SetRemote {
    EndpointId endpoint{};
    std::string ip{};
    std::uint16_t port = 0;
    std::uint16_t rtcp_port = 0;  ///< 0 is port + 1; equal to `port` multiplexes (RFC 5761).
    Codec codec = Codec::Pcmu;
    std::uint8_t opus_pt = 0;                          ///< 96 to 127 with Opus, else 0.
    std::optional<std::uint8_t> telephone_event_pt{};  ///< 96 to 127.
    std::uint32_t telephone_event_hz = 8'000;          ///< With Opus it may be 48,000 (RFC 7587).
    Direction direction = Direction::Both;
    SourceRule source = SourceRule::Learn;
    std::uint32_t media_timeout_ms = 10'000;  ///< 0 never tells.
    /// Absent: in clear. A key that is repeated goes on where it was; another one begins anew.
    std::optional<SrtpKeys> srtp{};
    auto operator<=>(const SetRemote&) const = default;
};
/// Plays files one after another without a gap. Answered by one PlayEnded, always. A play that is
/// running on the endpoint is stopped first. What a bridge brings is not heard meanwhile.
struct Play {
    EndpointId endpoint{};
    PlayId play{};
    /// Relative paths, "tone:beep", "tone:ringing", "silence:MS".
    std::vector<std::string> prompts{};
    Repeat repeat = Repeat::Once;
    bool stop_on_digit = false;
    auto operator<=>(const Play&) const = default;
};
/// Answered by the PlayEnded of that play; Failed/NotFound when it has already ended.
struct StopPlay {
    EndpointId endpoint{};
    PlayId play{};
    auto operator<=>(const StopPlay&) const = default;
};
/// Both hear each other from now on. Answered by Bridged or Failed. Two members of one mix leave it
/// for the bridge without losing a word of each other (MixLeft for each, then Bridged).
struct Bridge {
    EndpointId a{};
    EndpointId b{};
    auto operator<=>(const Bridge&) const = default;
};
/// Answered by Unbridged or Failed.
struct Unbridge {
    EndpointId a{};
    EndpointId b{};
    auto operator<=>(const Unbridge&) const = default;
};
/// `digits` of 0-9 * # A-D, in the voice of a leg without telephone events. Answered by DigitsSent
/// when the last is out, or Failed.
struct SendDigits {
    EndpointId endpoint{};
    std::string digits{};
    auto operator<=>(const SendDigits&) const = default;
};
/// Records what `left` (and `right`) say into a sealed file (docs/recordings.md): two channels for
/// a call, one for voicemail. Answered by RecordStarted or Failed; ends with one RecordEnded.
struct Record {
    RecordingId recording{};
    std::string path{};  ///< Relative to the recordings folder; must not exist; folders are made.
    RecordingKind kind = RecordingKind::Call;
    EndpointId left{};
    std::optional<EndpointId> right{};  ///< May be set later by MoveRecord; never for voicemail.
    std::uint32_t max_ms = 0;           ///< 0 is the engine's limit of 4 h.
    std::uint32_t silence_ms = 0;       ///< Ends after this much silence on the left; 0 never.
    /// The key of this file alone, never zeros, and the same wrapped by its company's key, which
    /// goes into the header unread. Media sees no other key.
    std::array<std::uint8_t, 32> key{};
    std::array<std::uint8_t, 68> wrapped_key{};
    auto operator<=>(const Record&) const = default;
};
/// Both channels are silence until resumed; time goes on. Answered by RecordPaused or Failed.
struct PauseRecord {
    RecordingId recording{};
    auto operator<=>(const PauseRecord&) const = default;
};
/// Answered by RecordResumed or Failed.
struct ResumeRecord {
    RecordingId recording{};
    auto operator<=>(const ResumeRecord&) const = default;
};
/// The right channel follows another endpoint (transfer), or none. Failed or silence.
struct MoveRecord {
    RecordingId recording{};
    std::optional<EndpointId> right{};
    auto operator<=>(const MoveRecord&) const = default;
};
/// Answered by RecordEnded or Failed.
struct StopRecord {
    RecordingId recording{};
    auto operator<=>(const StopRecord&) const = default;
};
/// Control has stored this RecordEnded; until then every List repeats it. Never answered.
struct ForgetRecord {
    RecordingId recording{};
    auto operator<=>(const ForgetRecord&) const = default;
};
/// Ends its plays, bridge and recordings on the left channel, then the endpoint. Answered by
/// Destroyed or Failed. The port rests before it is given out again.
struct Destroy {
    EndpointId endpoint{};
    auto operator<=>(const Destroy&) const = default;
};
/// Answered by one or more Listing, the last with `is_last`.
struct List {
    auto operator<=>(const List&) const = default;
};
/// Answered by StatsReport or Failed.
struct Stats {
    EndpointId endpoint{};
    auto operator<=>(const Stats&) const = default;
};

/// An endpoint and its place in a mix.
struct MixMember {
    EndpointId endpoint{};
    MixRole role = MixRole::Full;
    std::optional<EndpointId> whisper_to{};  ///< The one that hears a Whisperer; else none.
    auto operator<=>(const MixMember&) const = default;
};
/// A conference of 1 to `kMaxMixMembers`, all or nothing. Two that are bridged come with their
/// bridge, which ends in it, and lose no word of each other. Answered by one MixJoined for each
/// member, or MixFailed.
struct Mix {
    MixId mix{};
    std::vector<MixMember> members{};
    auto operator<=>(const Mix&) const = default;
};
/// One member more; one that is in it already takes the new role. Answered by MixJoined or
/// MixFailed.
struct JoinMix {
    MixId mix{};
    MixMember member{};
    auto operator<=>(const JoinMix&) const = default;
};
/// Answered by MixLeft or MixFailed. The last one ends the mix.
struct LeaveMix {
    MixId mix{};
    EndpointId endpoint{};
    auto operator<=>(const LeaveMix&) const = default;
};
/// All leave. Answered by MixLeft for each and MixEnded, or MixFailed.
struct EndMix {
    MixId mix{};
    auto operator<=>(const EndMix&) const = default;
};
/// One voice more in the right channel of a call's recording, summed with what is there; one that
/// is in it already stays. Failed or silence.
struct JoinRecord {
    RecordingId recording{};
    EndpointId endpoint{};
    auto operator<=>(const JoinRecord&) const = default;
};
/// A joined voice is not recorded any more; one that is not in it changes nothing. Failed or
/// silence.
struct LeaveRecord {
    RecordingId recording{};
    EndpointId endpoint{};
    auto operator<=>(const LeaveRecord&) const = default;
};

using Command = std::variant<Hello,
                             Create,
                             SetRemote,
                             Play,
                             StopPlay,
                             Bridge,
                             Unbridge,
                             SendDigits,
                             Record,
                             PauseRecord,
                             ResumeRecord,
                             MoveRecord,
                             StopRecord,
                             ForgetRecord,
                             Destroy,
                             List,
                             Stats,
                             Mix,
                             JoinMix,
                             LeaveMix,
                             EndMix,
                             JoinRecord,
                             LeaveRecord>;

// ---- Events ----------------------------------------------------------------------------------

struct HelloReply {
    std::uint16_t version = kProtocolVersion;
    std::uint32_t pid = 0;
    std::uint64_t start_id = 0;        ///< Another value means another process: nothing survived.
    std::uint32_t dropped_events = 0;  ///< Lost while no control listened; List tells the state.
    auto operator<=>(const HelloReply&) const = default;
};
struct Created {
    EndpointId endpoint{};
    std::string ip{};
    std::uint16_t port = 0;
    auto operator<=>(const Created&) const = default;
};
/// A command that could not be done. `command` is its type on the wire.
struct Failed {
    std::uint8_t command = 0;
    EndpointId endpoint{};    ///< 0 when it named none.
    RecordingId recording{};  ///< Nil when it named none.
    FailureCode code = FailureCode::None;
    std::string detail{};  ///< For the log; no personal data.
    auto operator<=>(const Failed&) const = default;
};
struct PlayEnded {
    EndpointId endpoint{};
    PlayId play{};
    PlayEnd reason = PlayEnd::Finished;
    FailureCode error = FailureCode::None;
    std::uint32_t played_ms = 0;
    std::string detail{};  ///< With Error: the prompt that could not be played.
    auto operator<=>(const PlayEnded&) const = default;
};
struct Bridged {
    EndpointId a{};
    EndpointId b{};
    auto operator<=>(const Bridged&) const = default;
};
/// Also sent when one side of the bridge is destroyed.
struct Unbridged {
    EndpointId a{};
    EndpointId b{};
    auto operator<=>(const Unbridged&) const = default;
};
struct DigitsSent {
    EndpointId endpoint{};
    auto operator<=>(const DigitsSent&) const = default;
};
/// One key press heard, when it ends.
struct Digit {
    EndpointId endpoint{};
    char digit = '0';  ///< 0-9 * # A-D.
    std::uint32_t duration_ms = 0;
    auto operator<=>(const Digit&) const = default;
};
/// Nothing heard for the configured time though the direction expects it. Once per silence.
struct MediaTimeout {
    EndpointId endpoint{};
    std::uint32_t silent_ms = 0;
    auto operator<=>(const MediaTimeout&) const = default;
};
struct MediaResumed {
    EndpointId endpoint{};
    auto operator<=>(const MediaResumed&) const = default;
};
/// Where the peer really sends from, and where media sends to from now on.
struct SourceLocked {
    EndpointId endpoint{};
    std::string ip{};
    std::uint16_t port = 0;
    auto operator<=>(const SourceLocked&) const = default;
};
struct RecordStarted {
    RecordingId recording{};
    auto operator<=>(const RecordStarted&) const = default;
};
struct RecordPaused {
    RecordingId recording{};
    std::uint32_t at_ms = 0;  ///< Since the start of the recording.
    auto operator<=>(const RecordPaused&) const = default;
};
struct RecordResumed {
    RecordingId recording{};
    std::uint32_t at_ms = 0;
    auto operator<=>(const RecordResumed&) const = default;
};
/// A stretch of silence that was asked for, in milliseconds since the start of the recording.
struct Pause {
    std::uint32_t from_ms = 0;
    std::uint32_t to_ms = 0;
    auto operator<=>(const Pause&) const = default;
};
struct RecordEnded {
    RecordingId recording{};
    RecordEnd reason = RecordEnd::Stopped;
    std::uint32_t duration_ms = 0;
    std::uint64_t bytes = 0;
    std::array<std::uint8_t, 32> sha256{};  ///< recording::digest_of; zeros when unreadable.
    bool complete = false;                  ///< Every packet received was written.
    std::string path{};
    std::vector<Pause> pauses{};
    auto operator<=>(const RecordEnded&) const = default;
};
/// Whether a leg that should go both ways did so over the last five seconds.
enum class OneWay : std::uint8_t { No, NothingHeard, NothingSent };
struct StatsReport {
    EndpointId endpoint{};
    std::uint64_t packets_received = 0;
    std::uint64_t packets_sent = 0;
    std::uint64_t packets_lost = 0;         ///< RFC 3550 §6.4.1, never negative here.
    std::uint64_t packets_refused = 0;      ///< Wrong source, malformed, unknown payload type.
    std::uint32_t jitter_us = 0;            ///< RFC 3550 §6.4.1.
    std::optional<std::uint32_t> rtt_us{};  ///< From RTCP.
    std::optional<std::uint32_t> last_packet_ms{};  ///< Age of the last packet; absent before one.
    std::uint32_t peer_lost = 0;                    ///< What the peer's RTCP says it lost of ours.
    /// Of what we hear of the peer, in hundredths, 100 to 450 (ITU-T G.107); absent before a
    /// packet.
    std::optional<std::uint16_t> mos_x100{};
    OneWay one_way = OneWay::No;
    std::uint32_t one_way_ms = 0;  ///< How long it was one way, over the leg's life.
    /// Forged, damaged or repeated, or in clear on a leg that has keys. Part of packets_refused.
    std::uint64_t packets_unauthentic = 0;
    std::optional<SrtpSuite> suite{};  ///< Of what is sent; absent: in clear.
    auto operator<=>(const StatsReport&) const = default;
};
struct Destroyed {
    EndpointId endpoint{};
    StatsReport stats{};
    auto operator<=>(const Destroyed&) const = default;
};
struct ListedEndpoint {
    EndpointId endpoint{};
    CallGroup group{};
    std::string ip{};
    std::uint16_t port = 0;
    std::optional<PlayId> playing{};
    std::optional<EndpointId> bridged_to{};
    auto operator<=>(const ListedEndpoint&) const = default;
};
struct ListedRecording {
    RecordingId recording{};
    std::string path{};
    EndpointId left{};
    std::optional<EndpointId> right{};
    std::uint32_t elapsed_ms = 0;
    bool paused = false;
    auto operator<=>(const ListedRecording&) const = default;
};
struct ListedMix {
    MixId mix{};
    std::vector<MixMember> members{};
    auto operator<=>(const ListedMix&) const = default;
};
/// `ended` are recordings control has not yet forgotten.
struct Listing {
    std::vector<ListedEndpoint> endpoints{};
    std::vector<ListedRecording> recordings{};
    std::vector<RecordEnded> ended{};
    bool is_last = true;
    std::vector<ListedMix> mixes{};  ///< Last on the wire; an older build has none.
    auto operator<=>(const Listing&) const = default;
};
/// It is in the mix, in this role from now on.
struct MixJoined {
    MixId mix{};
    MixMember member{};
    auto operator<=>(const MixJoined&) const = default;
};
/// It left, was destroyed, or its mix ended.
struct MixLeft {
    MixId mix{};
    EndpointId endpoint{};
    auto operator<=>(const MixLeft&) const = default;
};
/// Its last member has left.
struct MixEnded {
    MixId mix{};
    auto operator<=>(const MixEnded&) const = default;
};
/// What Failed is for the commands of a mix.
struct MixFailed {
    std::uint8_t command = 0;
    MixId mix{};
    EndpointId endpoint{};  ///< The one at fault; 0 when it is the mix.
    FailureCode code = FailureCode::None;
    std::string detail{};  ///< For the log; no personal data.
    auto operator<=>(const MixFailed&) const = default;
};

using Event = std::variant<HelloReply,
                           Created,
                           Failed,
                           PlayEnded,
                           Bridged,
                           Unbridged,
                           DigitsSent,
                           Digit,
                           MediaTimeout,
                           MediaResumed,
                           SourceLocked,
                           RecordStarted,
                           RecordPaused,
                           RecordResumed,
                           RecordEnded,
                           StatsReport,
                           Destroyed,
                           Listing,
                           MixJoined,
                           MixLeft,
                           MixEnded,
                           MixFailed>;

// ---- Codec -----------------------------------------------------------------------------------

/// Appends one whole frame. The message must respect the limits above: it is built by us.
void encode(const Command& command, Bytes& out);
void encode(const Event& event, Bytes& out);

/// `frame` is type and body, without the length (see FrameReader). `Errc::InvalidArgument` names
/// the type that was wrong: unknown, truncated, with bytes left over, or a value out of range.
Result<Command> decode_command(ByteView frame);
Result<Event> decode_event(ByteView frame);

/// The number of the command on the wire, as in Failed::command.
std::uint8_t wire_type(const Command& command);
/// "create", "set_remote": for logs and traces.
const char* name(const Command& command);
const char* name(const Event& event);
const char* name(FailureCode code);
/// "stopped", "max_length".
const char* name(RecordEnd reason);

}  // namespace escucha::media
