#include <algorithm>
#include <array>

#include "sdp/detail/crypto.h"

namespace escucha::sdp {

namespace {

constexpr std::uint8_t kOurOpusPt = 96;
constexpr std::uint8_t kOurTelephoneEventPt = 101;
constexpr std::uint8_t kOurWideTelephoneEventPt = 102;
constexpr std::uint32_t kClockHz = 8'000;
constexpr std::uint32_t kOpusClockHz = 48'000;
constexpr unsigned kOurPtimeMs = 20;

bool iequals(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
        const auto lower = [](char c) {
            return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
        };
        return lower(x) == lower(y);
    });
}

std::string_view encoding_of(Codec codec) {
    switch (codec) {
        case Codec::Pcmu:
            return "PCMU";
        case Codec::Pcma:
            return "PCMA";
        case Codec::G722:
            return "G722";
        case Codec::Opus:
            return "opus";
    }
    return "";
}
/// As an rtpmap has it: G.722 says 8,000 though it samples at 16,000 (RFC 3551 §4.5.2).
std::uint32_t clock_of(Codec codec) { return codec == Codec::Opus ? kOpusClockHz : kClockHz; }
std::uint8_t number_of(Codec codec) {
    switch (codec) {
        case Codec::Pcmu:
            return 0;
        case Codec::Pcma:
            return 8;
        case Codec::G722:
            return 9;
        case Codec::Opus:
            return kOurOpusPt;
    }
    return 0;
}

struct Choice {
    Codec codec = Codec::Pcmu;
    std::uint8_t number = 0;
};

bool is_of(const PayloadType& type, Codec codec) {
    if (!iequals(type.encoding, encoding_of(codec)) || type.clock_rate != clock_of(codec)) {
        return false;
    }
    // The media process knows G.722 by its static number and Opus by a dynamic one.
    if (codec == Codec::G722) return type.number == number_of(codec);
    return codec != Codec::Opus || type.number >= 96;
}

std::optional<Choice> find_codec(const Media& media, Codec codec) {
    for (const PayloadType& type : media.payload_types) {
        if (is_of(type, codec)) return Choice{.codec = codec, .number = type.number};
    }
    return std::nullopt;
}

/// The first of theirs that is among these.
std::optional<Choice> first_of(const Media& media, const std::vector<Codec>& codecs) {
    for (const PayloadType& type : media.payload_types) {
        for (const Codec codec : codecs) {
            if (is_of(type, codec)) return Choice{.codec = codec, .number = type.number};
        }
    }
    return std::nullopt;
}

std::optional<Choice> choose(const Media& media, const LocalMedia& local) {
    if (local.codecs.empty()) return std::nullopt;
    // Our first choice spares a transcoder on the other leg; after that their order rules
    // (RFC 3264 §6.1).
    if (const auto first = find_codec(media, local.codecs.front())) return first;
    if (const auto ours = first_of(media, local.codecs)) return ours;
    return first_of(media, local.last_resort);
}

struct Events {
    std::uint8_t number = 0;
    std::uint32_t clock_hz = kClockHz;
};

/// RFC 7587 §4.1 and RFC 4733 §2.2: best on the clock of the codec; old phones know 8,000 only.
std::optional<Events> find_events(const Media& media, Codec codec) {
    std::optional<Events> found;
    for (const PayloadType& type : media.payload_types) {
        if (!iequals(type.encoding, "telephone-event")) continue;
        if (type.clock_rate == clock_of(codec)) return Events{type.number, type.clock_rate};
        if (type.clock_rate == kClockHz && !found) found = Events{type.number, type.clock_rate};
    }
    return found;
}

constexpr std::string_view kPlain = "RTP/AVP";
constexpr std::string_view kSecure = "RTP/SAVP";

std::string_view proto_of(Profile profile) { return profile == Profile::Secure ? kSecure : kPlain; }

bool has_audio(const Media& media, const LocalMedia& local) {
    return media.kind == "audio" && (media.proto == kPlain || media.proto == kSecure) &&
           media.port != 0 && !media.address.empty() && choose(media, local).has_value();
}

const SrtpKey* key_for(const LocalMedia& local, SrtpSuite suite) {
    const auto own = std::ranges::find(local.keys, suite, &SrtpKey::suite);
    return own == local.keys.end() ? nullptr : &*own;
}

/// What is agreed of the encryption, and by which line of theirs.
struct Secured {
    Profile profile = Profile::Plain;
    std::optional<SrtpKeys> keys{};
    std::uint32_t tag = 0;
};

/// RFC 4568 §5.1.2: their order rules.
Result<Secured> secure(const Media& offered, const LocalMedia& local) {
    const bool insists = offered.proto == kSecure;
    if (local.encryption == Encryption::Never) {
        if (insists) return fail(Errc::EncryptionUnwanted, "offer");
        return Secured{};
    }
    for (const Crypto& theirs : offered.crypto) {
        const SrtpKey* own = key_for(local, theirs.key.suite);
        if (own == nullptr) continue;
        return Secured{.profile = insists ? Profile::Secure : Profile::Opportunistic,
                       .keys = SrtpKeys{.send = *own, .receive = theirs.key},
                       .tag = theirs.tag};
    }
    if (insists) return fail(Errc::EncryptionUnknown, "offer");
    if (local.encryption == Encryption::Required) return fail(Errc::EncryptionMissing, "offer");
    return Secured{};
}

/// RFC 4568 §5.1.3: one line, of those we offered. Our tags count from 1 in the order of our keys.
Result<Secured> secured_by(const Media& answer, const LocalMedia& local) {
    if (answer.proto != proto_of(local.profile)) return fail(Errc::NothingUsable, "answer");
    const bool is_offered = local.profile != Profile::Plain;
    if (is_offered && answer.crypto.size() == 1) {
        const Crypto& theirs = answer.crypto.front();
        const SrtpKey* own = key_for(local, theirs.key.suite);
        if (own != nullptr &&
            theirs.tag == static_cast<std::uint32_t>(own - local.keys.data()) + 1) {
            return Secured{.profile = local.profile,
                           .keys = SrtpKeys{.send = *own, .receive = theirs.key},
                           .tag = theirs.tag};
        }
    }
    const bool is_needed =
        local.profile == Profile::Secure || local.encryption == Encryption::Required;
    if (is_needed) return fail(Errc::EncryptionMissing, "answer");
    return Secured{};
}

// What we may do, given what the peer does and what we want.
Direction meet(Direction theirs, Direction wanted) {
    const Direction allowed = reversed(theirs);
    const auto sends = [](Direction d) {
        return d == Direction::SendRecv || d == Direction::SendOnly;
    };
    const auto receives = [](Direction d) {
        return d == Direction::SendRecv || d == Direction::RecvOnly;
    };
    const bool can_send = sends(allowed) && sends(wanted);
    const bool can_receive = receives(allowed) && receives(wanted);
    if (can_send) return can_receive ? Direction::SendRecv : Direction::SendOnly;
    return can_receive ? Direction::RecvOnly : Direction::Inactive;
}

Agreed agree(const Media& media,
             const Choice& choice,
             const Secured& secured,
             const LocalMedia& local) {
    Agreed agreed;
    agreed.profile = secured.profile;
    agreed.srtp = secured.keys;
    agreed.codec = choice.codec;
    agreed.payload_type = choice.number;
    if (local.has_telephone_event) {
        if (const auto events = find_events(media, choice.codec)) {
            agreed.telephone_event_pt = events->number;
            agreed.telephone_event_hz = events->clock_hz;
        }
    }
    agreed.remote_port = media.port;
    agreed.is_rtcp_mux = media.is_rtcp_mux && local.can_rtcp_mux;
    const auto next = static_cast<std::uint16_t>(media.port == 65535 ? 0 : media.port + 1);
    agreed.remote_rtcp_port = agreed.is_rtcp_mux ? media.port : media.rtcp_port.value_or(next);
    agreed.direction = meet(media.direction, local.direction);
    if (media.is_held_the_old_way()) {
        // RFC 3264 §8.4: nothing can be sent to 0.0.0.0; whether the peer still sends is its
        // affair.
        agreed.direction = meet(Direction::SendOnly, local.direction);
        if (media.direction == Direction::Inactive) agreed.direction = Direction::Inactive;
    } else {
        agreed.remote_address = media.address;
    }
    if (media.ptime_ms && *media.ptime_ms >= 10 && *media.ptime_ms <= 60) {
        agreed.ptime_ms = *media.ptime_ms;
    }
    return agreed;
}

void append_head(std::string& out, const LocalMedia& local) {
    const std::string_view type = local.address.find(':') == std::string::npos ? "IP4" : "IP6";
    out.append("v=0\r\no=- ").append(std::to_string(local.session_id)).append(" ");
    out.append(std::to_string(local.session_version)).append(" IN ").append(type).append(" ");
    out.append(local.address).append("\r\ns=-\r\nc=IN ").append(type).append(" ");
    out.append(local.address).append("\r\nt=0 0\r\n");
}

void append_direction(std::string& out, Direction direction) {
    out.append("a=").append(name_of(direction)).append("\r\n");
}

void append_codec(std::string& out, unsigned number, Codec codec) {
    const std::string type = std::to_string(number);
    out.append("a=rtpmap:").append(type).append(" ").append(encoding_of(codec));
    out.append("/").append(std::to_string(clock_of(codec)));
    // RFC 7587 §7: always two channels in the rtpmap; what is sent is mono all the same.
    if (codec == Codec::Opus) out.append("/2\r\na=fmtp:").append(type).append(" useinbandfec=1");
    out.append("\r\n");
}

void append_events(std::string& out, unsigned number, std::uint32_t clock_hz) {
    const std::string type = std::to_string(number);
    out.append("a=rtpmap:").append(type).append(" telephone-event/");
    out.append(std::to_string(clock_hz)).append("\r\n");
    out.append("a=fmtp:").append(type).append(" 0-15\r\n");
}

void append_answered(std::string& out,
                     const LocalMedia& local,
                     const Agreed& agreed,
                     const Secured& secured) {
    out.append("m=audio ").append(std::to_string(local.port)).append(" ");
    out.append(proto_of(secured.profile)).append(" ");
    out.append(std::to_string(agreed.payload_type));
    if (agreed.telephone_event_pt) {
        out.append(" ").append(std::to_string(*agreed.telephone_event_pt));
    }
    out.append("\r\n");
    append_codec(out, agreed.payload_type, agreed.codec);
    if (agreed.telephone_event_pt) {
        append_events(out, *agreed.telephone_event_pt, agreed.telephone_event_hz);
    }
    append_direction(out, agreed.direction);
    out.append("a=ptime:").append(std::to_string(agreed.ptime_ms)).append("\r\n");
    if (agreed.is_rtcp_mux) out.append("a=rtcp-mux\r\n");
    if (secured.keys) {
        detail::append_crypto(out, {.tag = secured.tag, .key = secured.keys->send});
    }
}

}  // namespace

Result<Answer> answer(const Session& offer, const LocalMedia& local) {
    const Media* chosen = nullptr;
    Secured secured;
    Error why = fail(Errc::NothingUsable, "offer");
    for (const Media& media : offer.media) {
        if (!has_audio(media, local)) continue;
        auto found = secure(media, local);
        if (found) {
            chosen = &media;
            secured = std::move(found).value();
            break;
        }
        if (why.code == Errc::NothingUsable) why = found.error();
    }
    if (chosen == nullptr) return why;
    Answer made;
    made.agreed = agree(*chosen, *choose(*chosen, local), secured, local);
    append_head(made.text, local);
    for (const Media& media : offer.media) {
        if (&media == chosen) {
            append_answered(made.text, local, made.agreed, secured);
        } else {
            // RFC 3264 §6: refused in place, with the formats as they came.
            made.text.append("m=").append(media.kind).append(" 0 ").append(media.proto);
            made.text.append(" ").append(media.formats).append("\r\n");
        }
    }
    return made;
}

std::string offer(const LocalMedia& local) {
    std::string out;
    append_head(out, local);
    out.append("m=audio ").append(std::to_string(local.port)).append(" ");
    out.append(proto_of(local.profile));
    for (const Codec codec : local.codecs) out.append(" ").append(std::to_string(number_of(codec)));
    const bool has_opus =
        std::find(local.codecs.begin(), local.codecs.end(), Codec::Opus) != local.codecs.end();
    const bool has_wide_events = local.has_telephone_event && has_opus;
    if (local.has_telephone_event) out.append(" ").append(std::to_string(kOurTelephoneEventPt));
    if (has_wide_events) out.append(" ").append(std::to_string(kOurWideTelephoneEventPt));
    out.append("\r\n");
    for (const Codec codec : local.codecs) append_codec(out, number_of(codec), codec);
    if (local.has_telephone_event) append_events(out, kOurTelephoneEventPt, kClockHz);
    if (has_wide_events) append_events(out, kOurWideTelephoneEventPt, kOpusClockHz);
    append_direction(out, local.direction);
    out.append("a=ptime:").append(std::to_string(kOurPtimeMs)).append("\r\n");
    if (local.can_rtcp_mux) out.append("a=rtcp-mux\r\n");
    if (local.profile == Profile::Plain) return out;
    for (std::uint32_t tag = 1; const SrtpKey& key : local.keys) {
        detail::append_crypto(out, {.tag = tag++, .key = key});
    }
    return out;
}

Result<Agreed> apply_answer(const LocalMedia& local, const Session& answer) {
    // Our offer had one stream, so only the first line can be its answer; and nothing of the last
    // resort was in it.
    LocalMedia offered = local;
    offered.last_resort.clear();
    if (answer.media.empty() || !has_audio(answer.media.front(), offered)) {
        return fail(Errc::NothingUsable, "answer");
    }
    const Media& media = answer.media.front();
    ESC_TRY(const Secured secured, secured_by(media, local));
    // Several codecs in an answer: the peer prefers the first (RFC 3264 §7).
    const Choice choice = *first_of(media, local.codecs);
    return agree(media, choice, secured, local);
}

}  // namespace escucha::sdp
