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
#include "base/hex.h"
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

std::string_view word(std::string_view& line) {
    const std::size_t end = std::min(line.find(' '), line.size());
    const std::string_view first = line.substr(0, end);
    line.remove_prefix(std::min(end + 1, line.size()));
    return first;
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

/// The file is the old one or the new one, whenever the machine stops.
Result<void> replace_file(const std::filesystem::path& path, const std::string& text) {
    const std::string fresh = path.string() + ".new";
    {
        const Fd file{::open(fresh.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600)};
        if (file.get() < 0) return io_error(fresh);
        if (::fchmod(file.get(), 0600) != 0 ||
            ::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
            ::fsync(file.get()) != 0) {
            return io_error(fresh);
        }
    }
    if (::rename(fresh.c_str(), path.c_str()) != 0) return io_error(path);
    const Fd folder{::open(path.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (folder.get() < 0 || ::fsync(folder.get()) != 0) return io_error(path.parent_path());
    return ok();
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
    const Fd file{::open(path_.c_str(), O_RDONLY | O_CLOEXEC)};
    if (file.get() < 0) return io_error(path_);
    struct stat status {};
    if (::fstat(file.get(), &status) != 0) return io_error(path_);
    if ((status.st_mode & 077U) != 0) return fail(Errc::OpenKeyFile, path_.string());
    std::string text(static_cast<std::size_t>(status.st_size), '\0');
    if (text.size() > kMaxFileBytes) return fail(Errc::BadKeyFile, "too long");
    if (::read(file.get(), text.data(), text.size()) != status.st_size) return io_error(path_);
    const auto parsed = parse(text);
    OPENSSL_cleanse(text.data(), text.size());
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
    const auto written = replace_file(path_, text);
    OPENSSL_cleanse(text.data(), text.size());
    ESC_TRY(written);
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
    for (int number = 1; !text.empty(); ++number) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        const auto wrong = [&] { return fail(Errc::BadKeyFile, "line " + std::to_string(number)); };
        if (number == 1) {
            if (line != kFirstLine) return wrong();
            continue;
        }
        if (line.empty() || line.starts_with('#')) continue;
        if (word(line) != "key") return wrong();
        const auto company = CompanyId::parse(word(line));
        Held held;
        if (!company || !from_hex(word(line), held.id.bytes)) return wrong();
        const auto made = parse_rfc3339(word(line));
        std::array<std::uint8_t, DataKey::kBytes> secret{};
        if (!made || !from_hex(line, secret)) return wrong();
        held.company = *company;
        held.made = *made;
        held.key = DataKey{secret};
        OPENSSL_cleanse(secret.data(), secret.size());
        keys.push_back(std::move(held));
    }
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
