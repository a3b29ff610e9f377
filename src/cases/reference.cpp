#include "cases/reference.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "base/check.h"
#include "cases/errc.h"

namespace escucha::cases {

namespace {

// A totally anti-symmetric quasigroup of order 10 with a zero diagonal: H. M. Damm, "Total
// anti-symmetrische Quasigruppen", Marburg 2004.
constexpr std::array<std::string_view, 10> kDamm{"0317598642",
                                                 "7092154863",
                                                 "4206871359",
                                                 "1750983426",
                                                 "6123045978",
                                                 "3674209581",
                                                 "5869720134",
                                                 "8945362017",
                                                 "9438617205",
                                                 "2581436790"};

struct Size {
    std::uint64_t count;  ///< References of this length.
    std::uint64_t first;  ///< The smallest body: no leading zero, which people drop.
};
constexpr std::array<Size, 3> kSizes{
    {{9'000'000, 1'000'000}, {90'000'000, 10'000'000}, {900'000'000, 100'000'000}}};

std::uint64_t load_le(const ReferenceKey& key, std::size_t at) {
    std::uint64_t value = 0;
    for (std::size_t i = 8; i > 0; --i) value = (value << 8U) | key[at + i - 1];
    return value;
}

/// SipHash-2-4 of one 64-bit word (Aumasson and Bernstein, 2012): the keyed function inside the
/// permutation. Without the key its output cannot be told from chance.
class SipHash {
public:
    explicit SipHash(const ReferenceKey& key) : k0_{load_le(key, 0)}, k1_{load_le(key, 8)} {}

    std::uint64_t operator()(std::uint64_t word) const {
        State s{k0_ ^ 0x736f6d6570736575ULL,
                k1_ ^ 0x646f72616e646f6dULL,
                k0_ ^ 0x6c7967656e657261ULL,
                k1_ ^ 0x7465646279746573ULL};
        constexpr std::uint64_t kLengthBlock = 8ULL << 56U;
        for (const std::uint64_t block : {word, kLengthBlock}) {
            s.d ^= block;
            s.round();
            s.round();
            s.a ^= block;
        }
        s.c ^= 0xffU;
        for (int i = 0; i < 4; ++i) s.round();
        return s.a ^ s.b ^ s.c ^ s.d;
    }

private:
    struct State {
        std::uint64_t a, b, c, d;
        void round() {
            a += b;
            c += d;
            b = std::rotl(b, 13) ^ a;
            d = std::rotl(d, 16) ^ c;
            a = std::rotl(a, 32);
            c += b;
            a += d;
            b = std::rotl(b, 17) ^ c;
            d = std::rotl(d, 21) ^ a;
            c = std::rotl(c, 32);
        }
    };
    std::uint64_t k0_;
    std::uint64_t k1_;
};

/// A Feistel network of ten rounds on the smallest even number of bits that holds `count`, walked
/// until the value falls inside (Black and Rogaway, 2002): a permutation of [0, count).
std::uint64_t permute(const SipHash& hash, std::uint64_t value, std::uint64_t count) {
    constexpr std::uint64_t kRounds = 10;
    const unsigned half = (static_cast<unsigned>(std::bit_width(count - 1)) + 1) / 2;
    const std::uint64_t mask = (1ULL << half) - 1;
    do {
        std::uint64_t left = value >> half;
        std::uint64_t right = value & mask;
        for (std::uint64_t round = 0; round < kRounds; ++round) {
            const std::uint64_t mixed = hash((count << 36U) ^ (round << 32U) ^ right) & mask;
            left = std::exchange(right, left ^ mixed);
        }
        value = (left << half) | right;
    } while (value >= count);
    return value;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_separator(char c) { return c == ' ' || c == '-' || c == '.'; }

}  // namespace

char damm_check_digit(std::string_view digits) {
    std::size_t interim = 0;
    for (const char c : digits) {
        ESC_CHECK(is_digit(c));
        interim = static_cast<std::size_t>(kDamm[interim][static_cast<std::size_t>(c - '0')] - '0');
    }
    return static_cast<char>('0' + static_cast<char>(interim));
}

bool has_valid_check_digit(std::string_view digits) {
    return !digits.empty() && std::ranges::all_of(digits, is_digit) &&
           damm_check_digit(digits) == '0';
}

Result<std::string> make_reference(const ReferenceKey& key, std::uint64_t counter) {
    for (const Size& size : kSizes) {
        if (counter < size.count) {
            const std::uint64_t body = size.first + permute(SipHash{key}, counter, size.count);
            std::string reference = std::to_string(body);
            reference.push_back(damm_check_digit(reference));
            return reference;
        }
        counter -= size.count;
    }
    return fail(Errc::ReferencesExhausted);
}

Result<std::string> parse_reference(std::string_view text) {
    std::string digits;
    for (const char c : text) {
        if (is_separator(c)) continue;
        if (!is_digit(c)) return fail(Errc::ReferenceCharacter);
        if (digits.size() == kMaxReferenceDigits) return fail(Errc::ReferenceLength);
        digits.push_back(c);
    }
    if (digits.size() < kMinReferenceDigits) return fail(Errc::ReferenceLength);
    if (!has_valid_check_digit(digits)) return fail(Errc::ReferenceCheckDigit);
    return digits;
}

std::string format_groups(std::string_view reference) {
    const std::size_t first = reference.size() <= kMinReferenceDigits ? 4 : 3;
    const std::size_t groups = std::max<std::size_t>(1, reference.size() / first);
    std::string text;
    for (std::size_t i = 0; i < reference.size(); ++i) {
        if (i > 0 && i % first == 0 && i / first < groups) text.push_back(' ');
        text.push_back(reference[i]);
    }
    return text;
}

}  // namespace escucha::cases
