#include "identity/totp.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "base/rng.h"

using namespace escucha;
using namespace escucha::identity;
using namespace std::chrono_literals;

namespace {

/// RFC 6238, appendix B, "12345678901234567890".
TotpSecret example() {
    TotpSecret secret{};
    std::ranges::copy(std::string_view{"12345678901234567890"}, secret.begin());
    return secret;
}

WallTime at(std::int64_t seconds) { return from_micros(seconds * 1'000'000); }

}  // namespace

TEST_CASE("codes are those of RFC 6238, appendix B, cut to six digits") {
    struct Line {
        std::int64_t seconds;
        std::string_view code;
    };
    constexpr Line kLines[] = {{59, "287082"},
                               {1'111'111'109, "081804"},
                               {1'111'111'111, "050471"},
                               {1'234'567'890, "005924"},
                               {2'000'000'000, "279037"},
                               {20'000'000'000, "353130"}};
    for (const Line& line : kLines) {
        CAPTURE(line.seconds);
        CHECK(totp_code(example(), totp_step(at(line.seconds))) == line.code);
        CHECK(matching_step(example(), line.code, at(line.seconds), 0) ==
              totp_step(at(line.seconds)));
    }
}

TEST_CASE("a code holds one step before and after its own, and no longer") {
    const auto now = at(1'234'567'890);
    const std::int64_t step = totp_step(now);
    for (std::int64_t distance = -3; distance <= 3; ++distance) {
        CAPTURE(distance);
        const std::string code = totp_code(example(), step + distance);
        const auto found = matching_step(example(), code, now, 0);
        if (distance >= -kTotpDrift && distance <= kTotpDrift) {
            CHECK(found == step + distance);
        } else {
            CHECK_FALSE(found);
        }
    }
}

TEST_CASE("a code that was used, and those before it, are not taken again") {
    const auto now = at(1'234'567'890);
    const std::int64_t step = totp_step(now);
    CHECK_FALSE(matching_step(example(), totp_code(example(), step), now, step));
    CHECK_FALSE(matching_step(example(), totp_code(example(), step - 1), now, step));
    CHECK(matching_step(example(), totp_code(example(), step + 1), now, step) == step + 1);
}

TEST_CASE("what is no code is none") {
    const auto now = at(1'234'567'890);
    for (const char* text : {"", "00592", "0059240", "00592a", "      "}) {
        CAPTURE(text);
        CHECK_FALSE(matching_step(example(), text, now, 0));
    }
}

TEST_CASE("for any secret and moment its own code is taken once, and one digit off is not") {
    Rng rng{11};
    for (int i = 0; i < 200; ++i) {
        const TotpSecret secret = make_totp_secret();
        const auto now = at(static_cast<std::int64_t>(rng.below(4'000'000'000)));
        std::string code = totp_code(secret, totp_step(now));
        const auto step = matching_step(secret, code, now, 0);
        REQUIRE(step);
        CHECK_FALSE(matching_step(secret, code, now, *step));
        code[i % 6] = code[i % 6] == '9' ? '0' : static_cast<char>(code[i % 6] + 1);
        std::set<std::string> near;
        for (std::int64_t other = *step - 2; other <= *step + 2; ++other) {
            near.insert(totp_code(secret, other));
        }
        if (!near.contains(code)) {
            CHECK_FALSE(matching_step(secret, code, now, 0));
        }
    }
}

TEST_CASE("a secret is written as authenticators read it") {
    CHECK(to_base32(example()) == "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    CHECK(totp_uri("ana", example()) ==
          "otpauth://totp/Escucha:ana?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Escucha");
    CHECK(make_totp_secret() != make_totp_secret());
    for (int i = 0; i < 100; ++i) {
        const TotpSecret secret = make_totp_secret();
        CHECK(parse_base32(to_base32(secret)) == secret);
    }
    CHECK_FALSE(parse_base32("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJ"));
    CHECK_FALSE(parse_base32("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJ1"));
}
