#include <doctest/doctest.h>

#include "audio/tone_keys.h"

#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "base/rng.h"
#include "rtp/g711.h"

using namespace escucha;
using namespace escucha::audio;

namespace {

constexpr std::size_t kFrame = 160;
constexpr std::size_t kPerMs = kToneRateHz / 1000;
using Sound = std::vector<std::int16_t>;

void add_tone(Sound& sound, char key, std::size_t ms) {
    const std::size_t at = sound.size();
    sound.resize(at + ms * kPerMs);
    make_tone(key, 0, std::span{sound}.subspan(at));
}
void add_silence(Sound& sound, std::size_t ms) { sound.resize(sound.size() + ms * kPerMs, 0); }

struct Heard {
    std::string started;
    std::string ended;
    std::vector<int> lengths_ms;
};
Heard listen(const Sound& sound, std::size_t piece = kFrame) {
    ToneListener listener;
    Heard heard;
    for (std::size_t at = 0; at < sound.size(); at += piece) {
        const auto update =
            listener.listen(std::span{sound}.subspan(at, std::min(piece, sound.size() - at)));
        if (update.started) heard.started += *update.started;
        if (update.ended) {
            heard.ended += update.ended->key;
            heard.lengths_ms.push_back(static_cast<int>(update.ended->duration.count()));
        }
    }
    return heard;
}

Sound keys(std::string_view which, std::size_t tone_ms, std::size_t pause_ms) {
    Sound sound;
    add_silence(sound, 100);
    for (const char key : which) {
        add_tone(sound, key, tone_ms);
        add_silence(sound, pause_ms);
    }
    add_silence(sound, 100);
    return sound;
}

}  // namespace

TEST_CASE("each of the sixteen keys is heard once, with about its length") {
    const std::string all = "0123456789*#ABCD";
    const Heard heard = listen(keys(all, 100, 100));
    CHECK(heard.started == all);
    CHECK(heard.ended == all);
    for (const int length : heard.lengths_ms) CHECK(std::abs(length - 100) <= 26);
}

TEST_CASE("how the sound is cut into packets changes nothing") {
    for (const std::size_t piece : {1UL, 37UL, 80UL, 160UL}) {
        CHECK(listen(keys("159*", 80, 60), piece).ended == "159*");
    }
}

TEST_CASE("the shortest press of Q.24 is heard, and a click is not") {
    CHECK(listen(keys("7777", 45, 50)).ended == "7777");
    CHECK(listen(keys("7777", 15, 60)).ended.empty());
}

TEST_CASE("quantised, quiet and beside noise, keys are the same") {
    Rng rng{7};
    Sound sound = keys("0918273645", 70, 60);
    for (std::int16_t& sample : sound) {
        const auto noise = static_cast<int>(rng.below(401)) - 200;
        sample = static_cast<std::int16_t>(sample / 4 + noise);  // -12 dB
        sample = rtp::decode(rtp::Law::A, rtp::encode(rtp::Law::A, sample));
    }
    CHECK(listen(sound).ended == "0918273645");
}

TEST_CASE("one tone, noise and silence are no keys") {
    Sound sound;
    add_silence(sound, 200);
    for (int i = 0; i < 4'000; ++i) {
        sound.push_back(
            static_cast<std::int16_t>(8'000 * std::sin(2 * 3.14159265 * 770 * i / 8'000)));
    }
    Rng rng{11};
    for (int i = 0; i < 80'000; ++i) {
        sound.push_back(static_cast<std::int16_t>(static_cast<int>(rng.below(16'001)) - 8'000));
    }
    CHECK(listen(sound).started.empty());
}

TEST_CASE("a tone made in pieces is one tone") {
    std::array<std::int16_t, 2 * kFrame> whole{};
    std::array<std::int16_t, 2 * kFrame> pieces{};
    make_tone('5', 0, whole);
    make_tone('5', 0, std::span{pieces}.first(kFrame));
    make_tone('5', kFrame, std::span{pieces}.last(kFrame));
    CHECK(whole == pieces);
}
