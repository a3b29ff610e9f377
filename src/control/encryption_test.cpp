#include <doctest/doctest.h>

#include "control/detail/test_world.h"

using namespace escucha;
using namespace escucha::control;
using namespace escucha::control::testing;
using namespace std::chrono_literals;

namespace {

/// A telephone's end of an encrypted stream.
sdp::LocalMedia secret_phone(sdp::Profile profile = sdp::Profile::Secure) {
    sdp::LocalMedia phone;
    phone.address = "192.0.2.9";
    phone.port = 4000;
    phone.profile = profile;
    phone.keys.push_back({.suite = SrtpSuite::AeadAes128Gcm, .master = {9, 9, 9}});
    return phone;
}

std::optional<SrtpKeys> last_keys(const World& world) {
    for (auto command = world.to_media.rbegin(); command != world.to_media.rend(); ++command) {
        if (const auto* remote = std::get_if<media::SetRemote>(&*command)) return remote->srtp;
    }
    return std::nullopt;
}

std::string answer_of(const std::string& offer, const sdp::LocalMedia& phone = secret_phone()) {
    const auto session = sdp::parse(offer);
    REQUIRE(session.has_value());
    auto made = sdp::answer(session.value(), phone);
    REQUIRE(made.has_value());
    return made.value().text;
}

}  // namespace

TEST_CASE("a caller who offers a key is answered with one, and media gets both") {
    for (const auto profile : {sdp::Profile::Secure, sdp::Profile::Opportunistic}) {
        World world;
        const auto phone = secret_phone(profile);
        world.caller(sdp::offer(phone));
        const auto answer = sdp::parse(world.legs_told<AnswerCaller>().front().sdp);
        const auto agreed = sdp::apply_answer(phone, answer.value());
        REQUIRE(agreed.has_value());
        REQUIRE(agreed.value().srtp.has_value());
        REQUIRE(last_keys(world).has_value());
        CHECK(last_keys(world)->send == agreed.value().srtp->receive);
        CHECK(last_keys(world)->receive == phone.keys.front());
    }
}

TEST_CASE("what may not be encrypted, or must be, is refused with its reason") {
    World world;
    const auto call = [&](std::optional<std::string> sdp, Signalling signalling) {
        const std::size_t before = world.legs_told<RejectCaller>().size();
        world.leg(IncomingCall{.leg = LegId::make(world.now.wall, world.rng),
                               .source = world.trunk,
                               .dialled = "100",
                               .caller = "600123456",
                               .caller_display = {},
                               .sdp = std::move(sdp),
                               .signalling = signalling});
        const auto refused = world.legs_told<RejectCaller>();
        if (refused.size() == before) return std::string{};
        CHECK(refused.back().status == 488);
        return refused.back().warning;
    };
    world.set_encryption(sdp::Encryption::Never);
    CHECK(call(sdp::offer(secret_phone()), Signalling::Clear) ==
          "encrypted sound is not allowed here");
    CHECK(call(std::string{kPhoneSdp}, Signalling::Clear).empty());
    world.set_encryption(sdp::Encryption::Required);
    CHECK(call(std::string{kPhoneSdp}, Signalling::Clear) ==
          "encrypted sound (RTP/SAVP with a=crypto) is required");
    CHECK(call(sdp::offer(secret_phone()), Signalling::Clear).empty());
    CHECK(world.centre.counters().encryption_refusals == 2);
    // Without an offer the first key would be ours.
    CHECK_FALSE(call(std::nullopt, Signalling::Clear).empty());
    CHECK(call(std::nullopt, Signalling::Encrypted).empty());
    CHECK(world.legs_told<AnswerCaller>().back().sdp.find("RTP/SAVP") != std::string::npos);
}

TEST_CASE("a trunk may have a rule of its own") {
    World world;
    world.set_encryption(sdp::Encryption::Required, sdp::Encryption::WhenOffered);
    world.caller();
    CHECK(world.legs_told<RejectCaller>().empty());
}

TEST_CASE("a phone on TLS is offered keys, and rung in clear when it has no use for them") {
    World world;
    world.register_phone("ana", Signalling::Encrypted);
    world.make_ready(world.ana);
    world.caller();
    const auto first = world.legs_told<RingPhone>().back();
    CHECK(first.sdp.find("RTP/SAVP") != std::string::npos);
    world.leg(LegFailed{first.leg, 488, "Not Acceptable Here"});
    REQUIRE(world.legs_told<RingPhone>().size() == 2);
    const auto second = world.legs_told<RingPhone>().back();
    CHECK(second.leg != first.leg);
    CHECK(second.sdp.find("crypto") == std::string::npos);
    world.leg(LegAnswered{second.leg, std::string{kPhoneSdp}});
    CHECK(world.state(world.ana) == AgentState::Talking);
    CHECK_FALSE(last_keys(world).has_value());
}

TEST_CASE("a phone whose signalling others can read is never sent a key first") {
    World world;
    world.make_ready(world.ana);
    world.caller();
    CHECK(world.legs_told<RingPhone>().back().sdp.find("crypto") == std::string::npos);
}

TEST_CASE("where encryption is required only phones on TLS are rung, and never in clear") {
    World world;
    world.set_encryption(sdp::Encryption::Required, sdp::Encryption::WhenOffered);
    world.make_ready(world.luis);
    world.caller();
    CHECK(world.legs_told<RingPhone>().empty());
    world.register_phone("ana", Signalling::Encrypted);
    world.make_ready(world.ana);
    REQUIRE(world.legs_told<RingPhone>().size() == 1);
    world.leg(LegFailed{world.legs_told<RingPhone>().back().leg, 488, "Not Acceptable Here"});
    CHECK(world.legs_told<RingPhone>().size() == 1);
}

TEST_CASE("keys stay over hold, a restart of control and a new media process") {
    World world;
    world.register_phone("ana", Signalling::Encrypted);
    world.make_ready(world.ana);
    world.caller();
    const auto ring = world.legs_told<RingPhone>().back();
    world.leg(LegAnswered{ring.leg, answer_of(ring.sdp)});
    const auto keys = last_keys(world);
    REQUIRE(keys.has_value());

    auto holding = secret_phone();
    holding.direction = sdp::Direction::SendOnly;
    world.leg(LegReoffered{ring.leg, sdp::offer(holding)});
    CHECK(world.events("hold_started").size() == 1);
    CHECK(last_keys(world) == keys);

    // Another control goes on with the row, and asks with the same keys.
    REQUIRE(world.rows.size() == 1);
    const auto& [contact, row] = *world.rows.begin();
    World next{world.document};
    next.be_restored_from(world, contact, row);
    const auto asked = next.legs_told<Reoffer>();
    REQUIRE_FALSE(asked.empty());
    const auto to_agent = std::ranges::find(asked, ring.leg, &Reoffer::leg);
    REQUIRE(to_agent != asked.end());
    next.leg(LegReofferAnswered{ring.leg, answer_of(to_agent->sdp)});
    CHECK(last_keys(next) == keys);

    // Nothing that people or pages see has a key.
    for (const Event& event : world.journal) {
        for (const auto& [name, value] : event.data) {
            const auto* text = std::get_if<std::string>(&value);
            if (text != nullptr) CHECK(text->find("inline") == std::string::npos);
        }
    }
    const auto trace = *world.centre.trace_of(world.company->id, contact);
    CHECK(std::ranges::any_of(trace, [](const TraceLine& line) {
        return line.text == "the sound of the agent goes AEAD_AES_128_GCM";
    }));

    world.act([&](Effects& out) { world.centre.media_lost(world.now, out); });
    world.act([&](Effects& out) { world.centre.media_ready({}, world.now, out); });
    const auto anew = world.legs_told<Reoffer>();
    const auto revived = std::ranges::find(anew, ring.leg, &Reoffer::leg);
    REQUIRE(revived != anew.end());
    world.leg(LegReofferAnswered{ring.leg, answer_of(revived->sdp)});
    CHECK(last_keys(world) == keys);
}

TEST_CASE("how a leg was encrypted is journalled with its sound") {
    World world;
    const LegId leg = world.caller(sdp::offer(secret_phone()));
    world.leg(LegEnded{leg, "bye"});
    const auto* destroy = std::get_if<media::Destroy>(&world.to_media.back());
    REQUIRE(destroy != nullptr);
    media::Destroyed gone{.endpoint = destroy->endpoint};
    gone.stats = {.endpoint = destroy->endpoint,
                  .packets_received = 100,
                  .packets_unauthentic = 3,
                  .suite = SrtpSuite::AeadAes128Gcm};
    world.sound(gone);
    CHECK(world.field("sound_measured", "cipher") == "AEAD_AES_128_GCM");
    CHECK(world.field("sound_measured", "unauthentic") == "3");
    CHECK(world.centre.counters().legs_encrypted == 1);
    CHECK(world.centre.counters().packets_unauthentic == 3);
}
