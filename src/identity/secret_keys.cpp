#include "identity/secret_keys.h"

#include <algorithm>

#include <sodium.h>

#include "base/check.h"
#include "base/errc.h"
#include "base/hex.h"
#include "base/key_file.h"
#include "identity/errc.h"

namespace escucha::identity {
namespace {

constexpr std::string_view kFirstLine = "escucha account keys 1";
constexpr std::string_view kHint =
    "# Opens the secrets of second factors. Keep a copy in another place than the database's.\n";
constexpr std::string_view kKeyWord = "key ";
constexpr std::size_t kMaxKeyFileBytes = std::size_t{64} * 1'024;
constexpr std::size_t kNonceBytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kTagBytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}
const unsigned char* bytes_of(ByteView bytes) {
    return reinterpret_cast<const unsigned char*>(bytes.data());
}
unsigned char* bytes_of(std::byte* bytes) { return reinterpret_cast<unsigned char*>(bytes); }

Error as_ours(const Error& error) {
    if (error.code == escucha::Errc::Forbidden) return fail(Errc::OpenKeyFile, error.detail);
    if (error.code == escucha::Errc::TooLarge) return fail(Errc::BadKeyFile, "too long");
    if (error.code == escucha::Errc::InvalidArgument) return fail(Errc::BadKeyFile, error.detail);
    return fail(escucha::Errc::Io, error.detail);
}

std::string new_key_line() {
    std::array<std::uint8_t, 8> id{};
    std::array<std::uint8_t, 32> secret{};
    randombytes_buf(id.data(), id.size());
    randombytes_buf(secret.data(), secret.size());
    std::string line = std::string{kKeyWord} + to_hex(id) + ' ' + to_hex(secret) + '\n';
    sodium_memzero(secret.data(), secret.size());
    return line;
}

/// Writes and wipes.
Result<void> put(const std::filesystem::path& path, std::string text, WhenThere there) {
    auto written = write_key_file(path, text, there);
    sodium_memzero(text.data(), text.size());
    return written;
}

Result<void> make_file(const std::filesystem::path& path) {
    return put(path,
               std::string{kFirstLine} + '\n' + std::string{kHint} + new_key_line(),
               WhenThere::Keep);
}

}  // namespace

Result<SecretKeys> SecretKeys::open(const std::filesystem::path& path, WhenMissing missing) {
    ESC_CHECK(sodium_init() >= 0);
    auto text = read_key_file(path, kMaxKeyFileBytes);
    if (!text && text.error().code == escucha::Errc::NotFound && missing == WhenMissing::Make) {
        if (const auto made = make_file(path); !made) return as_ours(made.error());
        text = read_key_file(path, kMaxKeyFileBytes);
    }
    if (!text) return as_ours(text.error());
    SecretKeys keys;
    const auto parsed = keys.parse(text.value());
    sodium_memzero(text.value().data(), text.value().size());
    ESC_TRY(parsed);
    return keys;
}

Result<void> SecretKeys::add_key(const std::filesystem::path& path) {
    ESC_TRY(open(path, WhenMissing::Refuse));
    auto text = read_key_file(path, kMaxKeyFileBytes);
    if (!text) return as_ours(text.error());
    if (!text.value().ends_with('\n')) text.value() += '\n';
    const auto written = put(path, std::move(text).value() + new_key_line(), WhenThere::Replace);
    if (!written) return as_ours(written.error());
    return ok();
}

Result<void> SecretKeys::forget_old_keys(const std::filesystem::path& path) {
    ESC_TRY(open(path, WhenMissing::Refuse));
    const auto text = read_key_file(path, kMaxKeyFileBytes);
    if (!text) return as_ours(text.error());
    const std::string_view whole = text.value();
    const std::size_t last = whole.rfind('\n' + std::string{kKeyWord});
    const std::size_t end = whole.find('\n', last + 1);
    const auto written = put(path,
                             std::string{kFirstLine} + '\n' + std::string{kHint} +
                                 std::string{whole.substr(last + 1, end - last - 1)} + '\n',
                             WhenThere::Replace);
    if (!written) return as_ours(written.error());
    return ok();
}

bool SecretKeys::is_newest_of(ByteView sealed) const {
    return sealed.size() >= kIdBytes &&
           std::equal(keys_.back().id.begin(), keys_.back().id.end(), bytes_of(sealed));
}

Result<void> SecretKeys::parse(std::string_view text) {
    const auto parsed = parse_key_file(text, kFirstLine, [&](std::string_view line) {
        Key key;
        if (take_word(line) != "key" || !from_hex(take_word(line), key.id) ||
            !from_hex(line, key.secret)) {
            return false;
        }
        keys_.push_back(key);
        return true;
    });
    if (!parsed) return as_ours(parsed.error());
    if (keys_.empty()) return fail(Errc::BadKeyFile, "no key");
    return ok();
}

Bytes SecretKeys::seal(ByteView secret, std::string_view purpose) const {
    const Key& key = keys_.back();
    Bytes sealed(kIdBytes + kNonceBytes + secret.size() + kTagBytes);
    std::ranges::copy(key.id, bytes_of(sealed.data()));
    unsigned char* nonce = bytes_of(sealed.data()) + kIdBytes;
    randombytes_buf(nonce, kNonceBytes);
    crypto_aead_xchacha20poly1305_ietf_encrypt(nonce + kNonceBytes,
                                               nullptr,
                                               bytes_of(secret),
                                               secret.size(),
                                               bytes_of(purpose),
                                               purpose.size(),
                                               nullptr,
                                               nonce,
                                               key.secret.data());
    return sealed;
}

Result<Bytes> SecretKeys::unseal(ByteView sealed, std::string_view purpose) const {
    if (sealed.size() < kIdBytes + kNonceBytes + kTagBytes) return fail(Errc::Damaged);
    const auto is_its = [&](const Key& key) {
        return std::equal(key.id.begin(), key.id.end(), bytes_of(sealed));
    };
    const auto key = std::ranges::find_if(keys_, is_its);
    if (key == keys_.end()) return fail(Errc::UnknownKey);
    const ByteView nonce = sealed.subspan(kIdBytes, kNonceBytes);
    const ByteView secret = sealed.subspan(kIdBytes + kNonceBytes);
    Bytes opened(secret.size() - kTagBytes);
    const int failed = crypto_aead_xchacha20poly1305_ietf_decrypt(bytes_of(opened.data()),
                                                                  nullptr,
                                                                  nullptr,
                                                                  bytes_of(secret),
                                                                  secret.size(),
                                                                  bytes_of(purpose),
                                                                  purpose.size(),
                                                                  bytes_of(nonce),
                                                                  key->secret.data());
    if (failed != 0) return fail(Errc::Damaged);
    return opened;
}

}  // namespace escucha::identity
