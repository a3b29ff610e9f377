#include "recording/keyring.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/check.h"
#include "base/errc.h"
#include "base/hex.h"
#include "base/key_file.h"
#include "recording/errc.h"

namespace escucha::recording {
namespace {

constexpr std::string_view kFirstLine = "escucha-recording-keys 1";
constexpr std::string_view kHint =
    "# Without this file the recordings cannot be heard. Keep a copy apart from them.\n";
constexpr std::size_t kMaxFileBytes = 4 * 1'024 * 1'024;
constexpr std::string_view kPurpose = "escucha recording key 1";
constexpr std::size_t kNonceAt = 8;
constexpr std::size_t kWrapNonceBytes = 12;
constexpr std::size_t kSecretAt = kNonceAt + kWrapNonceBytes;
constexpr std::size_t kTagAt = kSecretAt + DataKey::kBytes;
static_assert(kTagAt + kTagBytes == kSlotBytes);

class Fd {
public:
    explicit Fd(int fd) : fd_{fd} {}
    ~Fd() {
        if (fd_ >= 0) ::close(fd_);
    }
    Fd(const Fd&) = delete;
    Fd& operator=(const Fd&) = delete;
    [[nodiscard]] int get() const { return fd_; }

private:
    int fd_;
};

Error io_error(const std::filesystem::path& path) {
    return fail(Errc::Io, path.string() + ": " + std::generic_category().message(errno));
}

Error as_ours(const Error& error) {
    if (error.code == escucha::Errc::Forbidden) return fail(Errc::OpenKeyFile, error.detail);
    if (error.code == escucha::Errc::TooLarge) return fail(Errc::BadKeyFile, "too long");
    if (error.code == escucha::Errc::InvalidArgument) return fail(Errc::BadKeyFile, error.detail);
    return fail(Errc::Io, error.detail);
}

bool from_hex(std::string_view text, std::span<std::uint8_t> out) {
    if (text.size() != out.size() * 2) return false;
    const auto digit = [](char c) {
        if (c >= '0' && c <= '9') return c - '0';
        if (c >= 'a' && c <= 'f') return c - 'a' + 10;
        return -1;
    };
    for (std::size_t i = 0; i < out.size(); ++i) {
        const int high = digit(text[2 * i]);
        const int low = digit(text[2 * i + 1]);
        if (high < 0 || low < 0) return false;
        out[i] = static_cast<std::uint8_t>(high * 16 + low);
    }
    return true;
}

/// What a wrapped key answers for: whose it is and which recording it opens.
Bytes purpose_of(CompanyId company, RecordingId recording) {
    Bytes bytes;
    bytes.reserve(kPurpose.size() + 2 * sizeof(Uuid));
    ByteWriter out{bytes};
    out.write_bytes(as_bytes(kPurpose));
    for (const Uuid& id : {company.value(), recording.value()}) {
        out.write(id.high);
        out.write(id.low);
    }
    return bytes;
}

using Context = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

KeySlot wrap_with(const DataKey& by, const KeyId& id, const DataKey& key, const Bytes& purpose) {
    KeySlot slot{};
    std::copy(id.bytes.begin(), id.bytes.end(), slot.begin());
    ESC_CHECK(RAND_bytes(slot.data() + kNonceAt, kWrapNonceBytes) == 1);
    const Context context{EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free};
    int length = 0;
    const bool is_well =
        context &&
        EVP_EncryptInit_ex(
            context.get(), EVP_aes_256_gcm(), nullptr, by.bytes().data(), slot.data() + kNonceAt) ==
            1 &&
        EVP_EncryptUpdate(context.get(),
                          nullptr,
                          &length,
                          reinterpret_cast<const unsigned char*>(purpose.data()),
                          static_cast<int>(purpose.size())) == 1 &&
        EVP_EncryptUpdate(context.get(),
                          slot.data() + kSecretAt,
                          &length,
                          key.bytes().data(),
                          static_cast<int>(DataKey::kBytes)) == 1 &&
        EVP_EncryptFinal_ex(context.get(), slot.data() + kTagAt, &length) == 1 &&
        EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, kTagBytes, slot.data() + kTagAt) ==
            1;
    ESC_CHECK(is_well);
    return slot;
}

std::optional<DataKey> unwrap_with(const DataKey& by, KeySlot slot, const Bytes& purpose) {
    std::array<std::uint8_t, DataKey::kBytes + kTagBytes> secret{};
    const Context context{EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free};
    int length = 0;
    const bool is_well =
        context &&
        EVP_DecryptInit_ex(
            context.get(), EVP_aes_256_gcm(), nullptr, by.bytes().data(), slot.data() + kNonceAt) ==
            1 &&
        EVP_DecryptUpdate(context.get(),
                          nullptr,
                          &length,
                          reinterpret_cast<const unsigned char*>(purpose.data()),
                          static_cast<int>(purpose.size())) == 1 &&
        EVP_DecryptUpdate(context.get(),
                          secret.data(),
                          &length,
                          slot.data() + kSecretAt,
                          static_cast<int>(DataKey::kBytes)) == 1 &&
        EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, kTagBytes, slot.data() + kTagAt) ==
            1 &&
        EVP_DecryptFinal_ex(context.get(), secret.data() + DataKey::kBytes, &length) == 1;
    std::optional<DataKey> key;
    if (is_well) key.emplace(std::span{secret}.first<DataKey::kBytes>());
    OPENSSL_cleanse(secret.data(), secret.size());
    return key;
}

std::array<std::int64_t, 4> identity_of(const struct stat& status) {
    constexpr std::int64_t kNanos = 1'000'000'000;
    return {static_cast<std::int64_t>(status.st_dev),
            static_cast<std::int64_t>(status.st_ino),
            status.st_size,
            status.st_mtim.tv_sec * kNanos + status.st_mtim.tv_nsec};
}

/// Held by whoever changes the file, over processes.
Result<std::unique_ptr<Fd>> lock_beside(const std::filesystem::path& path) {
    const std::string beside = path.string() + ".lock";
    auto lock = std::make_unique<Fd>(::open(beside.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600));
    if (lock->get() < 0 || ::flock(lock->get(), LOCK_EX) != 0) return io_error(beside);
    return lock;
}

}  // namespace

std::string KeyId::to_string() const { return to_hex(bytes); }

KeyId key_of(const KeySlot& slot) {
    KeyId id;
    std::copy_n(slot.begin(), id.bytes.size(), id.bytes.begin());
    return id;
}

bool is_empty(const KeySlot& slot) {
    return std::ranges::all_of(slot, [](std::uint8_t byte) { return byte == 0; });
}

Result<std::unique_ptr<Keyring>> Keyring::open(std::filesystem::path path, WhenMissing missing) {
    auto ring = std::unique_ptr<Keyring>{new Keyring{std::move(path)}};
    std::error_code error;
    if (!std::filesystem::exists(ring->path_, error)) {
        if (missing == WhenMissing::Refuse) {
            return fail(Errc::UnknownKey, "there is no " + ring->path_.string());
        }
        ESC_TRY(const auto lock, lock_beside(ring->path_));
        if (!std::filesystem::exists(ring->path_, error)) {
            ESC_TRY(ring->save());
        }
    }
    ESC_TRY(ring->load());
    return ring;
}

Result<void> Keyring::load() {
    // Looked at before it is read: should it be replaced in between, it is read again.
    struct stat status {};
    if (::stat(path_.c_str(), &status) != 0) return io_error(path_);
    auto text = read_key_file(path_, kMaxFileBytes);
    if (!text) return as_ours(text.error());
    const auto parsed = parse(text.value());
    OPENSSL_cleanse(text.value().data(), text.value().size());
    ESC_TRY(parsed);
    seen_ = identity_of(status);
    return ok();
}

Result<void> Keyring::load_if_changed() {
    struct stat status {};
    // Gone: what is in memory still opens and wraps what it can.
    if (::stat(path_.c_str(), &status) != 0 || identity_of(status) == seen_) return ok();
    return load();
}

Result<void> Keyring::save() {
    std::string text = print();
    const auto written = write_key_file(path_, text, WhenThere::Replace);
    OPENSSL_cleanse(text.data(), text.size());
    if (!written) return as_ours(written.error());
    struct stat status {};
    if (::stat(path_.c_str(), &status) == 0) seen_ = identity_of(status);
    return ok();
}

std::string Keyring::print() const {
    std::string text{kFirstLine};
    text += '\n';
    text += kHint;
    for (const Held& held : keys_) {
        text += "key " + held.company.to_string() + ' ' + held.id.to_string() + ' ' +
                to_rfc3339(held.made) + ' ' + to_hex(held.key.bytes()) + '\n';
    }
    return text;
}

Result<void> Keyring::parse(std::string_view text) {
    std::vector<Held> keys;
    const auto parsed = parse_key_file(text, kFirstLine, [&](std::string_view line) {
        if (take_word(line) != "key") return false;
        const auto company = CompanyId::parse(take_word(line));
        Held held;
        if (!company || !from_hex(take_word(line), held.id.bytes)) return false;
        const auto made = parse_rfc3339(take_word(line));
        std::array<std::uint8_t, DataKey::kBytes> secret{};
        if (!made || !from_hex(line, secret)) return false;
        held.company = *company;
        held.made = *made;
        held.key = DataKey{secret};
        OPENSSL_cleanse(secret.data(), secret.size());
        keys.push_back(std::move(held));
        return true;
    });
    if (!parsed) return as_ours(parsed.error());
    keys_ = std::move(keys);
    return ok();
}

const Keyring::Held* Keyring::newest(CompanyId company) const {
    const auto found = std::find_if(
        keys_.rbegin(), keys_.rend(), [&](const Held& held) { return held.company == company; });
    return found == keys_.rend() ? nullptr : &*found;
}

const Keyring::Held* Keyring::find(const KeyId& id) const {
    const auto found = std::ranges::find(keys_, id, &Held::id);
    return found == keys_.end() ? nullptr : &*found;
}

// Under the lock and with what others wrote meanwhile.
Result<void> Keyring::add(CompanyId company, WallTime now) {
    Held held{.company = company, .id = {}, .made = now, .key = DataKey::random()};
    ESC_CHECK(RAND_bytes(held.id.bytes.data(), static_cast<int>(held.id.bytes.size())) == 1);
    keys_.push_back(std::move(held));
    const auto saved = save();
    if (!saved) keys_.pop_back();
    return saved;
}

Result<void> Keyring::make_first(CompanyId company, WallTime now) {
    ESC_TRY(load_if_changed());
    if (newest(company) != nullptr) return ok();
    ESC_TRY(const auto lock, lock_beside(path_));
    ESC_TRY(load_if_changed());
    if (newest(company) != nullptr) return ok();
    return add(company, now);
}

Result<void> Keyring::ensure(CompanyId company, WallTime now) {
    const std::lock_guard guard{mutex_};
    return make_first(company, now);
}

Result<NewKey> Keyring::wrap_new(CompanyId company, RecordingId recording, WallTime now) {
    const std::lock_guard guard{mutex_};
    ESC_TRY(make_first(company, now));
    const Held& by = *newest(company);
    NewKey made{.key = DataKey::random()};
    made.slot = wrap_with(by.key, by.id, made.key, purpose_of(company, recording));
    return made;
}

Result<UnwrappedKey> Keyring::unwrap(RecordingId recording, std::span<const KeySlot> slots) {
    const std::lock_guard guard{mutex_};
    ESC_TRY(load_if_changed());
    bool is_known = false;
    for (const KeySlot& slot : slots) {
        if (is_empty(slot)) continue;
        const Held* by = find(key_of(slot));
        if (by == nullptr) continue;
        is_known = true;
        auto key = unwrap_with(by->key, slot, purpose_of(by->company, recording));
        if (key) return UnwrappedKey{.key = *key, .company = by->company, .by = by->id};
    }
    if (is_known) return fail(Errc::Damaged, "its wrapped key");
    return fail(Errc::UnknownKey,
                slots.empty() || is_empty(slots[0]) ? "" : key_of(slots[0]).to_string());
}

Result<KeySlot> Keyring::wrap(const UnwrappedKey& key, RecordingId recording) {
    const std::lock_guard guard{mutex_};
    ESC_TRY(load_if_changed());
    const Held* by = newest(key.company);
    if (by == nullptr) return fail(Errc::UnknownKey, key.company.to_string());
    return wrap_with(by->key, by->id, key.key, purpose_of(key.company, recording));
}

Result<KeyId> Keyring::rotate(CompanyId company, WallTime now) {
    const std::lock_guard guard{mutex_};
    ESC_TRY(const auto lock, lock_beside(path_));
    ESC_TRY(load_if_changed());
    ESC_TRY(add(company, now));
    return newest(company)->id;
}

Result<void> Keyring::forget(const std::vector<KeyId>& keys) {
    const std::lock_guard guard{mutex_};
    ESC_TRY(const auto lock, lock_beside(path_));
    ESC_TRY(load_if_changed());
    std::vector<KeyId> kept;
    for (const Held& held : keys_) {
        if (newest(held.company)->id == held.id) kept.push_back(held.id);
    }
    std::erase_if(keys_, [&](const Held& held) {
        return std::ranges::find(keys, held.id) != keys.end() &&
               std::ranges::find(kept, held.id) == kept.end();
    });
    return save();
}

std::vector<Keyring::Listed> Keyring::list() {
    const std::lock_guard guard{mutex_};
    std::vector<Listed> listed;
    if (!load_if_changed()) return listed;
    for (const Held& held : keys_) {
        listed.push_back({.company = held.company,
                          .id = held.id,
                          .made = held.made,
                          .is_newest = newest(held.company)->id == held.id});
    }
    return listed;
}

}  // namespace escucha::recording
