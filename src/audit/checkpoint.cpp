#include "audit/checkpoint.h"

#include <sodium.h>

#include <algorithm>

#include "audit/errc.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/errc.h"
#include "base/hex.h"
#include "base/key_file.h"

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

Error as_ours(const Error& error) {
    if (error.code == escucha::Errc::NotFound) return fail(Errc::NoKeyFile, error.detail);
    if (error.code == escucha::Errc::Forbidden) return fail(Errc::OpenKeyFile, error.detail);
    if (error.code == escucha::Errc::TooLarge) return fail(Errc::BadKeyFile, "too long");
    if (error.code == escucha::Errc::InvalidArgument) return fail(Errc::BadKeyFile, error.detail);
    return fail(Errc::Io, error.detail);
}

Result<void> make_file(const std::filesystem::path& path, WallTime now) {
    Seed seed{};
    randombytes_buf(seed.data(), seed.size());
    std::string text{kFirstLine};
    text += '\n';
    text += kHint;
    text += "key " + to_rfc3339(now) + ' ' + to_hex(seed) + '\n';
    auto written = write_key_file(path, text, WhenThere::Keep);
    sodium_memzero(seed.data(), seed.size());
    sodium_memzero(text.data(), text.size());
    return written;
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
    auto text = read_key_file(path, kMaxFileBytes);
    if (!text && text.error().code == escucha::Errc::NotFound && missing == WhenMissing::Make) {
        if (const auto made = make_file(path, now); !made) return as_ours(made.error());
        text = read_key_file(path, kMaxFileBytes);
    }
    if (!text) return as_ours(text.error());
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
    const auto parsed = parse_key_file(text, kFirstLine, [&](std::string_view line) {
        if (take_word(line) != "key" || !parse_rfc3339(take_word(line))) return false;
        Seed seed{};
        if (!from_hex(line, seed)) return false;
        Key key;
        crypto_sign_seed_keypair(key.public_part.data(), key.secret.data(), seed.data());
        sodium_memzero(seed.data(), seed.size());
        key.id = to_hex(std::span{key.public_part}.first<kIdBytes>());
        keys_.push_back(std::move(key));
        return true;
    });
    if (!parsed) return as_ours(parsed.error());
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
