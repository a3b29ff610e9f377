#include "audit/checkpoint.h"

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "audit/errc.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/hex.h"

namespace escucha::audit {
namespace {

constexpr std::string_view kCheckpointPurpose = "escucha audit checkpoint 1";
constexpr std::string_view kFirstLine = "escucha-audit-keys 1";
constexpr std::string_view kHint =
    "# Signs the checkpoints of the audit log. Whoever has this file can forge them; without it "
    "they\n"
    "# cannot be checked. Keep a copy apart from the database.\n";
constexpr std::size_t kMaxFileBytes = 64 * 1'024;
constexpr std::size_t kIdBytes = 8;

using Seed = std::array<std::uint8_t, crypto_sign_SEEDBYTES>;
static_assert(crypto_sign_PUBLICKEYBYTES == 32 && crypto_sign_SECRETKEYBYTES == 64);
static_assert(crypto_sign_BYTES == sizeof(Signature));

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

// Linked into place when it is whole: of two programs that start together one makes the file, and
// whenever the machine stops it is whole or not there.
Result<void> make_file(const std::filesystem::path& path, WallTime now) {
    Seed seed{};
    randombytes_buf(seed.data(), seed.size());
    std::string text{kFirstLine};
    text += '\n';
    text += kHint;
    text += "key " + to_rfc3339(now) + ' ' + to_hex(seed) + '\n';
    const std::string fresh = path.string() + ".new." + std::to_string(::getpid());
    const auto written = [&]() -> Result<void> {
        const Fd file{::open(fresh.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600)};
        if (file.get() < 0 || ::fchmod(file.get(), 0600) != 0 ||
            ::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
            ::fsync(file.get()) != 0) {
            return io_error(fresh);
        }
        if (::link(fresh.c_str(), path.c_str()) != 0 && errno != EEXIST) return io_error(path);
        const Fd folder{::open(path.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
        if (folder.get() < 0 || ::fsync(folder.get()) != 0) return io_error(path.parent_path());
        return ok();
    }();
    ::unlink(fresh.c_str());
    sodium_memzero(seed.data(), seed.size());
    sodium_memzero(text.data(), text.size());
    return written;
}

Result<std::string> read_file(const std::filesystem::path& path) {
    const Fd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    if (file.get() < 0) {
        return errno == ENOENT ? fail(Errc::NoKeyFile, path.string()) : io_error(path);
    }
    struct stat status {};
    if (::fstat(file.get(), &status) != 0) return io_error(path);
    if ((status.st_mode & 077U) != 0) return fail(Errc::OpenKeyFile, path.string());
    std::string text(static_cast<std::size_t>(status.st_size), '\0');
    if (text.size() > kMaxFileBytes) return fail(Errc::BadKeyFile, "too long");
    if (::read(file.get(), text.data(), text.size()) != status.st_size) return io_error(path);
    return text;
}

std::string_view word(std::string_view& line) {
    const std::size_t end = std::min(line.find(' '), line.size());
    const std::string_view first = line.substr(0, end);
    line.remove_prefix(std::min(end + 1, line.size()));
    return first;
}

Bytes statement(const Checkpoint& checkpoint) {
    Bytes bytes;
    ByteWriter out{bytes};
    out.write_text(kCheckpointPurpose);
    out.write(checkpoint.company.value().high);
    out.write(checkpoint.company.value().low);
    out.write(static_cast<std::uint64_t>(checkpoint.ordinal));
    out.write(static_cast<std::uint64_t>(checkpoint.head.number));
    out.write_bytes(std::as_bytes(std::span{checkpoint.head.hash}));
    out.write(static_cast<std::uint64_t>(to_micros(checkpoint.at)));
    return bytes;
}

const unsigned char* data(const Bytes& bytes) {
    return reinterpret_cast<const unsigned char*>(bytes.data());
}

}  // namespace

Result<SigningKeys> SigningKeys::open(const std::filesystem::path& path,
                                      WhenMissing missing,
                                      WallTime now) {
    ESC_CHECK(sodium_init() >= 0);
    auto text = read_file(path);
    if (!text && text.error().code == Errc::NoKeyFile && missing == WhenMissing::Make) {
        ESC_TRY(make_file(path, now));
        text = read_file(path);
    }
    if (!text) return std::move(text).error();
    SigningKeys keys;
    const auto parsed = keys.parse(text.value());
    sodium_memzero(text.value().data(), text.value().size());
    ESC_TRY(parsed);
    return keys;
}

SigningKeys::~SigningKeys() {
    for (Key& key : keys_) sodium_memzero(key.secret.data(), key.secret.size());
}

Result<void> SigningKeys::parse(std::string_view text) {
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
        if (word(line) != "key" || !parse_rfc3339(word(line))) return wrong();
        Seed seed{};
        if (!from_hex(line, seed)) return wrong();
        Key key;
        crypto_sign_seed_keypair(key.public_part.data(), key.secret.data(), seed.data());
        sodium_memzero(seed.data(), seed.size());
        key.id = to_hex(std::span{key.public_part}.first<kIdBytes>());
        keys_.push_back(std::move(key));
    }
    if (keys_.empty()) return fail(Errc::BadKeyFile, "no key in it");
    return ok();
}

Checkpoint SigningKeys::sign(CompanyId company,
                             std::int64_t ordinal,
                             const Head& head,
                             WallTime at) const {
    const Key& key = keys_.back();
    Checkpoint made{.company = company, .ordinal = ordinal, .head = head, .at = at, .key = key.id};
    const Bytes said = statement(made);
    ESC_CHECK(crypto_sign_detached(
                  made.signature.data(), nullptr, data(said), said.size(), key.secret.data()) == 0);
    return made;
}

SigningKeys::Check SigningKeys::check(const Checkpoint& checkpoint) const {
    const auto key = std::ranges::find(keys_, checkpoint.key, &Key::id);
    if (key == keys_.end()) return Check::UnknownKey;
    const Bytes said = statement(checkpoint);
    const bool is_good =
        crypto_sign_verify_detached(
            checkpoint.signature.data(), data(said), said.size(), key->public_part.data()) == 0;
    return is_good ? Check::Good : Check::Forged;
}

}  // namespace escucha::audit
