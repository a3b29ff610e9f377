#include "identity/secret_keys.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <sodium.h>

#include "base/check.h"
#include "base/errc.h"
#include "identity/errc.h"

namespace escucha::identity {
namespace {

constexpr std::string_view kFirstLine = "escucha account keys 1";
constexpr std::string_view kHint =
    "# Opens the secrets of second factors. Keep a copy in another place than the database's.\n";
constexpr std::size_t kMaxKeyFileBytes = std::size_t{64} * 1'024;
constexpr std::size_t kNonceBytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kTagBytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;

class File {
public:
    explicit File(int descriptor) : descriptor_{descriptor} {}
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    ~File() {
        if (descriptor_ >= 0) ::close(descriptor_);
    }
    [[nodiscard]] int get() const { return descriptor_; }

private:
    int descriptor_;
};

Error io_error(const std::filesystem::path& path) {
    return fail(escucha::Errc::Io, path.string() + ": " + std::strerror(errno));
}

template <std::size_t N>
std::string hex_of(const std::array<std::uint8_t, N>& bytes) {
    std::string hex(N * 2 + 1, '\0');
    sodium_bin2hex(hex.data(), hex.size(), bytes.data(), N);
    hex.pop_back();
    return hex;
}

template <std::size_t N>
bool from_hex(std::string_view hex, std::array<std::uint8_t, N>& out) {
    std::size_t length = 0;
    return sodium_hex2bin(out.data(), N, hex.data(), hex.size(), nullptr, &length, nullptr) == 0 &&
           length == N;
}

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}
const unsigned char* bytes_of(ByteView bytes) {
    return reinterpret_cast<const unsigned char*>(bytes.data());
}
unsigned char* bytes_of(std::byte* bytes) { return reinterpret_cast<unsigned char*>(bytes); }

/// The whole file appears at once: written aside, then linked to its name, which must be free.
Result<void> make_file(const std::filesystem::path& path) {
    std::array<std::uint8_t, 8> id{};
    std::array<std::uint8_t, 32> secret{};
    randombytes_buf(id.data(), id.size());
    randombytes_buf(secret.data(), secret.size());
    std::string text = std::string{kFirstLine} + '\n' + std::string{kHint};
    text += "key " + hex_of(id) + ' ' + hex_of(secret) + '\n';
    const std::string aside = path.string() + ".new";
    {
        const File file{::open(aside.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600)};
        if (file.get() < 0 || ::fchmod(file.get(), 0600) != 0 ||
            ::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
            ::fsync(file.get()) != 0) {
            return io_error(aside);
        }
    }
    sodium_memzero(text.data(), text.size());
    sodium_memzero(secret.data(), secret.size());
    // One that another process made meanwhile is as good.
    const bool is_named = ::link(aside.c_str(), path.c_str()) == 0 || errno == EEXIST;
    if (!is_named) return io_error(path);
    ::unlink(aside.c_str());
    const File folder{::open(path.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (folder.get() < 0 || ::fsync(folder.get()) != 0) return io_error(path.parent_path());
    return ok();
}

Result<std::string> read_file(const std::filesystem::path& path) {
    const File file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    if (file.get() < 0) return io_error(path);
    struct stat status {};
    if (::fstat(file.get(), &status) != 0) return io_error(path);
    if ((status.st_mode & 077U) != 0) return fail(Errc::OpenKeyFile, path.string());
    std::string text(static_cast<std::size_t>(status.st_size), '\0');
    if (text.size() > kMaxKeyFileBytes) return fail(Errc::BadKeyFile, "too long");
    if (::read(file.get(), text.data(), text.size()) != status.st_size) return io_error(path);
    return text;
}

}  // namespace

Result<SecretKeys> SecretKeys::open(const std::filesystem::path& path, WhenMissing missing) {
    ESC_CHECK(sodium_init() >= 0);
    std::error_code error;
    if (!std::filesystem::exists(path, error) && missing == WhenMissing::Make) {
        ESC_TRY(make_file(path));
    }
    ESC_TRY(auto text, read_file(path));
    SecretKeys keys;
    const auto parsed = keys.parse(text);
    sodium_memzero(text.data(), text.size());
    ESC_TRY(parsed);
    return keys;
}

Result<void> SecretKeys::parse(std::string_view text) {
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
        constexpr std::string_view kWord = "key ";
        constexpr std::size_t kIdLength = kIdBytes * 2;
        if (!line.starts_with(kWord)) return wrong();
        line.remove_prefix(kWord.size());
        Key key;
        if (line.size() <= kIdLength || line[kIdLength] != ' ' ||
            !from_hex(line.substr(0, kIdLength), key.id) ||
            !from_hex(line.substr(kIdLength + 1), key.secret)) {
            return wrong();
        }
        keys_.push_back(key);
    }
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
