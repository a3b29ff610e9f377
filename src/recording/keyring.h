#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "recording/sealed.h"

namespace escucha::recording {

/// Names a company's key; not a secret.
struct KeyId {
    std::array<std::uint8_t, 8> bytes{};
    auto operator<=>(const KeyId&) const = default;
    [[nodiscard]] std::string to_string() const;
};
KeyId key_of(const KeySlot& slot);
bool is_empty(const KeySlot& slot);

/// A fresh data key, and the same under its company's key for the file's header.
struct NewKey {
    DataKey key;
    KeySlot slot{};
};
struct UnwrappedKey {
    DataKey key;
    CompanyId company;
    KeyId by;
};

/// The companies' keys, in the key file: one line a key, mode 0600, replaced as a whole. A
/// company's last key is the one that wraps; those before it go on opening what they wrapped.
///
/// Several processes may use one file: whoever changes it holds a lock beside it, and everyone
/// looks whether it changed before it wraps and when a key is unknown. For several threads.
class Keyring {
public:
    enum class WhenMissing { Make, Refuse };
    /// `Errc::OpenKeyFile` when others may read it, `Errc::BadKeyFile`, `Errc::Io`; with Refuse
    /// `Errc::UnknownKey` when there is no such file.
    static Result<std::unique_ptr<Keyring>> open(std::filesystem::path path, WhenMissing missing);

    /// Makes and stores the company's first key when it has none; then `wrap_new` writes no file.
    Result<void> ensure(CompanyId company, WallTime now);
    /// Makes the first key like `ensure`.
    Result<NewKey> wrap_new(CompanyId company, RecordingId recording, WallTime now);
    /// By whichever slot opens. `Errc::UnknownKey`, `Errc::Damaged` when the slot was changed.
    Result<UnwrappedKey> unwrap(RecordingId recording, std::span<const KeySlot> slots);
    /// The same data key under the company's newest key.
    Result<KeySlot> wrap(const UnwrappedKey& key, RecordingId recording);
    /// A new key for the company, the one that wraps from now on.
    Result<KeyId> rotate(CompanyId company, WallTime now);
    /// Takes keys out for good. The newest of a company stays.
    Result<void> forget(const std::vector<KeyId>& keys);

    struct Listed {
        CompanyId company;
        KeyId id;
        WallTime made{};
        bool is_newest = false;
    };
    [[nodiscard]] std::vector<Listed> list();
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

private:
    struct Held {
        CompanyId company;
        KeyId id;
        WallTime made{};
        DataKey key;
    };
    explicit Keyring(std::filesystem::path path) : path_{std::move(path)} {}

    Result<void> load();
    Result<void> load_if_changed();
    Result<void> save();
    Result<void> add(CompanyId company, WallTime now);
    Result<void> make_first(CompanyId company, WallTime now);
    [[nodiscard]] const Held* newest(CompanyId company) const;
    [[nodiscard]] const Held* find(const KeyId& id) const;
    [[nodiscard]] std::string print() const;
    Result<void> parse(std::string_view text);

    std::filesystem::path path_;
    std::mutex mutex_;  ///< Of what follows.
    std::vector<Held> keys_;
    std::array<std::int64_t, 4> seen_{};  ///< Which file was loaded: device, inode, size, time.
};

}  // namespace escucha::recording
