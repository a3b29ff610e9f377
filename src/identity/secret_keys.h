#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace escucha::identity {

/// The installation's keys for columns that are sealed, such as the secrets of second factors: who
/// reads the database, or a copy of it, reads none of them. In a file of mode 0600 outside the
/// database, one key a line; the last one seals, all of them open.
///
/// XChaCha20-Poly1305 of libsodium, whose nonces are long enough to be chosen at random. Read once,
/// immutable after; any thread.
class SecretKeys {
public:
    enum class WhenMissing { Make, Refuse };
    /// Errors: `Io`, `OpenKeyFile` when others may read it, `BadKeyFile` with the line.
    static Result<SecretKeys> open(const std::filesystem::path& path, WhenMissing missing);

    /// Puts a new key at the end of the file: whoever opens it from now on seals with that one. Who
    /// has it open goes on with what was read. Errors as of `open`.
    static Result<void> add_key(const std::filesystem::path& path);
    /// Leaves only the last key in the file. What another one sealed is lost with it.
    static Result<void> forget_old_keys(const std::filesystem::path& path);

    /// `purpose` names the row and column, so that a value moved to another row does not open.
    [[nodiscard]] Bytes seal(ByteView secret, std::string_view purpose) const;
    /// Errors: `UnknownKey`, `Damaged`.
    [[nodiscard]] Result<Bytes> unseal(ByteView sealed, std::string_view purpose) const;

    /// Whether the key that seals now sealed this.
    [[nodiscard]] bool is_newest_of(ByteView sealed) const;

private:
    static constexpr std::size_t kIdBytes = 8;
    static constexpr std::size_t kKeyBytes = 32;
    struct Key {
        std::array<std::uint8_t, kIdBytes> id{};
        std::array<std::uint8_t, kKeyBytes> secret{};
    };

    Result<void> parse(std::string_view text);

    std::vector<Key> keys_;  ///< At least one.
};

}  // namespace escucha::identity
