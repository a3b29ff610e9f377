#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "media/engine/detail/test_rig.h"
#include "media/engine/engine.h"

namespace escucha::media::test {

inline constexpr std::uint8_t kEventPt = 101;

/// An engine on loopback with its folders, and what it has told so far.
struct Rig {
    TempFolder folder;
    std::unique_ptr<Engine> engine;
    std::vector<Event> told;
    std::size_t read = 0;

    explicit Rig(std::uint16_t low = 30'000, std::uint16_t high = 31'999)
        : Rig{EngineConfig{}, low, high} {}
    Rig(EngineConfig config, std::uint16_t low, std::uint16_t high) {
        config.port_low = low;
        config.port_high = high;
        config.workers = 2;
        config.recordings = folder.path("recordings");
        config.prompts = folder.path("prompts");
        auto started = Engine::start(config);
        REQUIRE(started.has_value());
        engine = std::move(started).value();
    }

    void command(const Command& c) { engine->handle(with_key(c), read_clocks(), told); }

    /// The next event of this type from here on, others skipped; fails at the deadline.
    template <typename T>
    T await() {
        const Instant until = read_clocks().mono + kDeadline;
        while (true) {
            for (; read < told.size(); ++read) {
                if (const auto* found = std::get_if<T>(&told[read])) {
                    ++read;
                    return *found;
                }
            }
            REQUIRE_MESSAGE(wait_readable(engine->event_fd(), until), "no such event in time");
            engine->collect(read_clocks(), told);
        }
    }
    template <typename T>
    [[nodiscard]] std::size_t count() const {
        return static_cast<std::size_t>(std::count_if(
            told.begin(), told.end(), [](const Event& e) { return std::holds_alternative<T>(e); }));
    }

    Created create(EndpointId id, CallGroup group = CallGroup{1}) {
        command(Create{.endpoint = id, .group = group});
        return await<Created>();
    }
    /// An endpoint with this phone at its other end.
    void connect(EndpointId id,
                 Phone& phone,
                 Codec codec = Codec::Pcmu,
                 Direction direction = Direction::Both) {
        phone.aim(create(id).port);
        aim(id, phone, codec, direction);
    }
    void aim(EndpointId id,
             const Phone& phone,
             Codec codec = Codec::Pcmu,
             Direction direction = Direction::Both) {
        command(SetRemote{.endpoint = id,
                          .ip = "127.0.0.1",
                          .port = phone.port(),
                          .codec = codec,
                          .telephone_event_pt = kEventPt,
                          .direction = direction});
        settle(id);
    }
    /// The same in SRTP.
    void aim_secure(EndpointId id, Phone& phone, const SrtpKeys& keys, Codec codec = Codec::Pcmu) {
        command(SetRemote{.endpoint = id,
                          .ip = "127.0.0.1",
                          .port = phone.port(),
                          .codec = codec,
                          .telephone_event_pt = kEventPt,
                          .srtp = keys});
        settle(id);
    }
    void connect_secure(EndpointId id,
                        Phone& phone,
                        const SrtpKeys& keys,
                        Codec codec = Codec::Pcmu) {
        phone.aim(create(id).port);
        phone.guard(keys);
        aim_secure(id, phone, keys, codec);
    }
    /// Until the worker has done what was commanded so far: a packet sent now finds it done.
    void settle(EndpointId id) {
        command(Stats{.endpoint = id});
        await<StatsReport>();
    }
    /// Until the endpoint has judged that many packets, taken or refused; its figures then.
    StatsReport await_packets(EndpointId id, std::uint64_t packets) {
        const Instant until = read_clocks().mono + kDeadline;
        while (true) {
            command(Stats{.endpoint = id});
            const auto stats = await<StatsReport>();
            if (stats.packets_received + stats.packets_refused >= packets) return stats;
            REQUIRE_MESSAGE(read_clocks().mono < until, "packets did not come in time");
        }
    }
    void prompt(const std::string& name, std::span<const std::int16_t> samples) const {
        write_wav(folder.path("prompts/" + name), samples);
    }
    /// The next packet the phone hears; the engine goes on meanwhile.
    Heard next(Phone& phone) {
        const Instant until = read_clocks().mono + kDeadline;
        while (true) {
            if (auto heard = phone.hear()) return *heard;
            REQUIRE_MESSAGE(wait_readable(phone.fd(), engine->event_fd(), until),
                            "nothing heard in time");
            engine->collect(read_clocks(), told);
        }
    }
    /// Packets of audio until `samples` are heard.
    Bytes listen(Phone& phone, std::size_t samples) {
        Bytes result;
        while (result.size() < samples) {
            const Heard heard = next(phone);
            result.insert(result.end(), heard.payload.begin(), heard.payload.end());
        }
        return result;
    }
    [[nodiscard]] std::string recording(const std::string& name) const {
        return folder.path("recordings/" + name);
    }
};

}  // namespace escucha::media::test
