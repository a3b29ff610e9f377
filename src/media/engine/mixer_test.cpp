#include "media/engine/mixer.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <vector>

#include "base/rng.h"

namespace escucha::media {
namespace {

constexpr std::int32_t kFull = std::numeric_limits<std::int16_t>::max();
constexpr std::int32_t kMostNegative = std::numeric_limits<std::int16_t>::min();
constexpr std::size_t kFrame = 160;
using Frame = std::vector<std::int16_t>;

MixMember full(std::uint64_t id) { return {.endpoint = EndpointId{id}}; }
MixMember listener(std::uint64_t id) {
    return {.endpoint = EndpointId{id}, .role = MixRole::Listener};
}
MixMember whisperer(std::uint64_t id, std::uint64_t to) {
    return {.endpoint = EndpointId{id}, .role = MixRole::Whisperer, .whisper_to = EndpointId{to}};
}

Seats seats(std::initializer_list<std::size_t> which) {
    Seats result;
    for (const std::size_t seat : which) result.set(seat);
    return result;
}

Frame noise(Rng& rng) {
    Frame frame(kFrame);
    for (auto& sample : frame) {
        sample =
            static_cast<std::int16_t>(kMostNegative + static_cast<std::int32_t>(rng.below(65'536)));
    }
    return frame;
}

Frame copy(std::span<const std::int16_t> samples) { return {samples.begin(), samples.end()}; }

}  // namespace

TEST_CASE("who hears whom: every pair of roles") {
    const MixMember caller = full(1);
    const MixMember agent = full(2);
    const MixMember silent = listener(3);
    const MixMember coach = whisperer(4, 2);
    const std::vector<MixMember> all{caller, agent, silent, coach};
    //                               caller agent listener whisperer (to the agent)
    const bool expected[4][4] = {{false, true, false, false},  // The caller hears
                                 {true, false, false, true},   // The agent hears
                                 {true, true, false, false},   // The listener hears
                                 {true, true, false, false}};  // The whisperer hears
    for (std::size_t who = 0; who < all.size(); ++who) {
        for (std::size_t whom = 0; whom < all.size(); ++whom) {
            CAPTURE(who);
            CAPTURE(whom);
            CHECK(hears(all[who], all[whom]) == expected[who][whom]);
        }
    }
    // A listener and another whisperer may be whispered to as well.
    CHECK(hears(silent, whisperer(5, 3)));
    CHECK(hears(coach, whisperer(5, 4)));
    CHECK_FALSE(hears(whisperer(5, 5), whisperer(5, 5)));
}

TEST_CASE(
    "the limiter is the sum until it is loud, rises on, bends alike below zero, never wraps") {
    CHECK(limit(0) == 0);
    CHECK(limit(kLimitFrom) == kLimitFrom);
    CHECK(limit(-kLimitFrom) == -kLimitFrom);
    CHECK(limit(kLimitFrom + 1) <= kLimitFrom + 1);
    constexpr std::int32_t kMost = static_cast<std::int32_t>(kMaxMixMembers) * 32'768;
    std::int32_t before = -kFull;
    for (std::int32_t sum = -kMost; sum <= kMost; ++sum) {
        const std::int32_t is = limit(sum);
        const bool is_right = is >= before && is - before <= 1 + (sum == -kMost ? kFull : 0) &&
                              is == -limit(-sum) && std::abs(is) <= kFull &&
                              std::abs(is) <= std::abs(sum) &&
                              (std::abs(sum) > kLimitFrom || is == sum);
        if (!is_right) {
            CAPTURE(sum);
            REQUIRE(is_right);
        }
        before = is;
    }
    CHECK(limit(std::numeric_limits<std::int32_t>::max()) <= kFull);
    CHECK(limit(std::numeric_limits<std::int32_t>::min()) >= -kFull);
}

TEST_CASE("silence in is silence out: of nobody, and of those who say it") {
    Mixer mixer;
    mixer.begin(kFrame);
    CHECK(mixer.sum(Seats{}.set()).empty());
    const Frame silence(kFrame, 0);
    mixer.add(2, silence);
    CHECK(mixer.sum(seats({0, 1})).empty());
    mixer.add(5, silence);
    const auto sum = mixer.sum(Seats{}.set());
    REQUIRE(sum.size() == kFrame);
    CHECK(std::all_of(sum.begin(), sum.end(), [](auto sample) { return sample == 0; }));
    // The beat before is forgotten.
    mixer.begin(kFrame);
    CHECK(mixer.speaking().none());
    CHECK(mixer.sum(Seats{}.set()).empty());
}

TEST_CASE("a single voice is heard bit for bit, however loud") {
    Rng rng{1};
    const Frame voice = noise(rng);
    Mixer mixer;
    mixer.begin(kFrame);
    mixer.add(3, voice);
    CHECK(copy(mixer.sum(Seats{}.set())) == voice);
    CHECK(mixer.sum(~seats({3})).empty());
}

TEST_CASE("whoever speaks, each hears exactly the sum of the others, and never itself") {
    Rng rng{2};
    for (int round = 0; round < 300; ++round) {
        CAPTURE(round);
        std::vector<MixMember> members;
        const std::size_t count = 1 + rng.below(kMaxMixMembers);
        for (std::size_t i = 0; i < count; ++i) {
            const std::uint64_t kind = rng.below(4);
            members.push_back(kind == 0   ? listener(i + 1)
                              : kind == 1 ? whisperer(i + 1, 1 + rng.below(count))
                                          : full(i + 1));
        }
        std::vector<Frame> frames(count);
        Mixer mixer;
        mixer.begin(kFrame);
        for (std::size_t i = 0; i < count; ++i) {
            if (rng.below(3) == 0) continue;
            frames[i] = noise(rng);
            mixer.add(i, frames[i]);
        }
        for (std::size_t who = 0; who < count; ++who) {
            Seats heard;
            std::vector<std::int32_t> expected(kFrame);
            std::size_t voices = 0;
            for (std::size_t whom = 0; whom < count; ++whom) {
                if (!hears(members[who], members[whom])) continue;
                heard.set(whom);
                if (frames[whom].empty()) continue;
                ++voices;
                for (std::size_t i = 0; i < kFrame; ++i) expected[i] += frames[whom][i];
            }
            CHECK_FALSE(heard.test(who));
            const Frame is = copy(mixer.sum(heard));
            REQUIRE(is.size() == (voices == 0 ? 0 : kFrame));
            for (std::size_t i = 0; i < is.size(); ++i) {
                const std::int32_t wanted = voices == 1 ? expected[i] : limit(expected[i]);
                if (is[i] != wanted) REQUIRE(is[i] == wanted);
            }
            // What it says changes nothing of what it hears.
            if (frames[who].empty()) continue;
            Mixer without;
            without.begin(kFrame);
            for (std::size_t i = 0; i < count; ++i) {
                if (i != who && !frames[i].empty()) without.add(i, frames[i]);
            }
            CHECK(copy(without.sum(heard)) == is);
        }
    }
}

TEST_CASE("eight at full scale stay within it") {
    for (const std::int16_t sample : {std::int16_t{32'767}, std::int16_t{-32'768}}) {
        const Frame loud(Mixer::kMaxFrame, sample);
        Mixer mixer;
        mixer.begin(Mixer::kMaxFrame);
        for (std::size_t i = 0; i < kMaxMixMembers; ++i) mixer.add(i, loud);
        for (const std::int16_t heard : mixer.sum(Seats{}.set())) {
            if ((heard < 0) != (sample < 0) || std::abs(heard) < kLimitFrom)
                REQUIRE(heard == sample);
        }
    }
}

}  // namespace escucha::media
