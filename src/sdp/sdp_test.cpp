#include "sdp/sdp.h"

#include <doctest/doctest.h>
#include <rapidcheck.h>

using namespace escucha;
using namespace escucha::sdp;

namespace {

std::string with_media(const std::string& lines,
                       const std::string& connection = "IN IP4 192.0.2.9") {
    std::string head = "v=0\r\no=alice 53655765 2353687637 IN IP4 pc33.example.com\r\ns=-\r\n";
    if (!connection.empty()) head += "c=" + connection + "\r\n";
    return head + "t=0 0\r\n" + lines;
}

LocalMedia local() {
    LocalMedia media;
    media.address = "203.0.113.1";
    media.port = 30000;
    media.session_id = 77;
    media.session_version = 3;
    return media;
}

Answer answered(const std::string& text, const LocalMedia& media = local()) {
    const auto offer = parse(text);
    REQUIRE(offer.has_value());
    auto made = sdp::answer(offer.value(), media);
    REQUIRE(made.has_value());
    // Whatever we print must read back.
    REQUIRE(parse(made.value().text).has_value());
    return made.value();
}

std::optional<sdp::Errc> refusal(const std::string& text) {
    const auto offer = parse(text);
    REQUIRE(offer.has_value());
    const auto made = sdp::answer(offer.value(), local());
    if (made) return std::nullopt;
    return static_cast<sdp::Errc>(made.error().code.value());
}

bool has_line(std::string_view text, const std::string& line) {
    return text.find(line + "\r\n") != std::string_view::npos;
}

}  // namespace

TEST_CASE("an ordinary offer is answered with one codec and the events") {
    const Answer made =
        answered(with_media("m=audio 49170 RTP/AVP 8 0 96\r\na=rtpmap:96 telephone-event/8000\r\n"
                            "a=ptime:30\r\na=rtcp:49180\r\n"));
    CHECK(made.agreed.codec == Codec::Pcmu);
    CHECK(made.agreed.payload_type == 0);
    CHECK(made.agreed.telephone_event_pt == 96);
    CHECK(made.agreed.remote_address == "192.0.2.9");
    CHECK(made.agreed.remote_port == 49170);
    CHECK(made.agreed.remote_rtcp_port == 49180);
    CHECK(made.agreed.ptime_ms == 30);
    CHECK(made.agreed.direction == Direction::SendRecv);
    CHECK(has_line(made.text, "m=audio 30000 RTP/AVP 0 96"));
    CHECK(has_line(made.text, "a=rtpmap:96 telephone-event/8000"));
    CHECK(has_line(made.text, "o=- 77 3 IN IP4 203.0.113.1"));
}

TEST_CASE("without our first choice the offer's order rules") {
    const Answer made =
        answered(with_media("m=audio 4000 RTP/AVP 18 97 0\r\na=rtpmap:97 PCMA/8000\r\n"));
    CHECK(made.agreed.codec == Codec::Pcmu);
    LocalMedia only_a = local();
    only_a.codecs = {Codec::Pcma};
    const Answer a =
        answered(with_media("m=audio 4000 RTP/AVP 18 97 0\r\na=rtpmap:97 pcma/8000\r\n"), only_a);
    CHECK(a.agreed.codec == Codec::Pcma);
    CHECK(a.agreed.payload_type == 97);
    CHECK_FALSE(a.agreed.telephone_event_pt.has_value());
    CHECK(a.agreed.remote_rtcp_port == 4001);
}

TEST_CASE("G.711 comes first; G.722 and Opus are taken from who offers nothing else") {
    const std::string wide = "a=rtpmap:111 opus/48000/2\r\na=rtpmap:9 G722/8000\r\n";
    CHECK(answered(with_media("m=audio 4000 RTP/AVP 111 9 8\r\n" + wide)).agreed.codec ==
          Codec::Pcma);
    const Answer opus = answered(with_media("m=audio 4000 RTP/AVP 111 9\r\n" + wide));
    CHECK(opus.agreed.codec == Codec::Opus);
    CHECK(opus.agreed.payload_type == 111);
    CHECK(has_line(opus.text, "m=audio 30000 RTP/AVP 111"));
    CHECK(has_line(opus.text, "a=rtpmap:111 opus/48000/2"));
    CHECK(has_line(opus.text, "a=fmtp:111 useinbandfec=1"));
    const Answer g722 = answered(with_media("m=audio 4000 RTP/AVP 9 18\r\n"));
    CHECK(g722.agreed.codec == Codec::G722);
    CHECK(has_line(g722.text, "a=rtpmap:9 G722/8000"));

    LocalMedia prefers = local();
    prefers.codecs = {Codec::Opus, Codec::G722, Codec::Pcmu, Codec::Pcma};
    CHECK(answered(with_media("m=audio 4000 RTP/AVP 0 111 9\r\n" + wide), prefers).agreed.codec ==
          Codec::Opus);
    LocalMedia strict = local();
    strict.last_resort.clear();
    CHECK_FALSE(sdp::answer(parse(with_media("m=audio 4000 RTP/AVP 9\r\n")).value(), strict));
    // An answer with what was not offered is none.
    CHECK_FALSE(sdp::apply_answer(local(), parse(g722.text).value()));
    // Not Opus: another clock; a number that belongs to no dynamic type.
    CHECK(refusal(with_media("m=audio 4000 RTP/AVP 97\r\na=rtpmap:97 opus/16000\r\n")) ==
          sdp::Errc::NothingUsable);
    CHECK(refusal(with_media("m=audio 4000 RTP/AVP 35\r\na=rtpmap:35 opus/48000/2\r\n")) ==
          sdp::Errc::NothingUsable);
}

TEST_CASE("with Opus the key presses have its clock when the peer has that") {
    const std::string opus = "a=rtpmap:111 opus/48000/2\r\n";
    const Answer both = answered(
        with_media("m=audio 4000 RTP/AVP 111 101 110\r\n" + opus +
                   "a=rtpmap:101 telephone-event/8000\r\na=rtpmap:110 telephone-event/48000\r\n"));
    CHECK(both.agreed.telephone_event_pt == 110);
    CHECK(both.agreed.telephone_event_hz == 48'000);
    CHECK(has_line(both.text, "m=audio 30000 RTP/AVP 111 110"));
    CHECK(has_line(both.text, "a=rtpmap:110 telephone-event/48000"));
    const Answer narrow = answered(with_media("m=audio 4000 RTP/AVP 111 101\r\n" + opus +
                                              "a=rtpmap:101 telephone-event/8000\r\n"));
    CHECK(narrow.agreed.telephone_event_pt == 101);
    CHECK(narrow.agreed.telephone_event_hz == 8'000);
    // For G.711 the one at 48,000 is of no use.
    const Answer g711 = answered(
        with_media("m=audio 4000 RTP/AVP 0 110\r\na=rtpmap:110 telephone-event/48000\r\n"));
    CHECK_FALSE(g711.agreed.telephone_event_pt.has_value());
}

TEST_CASE("what we offer with Opus and G.722 is answered by our own side, codec by codec") {
    LocalMedia caller = local();
    caller.codecs = {Codec::Opus, Codec::G722, Codec::Pcma};
    const std::string text = sdp::offer(caller);
    CHECK(has_line(text, "m=audio 30000 RTP/AVP 96 9 8 101 102"));
    CHECK(has_line(text, "a=rtpmap:96 opus/48000/2"));
    CHECK(has_line(text, "a=rtpmap:102 telephone-event/48000"));
    for (const Codec codec : caller.codecs) {
        LocalMedia callee = local();
        callee.codecs = {codec};
        const Answer made = answered(text, callee);
        CHECK(made.agreed.codec == codec);
        const auto agreed = sdp::apply_answer(caller, parse(made.text).value());
        REQUIRE(agreed.has_value());
        CHECK(agreed.value().codec == codec);
        CHECK(agreed.value().payload_type == made.agreed.payload_type);
        CHECK(agreed.value().telephone_event_hz == (codec == Codec::Opus ? 48'000 : 8'000));
    }
}

TEST_CASE("further streams and other profiles are refused in place with port 0") {
    const Answer made = answered(with_media(
        "m=video 5000 RTP/AVP 31 32\r\nm=audio 5002 RTP/SAVP 0\r\nm=audio 5004 RTP/AVP 0\r\n"
        "m=image 5006 udptl t38\r\nm=audio 5008 RTP/AVP 0\r\n"));
    const std::size_t video = made.text.find("m=video 0 RTP/AVP 31 32\r\n");
    const std::size_t secure = made.text.find("m=audio 0 RTP/SAVP 0\r\n");
    const std::size_t ours = made.text.find("m=audio 30000 RTP/AVP 0\r\n");
    const std::size_t fax = made.text.find("m=image 0 udptl t38\r\n");
    const std::size_t second = made.text.find("m=audio 0 RTP/AVP 0\r\n");
    CHECK(video < secure);
    CHECK(secure < ours);
    CHECK(ours < fax);
    CHECK(fax < second);
    CHECK(second != std::string::npos);
    CHECK(made.agreed.remote_port == 5004);
}

TEST_CASE("an offer with nothing for us is refused") {
    for (const char* media : {"m=audio 4000 RTP/AVP 18\r\n",
                              "m=audio 0 RTP/AVP 0\r\n",
                              "m=audio 4000 RTP/SAVPF 0\r\n",
                              "m=video 4000 RTP/AVP 31\r\n",
                              "m=audio 4000 RTP/AVP 0\r\na=rtpmap:0 PCMU/16000\r\n",
                              ""}) {
        CAPTURE(media);
        CHECK(refusal(with_media(media)) == sdp::Errc::NothingUsable);
    }
    CHECK(refusal(with_media("m=audio 4000 RTP/AVP 0\r\n", "")) == sdp::Errc::NothingUsable);
}

TEST_CASE("hold is answered by the table of RFC 3264 section 6.1") {
    struct Row {
        const char* offered;
        Direction wanted;
        Direction ours;
    };
    using D = Direction;
    for (const Row& row : {Row{"sendrecv", D::SendRecv, D::SendRecv},
                           Row{"sendonly", D::SendRecv, D::RecvOnly},
                           Row{"recvonly", D::SendRecv, D::SendOnly},
                           Row{"inactive", D::SendRecv, D::Inactive},
                           Row{"sendrecv", D::SendOnly, D::SendOnly},
                           Row{"sendonly", D::SendOnly, D::Inactive},
                           Row{"recvonly", D::SendOnly, D::SendOnly},
                           Row{"sendrecv", D::Inactive, D::Inactive}}) {
        CAPTURE(row.offered);
        LocalMedia media = local();
        media.direction = row.wanted;
        const Answer made = answered(
            with_media("m=audio 4000 RTP/AVP 0\r\na=" + std::string{row.offered} + "\r\n"), media);
        CHECK(made.agreed.direction == row.ours);
        CHECK(has_line(made.text, "a=" + std::string{name_of(row.ours)}));
        const Answer session = answered(
            with_media("a=x\r\na=" + std::string{row.offered} + "\r\nm=audio 4000 RTP/AVP 0\r\n"),
            media);
        CHECK(session.agreed.direction == row.ours);
    }
}

TEST_CASE("the old hold, c=0.0.0.0, means the peer does not listen") {
    const Answer made = answered(with_media("m=audio 4000 RTP/AVP 0\r\n", "IN IP4 0.0.0.0"));
    CHECK(made.agreed.direction == Direction::RecvOnly);
    CHECK(made.agreed.remote_address.empty());
}

TEST_CASE("IPv6 is spoken when it is offered") {
    LocalMedia media = local();
    media.address = "2001:db8::1";
    const Answer made =
        answered(with_media("m=audio 4000 RTP/AVP 0\r\nc=IN IP6 2001:db8::9\r\n", ""), media);
    CHECK(made.agreed.remote_address == "2001:db8::9");
    CHECK(has_line(made.text, "c=IN IP6 2001:db8::1"));
}

TEST_CASE("rtcp-mux is accepted only where the media can do it") {
    const std::string offer = with_media("m=audio 4000 RTP/AVP 0\r\na=rtcp-mux\r\n");
    CHECK_FALSE(answered(offer).agreed.is_rtcp_mux);
    CHECK(answered(offer).agreed.remote_rtcp_port == 4001);
    LocalMedia media = local();
    media.can_rtcp_mux = true;
    CHECK(answered(offer, media).agreed.is_rtcp_mux);
    CHECK(answered(offer, media).agreed.remote_rtcp_port == 4000);
}

TEST_CASE("our offer reads back, and its answer is applied") {
    const std::string text = sdp::offer(local());
    const auto session = parse(text);
    REQUIRE(session.has_value());
    REQUIRE(session.value().media.size() == 1);
    CHECK(session.value().version == 3);
    CHECK(session.value().media[0].formats == "0 8 101");
    LocalMedia far = local();
    far.address = "192.0.2.77";
    far.port = 5000;
    far.codecs = {Codec::Pcma};
    const auto made = sdp::answer(session.value(), far);
    REQUIRE(made.has_value());
    const auto back = parse(made.value().text);
    REQUIRE(back.has_value());
    const auto agreed = apply_answer(local(), back.value());
    REQUIRE(agreed.has_value());
    CHECK(agreed.value().codec == Codec::Pcma);
    CHECK(agreed.value().payload_type == 8);
    CHECK(agreed.value().telephone_event_pt == 101);
    CHECK(agreed.value().remote_address == "192.0.2.77");
    CHECK(agreed.value().remote_port == 5000);
}

TEST_CASE("an answer that refuses the audio is told") {
    const auto back = parse(with_media("m=audio 0 RTP/AVP 0\r\n"));
    REQUIRE(back.has_value());
    const auto agreed = apply_answer(local(), back.value());
    REQUIRE_FALSE(agreed.has_value());
    CHECK(agreed.error().code == sdp::Errc::NothingUsable);
    CHECK_FALSE(apply_answer(local(), parse(with_media("")).value()).has_value());
}

TEST_CASE("tolerated: bare LF, unknown lines, an rtpmap without clock rate, odd ids") {
    const auto offer = parse(
        "v=0\no=- x y IN IP4 1.2.3.4\ns=\nc=IN IP4 1.2.3.4\nb=AS:64\nt=0 0\nz=what\n"
        "m=audio 4000 RTP/AVP 0 101\na=rtpmap:0 PCMU\na=rtpmap:101 telephone-event\na=fmtp:101 "
        "0-16\n");
    REQUIRE(offer.has_value());
    const auto made = sdp::answer(offer.value(), local());
    REQUIRE(made.has_value());
    CHECK(made.value().agreed.telephone_event_pt == 101);
}

TEST_CASE("malformed descriptions are refused") {
    for (const std::string& text : {std::string{},
                                    std::string{"hello"},
                                    std::string{"v=1\r\n"},
                                    std::string{"v=0\r\n"},
                                    std::string{"v=0\r\no=- 1 1 IN IP4\r\n"},
                                    std::string{"v=0\r\no=- 1 1 IN IP9 1.2.3.4\r\n"},
                                    with_media("m=audio x RTP/AVP 0\r\n"),
                                    with_media("m=audio 65536 RTP/AVP 0\r\n"),
                                    with_media("m=audio 4000 RTP/AVP\r\n"),
                                    with_media("m=audio 4000 RTP/AVP 128\r\n"),
                                    with_media("m=audio\r\n"),
                                    with_media("nonsense\r\n"),
                                    with_media("c=IN IP4\r\n")}) {
        CAPTURE(text);
        const auto session = parse(text);
        REQUIRE_FALSE(session.has_value());
        CHECK(session.error().code == sdp::Errc::Malformed);
    }
}

TEST_CASE("every limit holds at its edge") {
    const auto streams = [](std::size_t count) {
        std::string lines;
        for (std::size_t i = 0; i < count; ++i) lines += "m=audio 4000 RTP/AVP 0\r\n";
        return parse(with_media(lines));
    };
    CHECK(streams(kMaxMediaLines).has_value());
    CHECK(streams(kMaxMediaLines + 1).error().code == sdp::Errc::TooLarge);
    const auto types = [](std::size_t count) {
        std::string line = "m=audio 4000 RTP/AVP";
        for (std::size_t i = 0; i < count; ++i) line += " " + std::to_string(i);
        return parse(with_media(line + "\r\n"));
    };
    CHECK(types(kMaxPayloadTypes).has_value());
    CHECK(types(kMaxPayloadTypes + 1).error().code == sdp::Errc::TooLarge);
    const auto line = [](std::size_t bytes) {
        return parse(with_media("a=" + std::string(bytes - 2, 'x') + "\r\n"));
    };
    CHECK(line(kMaxLineBytes).has_value());
    CHECK(line(kMaxLineBytes + 1).error().code == sdp::Errc::TooLarge);
    std::string text = with_media("");
    while (text.size() + 4 <= kMaxTextBytes) text += "a=\r\n";
    while (text.size() < kMaxTextBytes) text += "\n";
    CHECK(parse(text).has_value());
    CHECK(parse(text + "\n").error().code == sdp::Errc::TooLarge);
}

TEST_CASE("what is printed reads back the same") {
    CHECK(rc::check([] {
        Session session;
        session.origin_user = "-";
        session.id = *rc::gen::arbitrary<std::uint64_t>();
        session.version = *rc::gen::arbitrary<std::uint64_t>();
        session.origin_address = "192.0.2.1";
        const auto count = *rc::gen::inRange(0, 17);
        for (int i = 0; i < count; ++i) {
            Media media;
            media.kind = *rc::gen::element<std::string>("audio", "video");
            media.proto = *rc::gen::element<std::string>("RTP/AVP", "RTP/SAVP", "RTP/AVPF");
            media.port = *rc::gen::arbitrary<std::uint16_t>();
            media.address = *rc::gen::element<std::string>("192.0.2.5", "2001:db8::5", "0.0.0.0");
            media.direction = *rc::gen::element(
                Direction::SendRecv, Direction::SendOnly, Direction::RecvOnly, Direction::Inactive);
            const auto number = *rc::gen::inRange<unsigned>(96, 128);
            media.payload_types = {{0, "PCMU", 8000},
                                   {static_cast<std::uint8_t>(number), "telephone-event", 8000}};
            media.formats = "0 " + std::to_string(number);
            media.is_rtcp_mux = *rc::gen::arbitrary<bool>();
            if (*rc::gen::arbitrary<bool>()) media.rtcp_port = *rc::gen::arbitrary<std::uint16_t>();
            if (*rc::gen::arbitrary<bool>()) media.ptime_ms = *rc::gen::inRange(0U, 1001U);
            session.media.push_back(media);
        }
        const auto back = parse(print(session));
        RC_ASSERT(back.has_value());
        RC_ASSERT(back.value() == session);
    }));
}

TEST_CASE("an rtpmap that names no encoding leaves a static payload type what it is") {
    const auto session = parse(
        "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
        "m=audio 4000 RTP/AVP 8\r\na=rtpmap:08\r\n");
    REQUIRE(session);
    CHECK(session.value().media.at(0).payload_types.at(0).encoding == "PCMA");
    CHECK(print(parse(print(session.value())).value()) == print(session.value()));
}

// ---- Encryption (RFC 4568) -------------------------------------------------------------------

namespace {

// The key of RFC 4568 §9.1's example is 30 bytes; a 28 byte and a 44 byte one beside it.
const std::string kCm = "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz";
const std::string kGcm128 = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHA==";

LocalMedia with_keys(Encryption encryption = Encryption::WhenOffered) {
    LocalMedia media = local();
    media.encryption = encryption;
    for (const SrtpSuite suite : kSrtpSuites) {
        SrtpKey key{.suite = suite, .master = {}};
        for (std::uint8_t n = 0; auto& byte : key.bytes()) byte = n++;
        media.keys.push_back(key);
    }
    return media;
}

std::string secure_offer(const std::string& crypto, const std::string& proto = "RTP/SAVP") {
    return with_media("m=audio 4000 " + proto + " 0\r\n" + crypto);
}

std::string cm_line(const std::string& rest = "") {
    return "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" + kCm + rest + "\r\n";
}

std::size_t keys_read(const std::string& crypto) {
    const auto offer = parse(secure_offer(crypto));
    REQUIRE(offer.has_value());
    return offer.value().media.front().crypto.size();
}

std::error_code refused(const std::string& text, const LocalMedia& media) {
    const auto offer = parse(text);
    REQUIRE(offer.has_value());
    const auto made = sdp::answer(offer.value(), media);
    REQUIRE_FALSE(made.has_value());
    return made.error().code;
}

}  // namespace

TEST_CASE("a key is read with lifetime and harmless parameters, in its place among others") {
    const auto offer = parse(secure_offer(
        "a=crypto:7 AEAD_AES_128_GCM inline:" + kGcm128 + "|2^48 WSH=128 -UNKNOWN\r\n" +
        "a=crypto:8 F8_128_HMAC_SHA1_80 inline:" + kCm + "\r\n" + cm_line("|1048576")));
    REQUIRE(offer.has_value());
    const auto& crypto = offer.value().media.front().crypto;
    REQUIRE(crypto.size() == 2);
    CHECK(crypto[0].tag == 7);
    CHECK(crypto[0].key.suite == SrtpSuite::AeadAes128Gcm);
    CHECK(crypto[0].key.master[0] == 1);
    CHECK(crypto[0].key.master[27] == 28);
    CHECK(crypto[1].tag == 1);
    CHECK(crypto[1].key.master[29] == 's');
}

TEST_CASE("a line with what we do not know or cannot use is passed over") {
    CHECK(keys_read(cm_line()) == 1);
    CHECK(keys_read(cm_line(" UNENCRYPTED_SRTP")) == 0);
    CHECK(keys_read(cm_line(" KDR=1")) == 0);
    CHECK(keys_read(cm_line("|2^20|1:4")) == 0);
    CHECK(keys_read(cm_line("|1:4")) == 0);
    CHECK(keys_read(cm_line("|2^49")) == 0);
    CHECK(keys_read(cm_line("|0")) == 0);
    CHECK(keys_read(cm_line(";inline:" + kCm)) == 0);
    CHECK(keys_read("a=crypto:1 AES_CM_128_HMAC_SHA1_32 inline:" + kCm + "\r\n") == 0);
    CHECK(keys_read("a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" + kGcm128 + "\r\n") == 0);
    CHECK(keys_read("a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:***\r\n") == 0);
    CHECK(keys_read("a=crypto:0x1 AES_CM_128_HMAC_SHA1_80 inline:" + kCm + "\r\n") == 0);
    CHECK(keys_read("a=crypto:1000000000 AES_CM_128_HMAC_SHA1_80 inline:" + kCm + "\r\n") == 0);
    CHECK(keys_read("a=crypto:1\r\n") == 0);
    CHECK(keys_read("a=crypto:\r\n") == 0);
}

TEST_CASE("there is a limit on keys") {
    std::string lines;
    for (std::size_t n = 0; n < kMaxCryptoLines; ++n) lines += cm_line();
    CHECK(keys_read(lines) == kMaxCryptoLines);
    const auto over = parse(secure_offer(lines + cm_line()));
    REQUIRE_FALSE(over.has_value());
    CHECK(over.error().code == sdp::Errc::TooLarge);
}

TEST_CASE("an encrypted offer is answered with the first cipher of theirs that we have") {
    const Answer made =
        answered(secure_offer(cm_line() + "a=crypto:2 AEAD_AES_128_GCM inline:" + kGcm128 + "\r\n"),
                 with_keys());
    CHECK(has_line(made.text, "m=audio 30000 RTP/SAVP 0"));
    CHECK(has_line(made.text,
                   "a=crypto:1 AES_CM_128_HMAC_SHA1_80 "
                   "inline:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd"));
    CHECK(made.agreed.profile == Profile::Secure);
    REQUIRE(made.agreed.srtp.has_value());
    CHECK(made.agreed.srtp->receive.master[0] == 'Y');
    CHECK(made.agreed.srtp->send == with_keys().keys[2]);
}

TEST_CASE("a key beside RTP/AVP is taken where encryption is allowed") {
    const std::string offer = secure_offer(cm_line(), "RTP/AVP");
    const Answer made = answered(offer, with_keys());
    CHECK(has_line(made.text, "m=audio 30000 RTP/AVP 0"));
    CHECK(made.agreed.profile == Profile::Opportunistic);
    CHECK(made.agreed.srtp.has_value());
    CHECK(answered(offer, with_keys(Encryption::Required)).agreed.srtp.has_value());
    const Answer clear = answered(offer, with_keys(Encryption::Never));
    CHECK_FALSE(clear.agreed.srtp.has_value());
    CHECK(clear.text.find("crypto") == std::string::npos);
}

TEST_CASE("what is wrong with the encryption is told") {
    CHECK(refused(secure_offer(cm_line()), with_keys(Encryption::Never)) ==
          sdp::Errc::EncryptionUnwanted);
    CHECK(refused(secure_offer("a=crypto:1 F8_128_HMAC_SHA1_80 inline:" + kCm + "\r\n"),
                  with_keys()) == sdp::Errc::EncryptionUnknown);
    CHECK(refused(secure_offer(""), with_keys()) == sdp::Errc::EncryptionUnknown);
    CHECK(refused(secure_offer("", "RTP/AVP"), with_keys(Encryption::Required)) ==
          sdp::Errc::EncryptionMissing);
    CHECK(refused(secure_offer(cm_line(), "RTP/SAVPF"), with_keys()) == sdp::Errc::NothingUsable);
}

TEST_CASE("of an encrypted stream and one in clear the first that may be is taken") {
    const std::string both = secure_offer(cm_line()) + "m=audio 4002 RTP/AVP 0\r\n";
    CHECK(answered(both, with_keys()).agreed.remote_port == 4000);
    CHECK(answered(both, with_keys(Encryption::Never)).agreed.remote_port == 4002);
}

TEST_CASE("our offer has a key for each cipher, and its answer one of them") {
    LocalMedia ours = with_keys();
    CHECK(sdp::offer(ours).find("crypto") == std::string::npos);
    ours.profile = Profile::Secure;
    const std::string text = sdp::offer(ours);
    CHECK(has_line(text, "m=audio 30000 RTP/SAVP 0 8 101"));
    const auto offered = parse(text);
    REQUIRE(offered.has_value());
    REQUIRE(offered.value().media.front().crypto.size() == kSrtpSuites.size());
    for (std::size_t n = 0; n < kSrtpSuites.size(); ++n) {
        CHECK(offered.value().media.front().crypto[n].key == ours.keys[n]);
    }

    const auto take = [&](const std::string& answer) {
        const auto session = parse(answer);
        REQUIRE(session.has_value());
        return apply_answer(ours, session.value());
    };
    const std::string third = "a=crypto:3 AES_CM_128_HMAC_SHA1_80 inline:" + kCm + "\r\n";
    const auto agreed = take(secure_offer(third));
    REQUIRE(agreed.has_value());
    CHECK(agreed.value().srtp->send == ours.keys[2]);
    CHECK(agreed.value().srtp->receive.master[0] == 'Y');
    // Another tag, none, two, or another profile is no answer to it.
    CHECK(take(secure_offer(cm_line())).error().code == sdp::Errc::EncryptionMissing);
    CHECK(take(secure_offer("")).error().code == sdp::Errc::EncryptionMissing);
    CHECK(take(secure_offer(third + third)).error().code == sdp::Errc::EncryptionMissing);
    CHECK(take(secure_offer(third, "RTP/AVP")).error().code == sdp::Errc::NothingUsable);
    ours.profile = Profile::Opportunistic;
    CHECK(take(secure_offer(third, "RTP/AVP")).value().srtp.has_value());
    CHECK_FALSE(take(secure_offer("", "RTP/AVP")).value().srtp.has_value());
    ours.encryption = Encryption::Required;
    CHECK(take(secure_offer("", "RTP/AVP")).error().code == sdp::Errc::EncryptionMissing);
}
