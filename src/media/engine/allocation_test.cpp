#include <doctest/doctest.h>

#include <openssl/crypto.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "audio/encoder.h"
#include "media/engine/detail/engine_rig.h"

// The thread sanitizer brings allocation functions of its own, which cannot be replaced.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define ESC_TEST_OWN_ALLOCATION_ONLY
#endif
#endif
#if defined(__SANITIZE_THREAD__)
#define ESC_TEST_OWN_ALLOCATION_ONLY
#endif

#ifndef ESC_TEST_OWN_ALLOCATION_ONLY

// Every allocation of this test program is counted, on whatever thread; OpenSSL's too.
namespace {
std::atomic<std::uint64_t> allocations{0};

void* allocate_for_openssl(std::size_t size, const char*, int) {
    allocations.fetch_add(1, std::memory_order_relaxed);
    return std::malloc(size);
}
void* reallocate_for_openssl(void* memory, std::size_t size, const char*, int) {
    allocations.fetch_add(1, std::memory_order_relaxed);
    return std::realloc(memory, size);
}
void free_for_openssl(void* memory, const char*, int) { std::free(memory); }
// Possible only before OpenSSL takes memory for the first time.
const bool counts_openssl =
    CRYPTO_set_mem_functions(allocate_for_openssl, reallocate_for_openssl, free_for_openssl) == 1;
}  // namespace

void* operator new(std::size_t size) {
    allocations.fetch_add(1, std::memory_order_relaxed);
    if (void* memory = std::malloc(size)) return memory;
    throw std::bad_alloc{};
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace escucha::media {

using namespace test;

TEST_CASE("packets allocate nothing: received, relayed, recoded, recorded or made from a prompt") {
    constexpr EndpointId kCaller{11};
    constexpr EndpointId kAgent{12};
    constexpr EndpointId kWaiting{13};
    Rig rig;
    Phone caller{1};
    Phone agent{2};
    Phone waiting{3};
    rig.connect(kCaller, caller);
    rig.connect(kAgent, agent, Codec::Pcma);
    rig.connect(kWaiting, waiting);
    rig.command(Bridge{.a = kCaller, .b = kAgent});
    rig.await<Bridged>();
    rig.command(Record{.recording = RecordingId{Uuid{.high = 1, .low = 1}},
                       .path = "a.rec",
                       .left = kCaller,
                       .right = kAgent});
    rig.await<RecordStarted>();
    rig.command(Play{.endpoint = kWaiting,
                     .play = PlayId{1},
                     .prompts = {"tone:ringing"},
                     .repeat = Repeat::Forever});
    rig.next(waiting);

    std::array<std::byte, rtp::kHeaderBytes + 160> packet{};
    std::array<std::byte, rtp::kMaxPacketBytes> heard{};
    const auto port = std::get<Created>(rig.told[0]).port;
    const SocketAddress to = to_socket(parse_address("127.0.0.1", port).value());
    const auto exchange = [&](std::uint16_t sequence) {
        rtp::write({.sequence = {sequence}, .timestamp = {sequence * 160U}, .ssrc = 1},
                   std::span{packet}.first<rtp::kHeaderBytes>());
        send(caller.fd(), packet, to);
        ESC_CHECK(wait_readable(agent.fd(), read_clocks().mono + kDeadline));
        ESC_CHECK(receive(agent.fd(), heard).has_value());
    };
    // The first packet locks the source, which is told.
    exchange(0);
    rig.await<SourceLocked>();
    rig.settle(kWaiting);
    const std::uint64_t before = allocations.load();
    for (std::uint16_t i = 1; i <= 200; ++i) exchange(i);
    const std::uint64_t during = allocations.load() - before;
    // The writer takes its jobs a few times a second; that is all there may be.
    CHECK(during < 20);
}

TEST_CASE("secret packets allocate nothing: opened, passed on and sealed, or refused") {
    REQUIRE(counts_openssl);
    constexpr EndpointId kCaller{11};
    constexpr EndpointId kAgent{12};
    for (const SrtpSuite suite : kSrtpSuites) {
        const SrtpKey key{.suite = suite, .master = {1, 2, 3}};
        Rig rig;
        Phone caller{1};
        Phone agent{2};
        rig.connect_secure(kCaller, caller, {.send = key, .receive = key});
        rig.connect_secure(kAgent, agent, {.send = key, .receive = key});
        rig.command(Bridge{.a = kCaller, .b = kAgent});
        rig.await<Bridged>();
        rtp::SrtpDirection sealing{key};
        std::array<std::byte, rtp::kHeaderBytes + 160 + rtp::kSrtpRoom> packet{};
        std::array<std::byte, rtp::kMaxPacketBytes> heard{};
        const auto port = std::get<Created>(rig.told[0]).port;
        const SocketAddress to = to_socket(parse_address("127.0.0.1", port).value());
        const auto exchange = [&](std::uint16_t sequence) {
            rtp::write({.sequence = {sequence}, .timestamp = {sequence * 160U}, .ssrc = 1},
                       std::span{packet}.first<rtp::kHeaderBytes>());
            const auto size = sealing.protect_rtp(packet, rtp::kHeaderBytes + 160);
            const auto whole = ByteView{packet}.first(size.value());
            send(caller.fd(), whole.first(whole.size() - 1), to);  // Refused: a byte is missing.
            send(caller.fd(), whole, to);
            ESC_CHECK(wait_readable(agent.fd(), read_clocks().mono + kDeadline));
            ESC_CHECK(receive(agent.fd(), heard).has_value());
        };
        exchange(0);
        rig.await<SourceLocked>();
        const std::uint64_t before = allocations.load();
        for (std::uint16_t i = 1; i <= 200; ++i) exchange(i);
        CHECK(allocations.load() - before < 20);
    }
}

TEST_CASE("voices allocate nothing: decoded, made up, recorded, encoded, in either direction") {
    constexpr EndpointId kCaller{11};
    constexpr EndpointId kAgent{12};
    Rig rig;
    Phone caller{1};
    Phone agent{2};
    const std::uint16_t port = rig.create(kCaller).port;
    caller.aim(port);
    rig.command(SetRemote{.endpoint = kCaller,
                          .ip = "127.0.0.1",
                          .port = caller.port(),
                          .codec = Codec::Opus,
                          .opus_pt = 96});
    rig.connect(kAgent, agent);
    rig.command(Bridge{.a = kCaller, .b = kAgent});
    rig.await<Bridged>();
    rig.command(Record{.recording = RecordingId{Uuid{.high = 1, .low = 1}},
                       .path = "a.rec",
                       .left = kCaller,
                       .right = kAgent});
    rig.await<RecordStarted>();

    auto encoder = audio::Encoder::make(audio::Codec::Opus).value();
    const auto voice = tone(300, encoder.frame_samples());
    std::array<std::byte, audio::kMaxFrameBytes> payload{};
    const std::size_t size = encoder.encode(voice, payload);
    const SocketAddress to = to_socket(parse_address("127.0.0.1", port).value());
    std::array<std::byte, rtp::kHeaderBytes + audio::kMaxFrameBytes> packet{};
    std::copy(payload.begin(), payload.end(), packet.begin() + rtp::kHeaderBytes);
    std::array<std::byte, rtp::kMaxPacketBytes> heard{};
    Beat beat;
    int packets = 0;
    std::uint16_t sequence = 0;
    const auto exchange = [&] {
        beat.wait();
        // One in eight is lost.
        if (++sequence % 8 != 0) {
            rtp::write({.payload_type = 96,
                        .sequence = {sequence},
                        .timestamp = {sequence * 960U},
                        .ssrc = 1},
                       std::span{packet}.first<rtp::kHeaderBytes>());
            send(caller.fd(), ByteView{packet}.first(rtp::kHeaderBytes + size), to);
        }
        while (receive(agent.fd(), heard)) ++packets;
    };
    for (int i = 0; i < 25; ++i) exchange();
    rig.await<SourceLocked>();
    rig.settle(kAgent);
    packets = 0;
    const std::uint64_t before = allocations.load();
    for (int i = 0; i < 100; ++i) exchange();
    const std::uint64_t during = allocations.load() - before;
    CHECK(packets > 80);
    CHECK(during < 20);
}

namespace {

/// A member of a conference with its one packet, sent over and over.
class Member {
public:
    Member(Rig& rig, EndpointId id, Codec codec, const std::optional<SrtpKeys>& keys)
        : phone_{static_cast<std::uint32_t>(id)} {
        const std::uint16_t port = rig.create(id).port;
        to_ = to_socket(parse_address("127.0.0.1", port).value());
        auto encoder = audio::Encoder::make(to_audio(codec)).value();
        payload_.resize(audio::kMaxFrameBytes);
        payload_.resize(encoder.encode(tone(440, encoder.frame_samples()), payload_));
        ticks_ = encoder.frame_ticks();
        const std::uint8_t opus_pt = codec == Codec::Opus ? 96 : 0;
        header_.payload_type = opus_pt != 0 ? opus_pt : static_cast<std::uint8_t>(codec);
        header_.ssrc = static_cast<std::uint32_t>(id);
        if (keys) sealing_ = std::make_unique<rtp::SrtpDirection>(keys->receive);
        rig.command(SetRemote{.endpoint = id,
                              .ip = "127.0.0.1",
                              .port = phone_.port(),
                              .codec = codec,
                              .opus_pt = opus_pt,
                              .srtp = keys});
    }
    void say() {
        rtp::write(header_, std::span{packet_}.first<rtp::kHeaderBytes>());
        std::copy(payload_.begin(), payload_.end(), packet_.begin() + rtp::kHeaderBytes);
        std::size_t size = rtp::kHeaderBytes + payload_.size();
        if (sealing_) size = sealing_->protect_rtp(packet_, size).value();
        send(phone_.fd(), ByteView{packet_}.first(size), to_);
        header_.sequence = header_.sequence.plus(1);
        header_.timestamp = header_.timestamp.plus(ticks_);
    }
    /// The packets that have come.
    int hear() {
        std::array<std::byte, rtp::kMaxPacketBytes> heard{};
        int packets = 0;
        while (receive(phone_.fd(), heard)) ++packets;
        return packets;
    }

private:
    Phone phone_;
    SocketAddress to_{};
    Bytes payload_;
    rtp::Header header_;
    std::uint32_t ticks_ = 0;
    std::unique_ptr<rtp::SrtpDirection> sealing_;
    std::array<std::byte, rtp::kHeaderBytes + audio::kMaxFrameBytes + rtp::kSrtpRoom> packet_{};
};

}  // namespace

TEST_CASE("a conference allocates nothing: eight members of all codecs, one secret, all mixed") {
    Rig rig;
    const SrtpKeys keys{.send = {.suite = SrtpSuite::AeadAes128Gcm, .master = {1, 2, 3}},
                        .receive = {.suite = SrtpSuite::AeadAes128Gcm, .master = {4, 5, 6}}};
    constexpr std::array kCodecs{Codec::Pcmu, Codec::Pcma, Codec::G722, Codec::Opus};
    std::vector<Member> members;
    Mix mix{.mix = MixId{1}, .members = {}};
    for (std::size_t i = 0; i < kMaxMixMembers; ++i) {
        const EndpointId id{i + 1};
        members.emplace_back(
            rig, id, kCodecs.at(i % kCodecs.size()), i == 0 ? std::optional{keys} : std::nullopt);
        mix.members.push_back({.endpoint = id});
    }
    mix.members[5].role = MixRole::Listener;
    mix.members[6].role = MixRole::Listener;
    mix.members[7] = {
        .endpoint = EndpointId{8}, .role = MixRole::Whisperer, .whisper_to = EndpointId{1}};
    rig.command(mix);
    Beat beat;
    int packets = 0;
    const auto exchange = [&] {
        beat.wait();
        for (Member& member : members) {
            member.say();
            packets += member.hear();
        }
    };
    for (int i = 0; i < 25; ++i) exchange();
    rig.settle(EndpointId{1});
    packets = 0;
    const std::uint64_t before = allocations.load();
    for (int i = 0; i < 100; ++i) exchange();
    const std::uint64_t during = allocations.load() - before;
    CHECK(packets > 8 * 80);
    CHECK(during < 20);
}

}  // namespace escucha::media

#endif  // ESC_TEST_OWN_ALLOCATION_ONLY
