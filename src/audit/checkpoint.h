#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "audit/entry.h"
#include "base/result.h"

namespace escucha::audit {

using Signature = std::array<std::uint8_t, 64>;

/// A signed statement that the company's chain had this hash at this number. Whoever rewrites the
/// chain up to here cannot make it again without the key.
struct Checkpoint {
    CompanyId company{};
    std::int64_t ordinal = 0;  ///< Of the company, from 1, without holes: none can be taken out.
    Head head{};
    WallTime at{};
    std::string key{};  ///< Whose signature it is: the first 8 bytes of the public key in hex.
    Signature signature{};
    bool operator==(const Checkpoint&) const = default;
};

/// After so many entries, or so long after the last one, an entry is followed by a checkpoint.
inline constexpr std::int64_t kCheckpointEvery = 1'000;
inline constexpr std::chrono::minutes kCheckpointAfter{5};
/// Entries of one commit; with them the due one may be passed, and no further.
inline constexpr std::int64_t kMostAtOnce = 4'096;
inline constexpr std::int64_t kMostUnsealed = kCheckpointEvery + kMostAtOnce;

/// The installation's Ed25519 keys, in a file of mode 0600 beside the recordings' keys: one line a
/// key, the last one signs, those before it still verify. Never changes; any thread.
class SigningKeys {
public:
    enum class WhenMissing { Make, Refuse };
    /// Errors: `NoKeyFile`, `OpenKeyFile`, `BadKeyFile`, `Io`.
    static Result<SigningKeys> open(const std::filesystem::path& path,
                                    WhenMissing missing,
                                    WallTime now);
    SigningKeys(const SigningKeys&) = delete;
    SigningKeys& operator=(const SigningKeys&) = delete;
    SigningKeys(SigningKeys&&) = default;
    SigningKeys& operator=(SigningKeys&&) = delete;
    ~SigningKeys();

    [[nodiscard]] Checkpoint sign(CompanyId company,
                                  std::int64_t ordinal,
                                  const Head& head,
                                  WallTime at) const;

    enum class Check { Good, Forged, UnknownKey };
    [[nodiscard]] Check check(const Checkpoint& checkpoint) const;

private:
    struct Key {
        std::string id;
        std::array<std::uint8_t, 32> public_part{};
        std::array<std::uint8_t, 64> secret{};
    };
    SigningKeys() = default;
    Result<void> parse(std::string_view text);

    std::vector<Key> keys_;
};

}  // namespace escucha::audit
