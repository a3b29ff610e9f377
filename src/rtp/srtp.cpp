#include "rtp/srtp.h"

// The SHA-1 of OpenSSL's older interface: a state that is plain data is copied for each packet,
// where EVP allocates two.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

#include <algorithm>
#include <cstring>

#include "base/check.h"

namespace escucha::rtp {

namespace {

constexpr std::size_t kMinRtpBytes = 12;
constexpr std::size_t kRtcpHeaderBytes = 8;
constexpr std::size_t kIndexBytes = 4;
constexpr std::size_t kSha1TagBytes = 10;
constexpr std::size_t kGcmTagBytes = 16;
constexpr std::size_t kBlockBytes = 16;
constexpr std::size_t kHashKeyBytes = 20;
constexpr std::size_t kHashBlockBytes = 64;
constexpr std::uint32_t kIsEncrypted = 0x8000'0000;
constexpr std::uint64_t kRollover = 0x1'0000;
static_assert(kGcmTagBytes + kIndexBytes <= kSrtpRoom && kSha1TagBytes + kIndexBytes <= kSrtpRoom);

using Octets = std::span<std::uint8_t>;
using OctetView = std::span<const std::uint8_t>;

Octets octets(std::span<std::byte> bytes) {
    return {reinterpret_cast<std::uint8_t*>(bytes.data()), bytes.size()};
}
int size_of(OctetView bytes) { return static_cast<int>(bytes.size()); }

std::uint32_t read_u32(ByteView bytes) { return ByteCursor{bytes}.read<std::uint32_t>(); }
std::uint16_t read_u16(ByteView bytes) { return ByteCursor{bytes}.read<std::uint16_t>(); }

void put(std::uint64_t value, Octets out) {
    for (std::size_t i = out.size(); i-- > 0; value >>= 8U) {
        out[i] = static_cast<std::uint8_t>(value);
    }
}

/// The part of an RTP packet that stays readable: fixed header, CSRC list, extension. 0: no packet.
std::size_t rtp_header_bytes(ByteView packet) {
    if (packet.size() < kMinRtpBytes) return 0;
    const auto first = std::to_integer<unsigned>(packet[0]);
    if (first >> 6U != 2) return 0;
    std::size_t size = kMinRtpBytes + std::size_t{4} * (first & 0x0FU);
    if ((first & 0x10U) != 0) {
        if (packet.size() < size + 4) return 0;
        size += 4 + std::size_t{4} * read_u16(packet.subspan(size + 2));
    }
    return size <= packet.size() ? size : 0;
}

/// RFC 3711 §3.3.1 and appendix A: the count whose distance to what was last seen is least.
std::uint64_t index_near(std::uint64_t newest, std::uint16_t sequence) {
    const auto step = static_cast<std::int16_t>(
        static_cast<std::uint16_t>(sequence - static_cast<std::uint16_t>(newest)));
    const auto index = static_cast<std::int64_t>(newest) + step;
    // Before the first packet of all there is nothing.
    return static_cast<std::uint64_t>(index < 0 ? index + std::int64_t{kRollover} : index);
}

struct FreeCipher {
    void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, FreeCipher>;

CipherContext make_cipher(const EVP_CIPHER* cipher, OctetView key, int direction) {
    CipherContext context{EVP_CIPHER_CTX_new()};
    ESC_CHECK(context != nullptr);
    ESC_CHECK(EVP_CipherInit_ex(context.get(), cipher, nullptr, key.data(), nullptr, direction) ==
              1);
    return context;
}

/// RFC 3711 §4.3: what of a master key is for which purpose, by its label.
void derive(const SrtpKey& key, std::uint8_t label, Octets out) {
    const OctetView master = key.bytes();
    const std::size_t cipher_bytes = cipher_key_bytes(key.suite);
    std::array<std::uint8_t, kBlockBytes> iv{};
    std::ranges::copy(master.subspan(cipher_bytes), iv.begin());
    iv[7] ^= label;
    const auto context = make_cipher(
        cipher_bytes == 32 ? EVP_aes_256_ctr() : EVP_aes_128_ctr(), master.first(cipher_bytes), 1);
    std::ranges::fill(out, std::uint8_t{0});
    int written = 0;
    ESC_CHECK(EVP_CipherInit_ex(context.get(), nullptr, nullptr, nullptr, iv.data(), 1) == 1);
    ESC_CHECK(EVP_CipherUpdate(context.get(), out.data(), &written, out.data(), size_of(out)) == 1);
}

/// HMAC-SHA1 (RFC 2104) with a key that stays.
class Hmac {
public:
    explicit Hmac(OctetView key) {
        std::array<std::uint8_t, kHashBlockBytes> block{};
        std::ranges::copy(key, block.begin());
        for (auto& byte : block) byte ^= 0x36;
        SHA1_Init(&inner_);
        SHA1_Update(&inner_, block.data(), block.size());
        for (auto& byte : block) byte ^= 0x36 ^ 0x5C;
        SHA1_Init(&outer_);
        SHA1_Update(&outer_, block.data(), block.size());
        OPENSSL_cleanse(block.data(), block.size());
    }
    ~Hmac() {
        OPENSSL_cleanse(&inner_, sizeof inner_);
        OPENSSL_cleanse(&outer_, sizeof outer_);
    }
    Hmac(const Hmac&) = delete;
    Hmac& operator=(const Hmac&) = delete;

    using Digest = std::array<std::uint8_t, SHA_DIGEST_LENGTH>;
    /// Of one part behind the other.
    [[nodiscard]] Digest of(OctetView first, OctetView second) const {
        Digest digest;
        SHA_CTX state = inner_;
        SHA1_Update(&state, first.data(), first.size());
        SHA1_Update(&state, second.data(), second.size());
        SHA1_Final(digest.data(), &state);
        state = outer_;
        SHA1_Update(&state, digest.data(), digest.size());
        SHA1_Final(digest.data(), &state);
        return digest;
    }

private:
    SHA_CTX inner_{};
    SHA_CTX outer_{};
};

enum class Kind : std::uint8_t { Rtp = 0, Rtcp = 3 };  ///< Their first label, RFC 3711 §4.3.2.

}  // namespace

bool ReplayWindow::is_new(std::uint64_t index) const {
    if (seen_ == 0 || index > newest_) return true;
    const std::uint64_t age = newest_ - index;
    return age < kSize && (seen_ >> age & 1U) == 0;
}

void ReplayWindow::note(std::uint64_t index) {
    if (seen_ != 0 && index <= newest_) {
        seen_ |= std::uint64_t{1} << (newest_ - index);
        return;
    }
    const std::uint64_t step = index - newest_;
    seen_ = seen_ == 0 || step >= kSize ? 1 : seen_ << step | 1U;
    newest_ = index;
}

/// The session keys of RTP or of RTCP, and what is done with them.
class SrtpDirection::Cipher {
public:
    Cipher(const SrtpKey& key, Kind kind) : suite_{key.suite}, kind_{kind} {
        const auto label = [&](unsigned which) {
            return static_cast<std::uint8_t>(static_cast<unsigned>(kind) + which);
        };
        std::array<std::uint8_t, 32> session{};
        const auto cipher_key = std::span{session}.first(cipher_key_bytes(suite_));
        derive(key, label(0), cipher_key);
        seal_ = make_cipher(cipher(), cipher_key, 1);
        open_ = make_cipher(cipher(), cipher_key, 0);
        derive(key, label(2), std::span{salt_}.first(salt_bytes(suite_)));
        if (!is_gcm()) {
            derive(key, label(1), std::span{session}.first(kHashKeyBytes));
            hmac_ = std::make_unique<Hmac>(std::span{session}.first(kHashKeyBytes));
        }
        OPENSSL_cleanse(session.data(), session.size());
    }
    ~Cipher() { OPENSSL_cleanse(salt_.data(), salt_.size()); }
    Cipher(const Cipher&) = delete;
    Cipher& operator=(const Cipher&) = delete;

    [[nodiscard]] bool is_gcm() const { return suite_ != SrtpSuite::AesCm128Sha1_80; }
    [[nodiscard]] std::size_t tag_bytes() const { return is_gcm() ? kGcmTagBytes : kSha1TagBytes; }

    /// Encrypts what is behind the header and tells the tag.
    void seal(Octets packet, std::size_t header, std::uint64_t index, Octets tag) {
        run(*seal_, packet, header, index, 1);
        if (is_gcm()) {
            int written = 0;
            ESC_CHECK(EVP_CipherFinal_ex(seal_.get(), tag.data(), &written) == 1);
            ESC_CHECK(EVP_CIPHER_CTX_ctrl(
                          seal_.get(), EVP_CTRL_AEAD_GET_TAG, size_of(tag), tag.data()) == 1);
            return;
        }
        const auto digest = hmac_->of(packet, trailer_of(index));
        std::copy_n(digest.begin(), tag.size(), tag.begin());
    }

    /// Decrypts it when the tag is right; when it is not, the packet is as it was.
    bool open(Octets packet, std::size_t header, std::uint64_t index, OctetView tag) {
        if (!is_gcm()) {
            const auto digest = hmac_->of(packet, trailer_of(index));
            if (CRYPTO_memcmp(digest.data(), tag.data(), tag.size()) != 0) return false;
            run(*open_, packet, header, index, 0);
            return true;
        }
        run(*open_, packet, header, index, 0);
        std::array<std::uint8_t, kGcmTagBytes> expected;
        std::ranges::copy(tag, expected.begin());
        ESC_CHECK(EVP_CIPHER_CTX_ctrl(open_.get(),
                                      EVP_CTRL_AEAD_SET_TAG,
                                      static_cast<int>(expected.size()),
                                      expected.data()) == 1);
        int written = 0;
        if (EVP_CipherFinal_ex(open_.get(), expected.data(), &written) == 1) return true;
        run(*seal_, packet, header, index, 1);
        return false;
    }

private:
    using Trailer = std::array<std::uint8_t, kIndexBytes>;

    [[nodiscard]] const EVP_CIPHER* cipher() const {
        switch (suite_) {
            case SrtpSuite::AeadAes256Gcm:
                return EVP_aes_256_gcm();
            case SrtpSuite::AeadAes128Gcm:
                return EVP_aes_128_gcm();
            case SrtpSuite::AesCm128Sha1_80:
                return EVP_aes_128_ctr();
        }
        return EVP_aes_128_ctr();
    }

    /// What is authenticated though the packet has it not, or has it at its end: the rollover
    /// counter, or the index of a report and that it is encrypted.
    [[nodiscard]] Trailer trailer_of(std::uint64_t index) const {
        Trailer trailer;
        put(kind_ == Kind::Rtp ? index / kRollover : index | kIsEncrypted, trailer);
        return trailer;
    }

    void run(EVP_CIPHER_CTX& context,
             Octets packet,
             std::size_t header,
             std::uint64_t index,
             int direction) const {
        // RFC 3711 §4.1.1 (16 bytes, the last two count blocks) and RFC 7714 §8.1, §9.1 (12).
        std::array<std::uint8_t, kBlockBytes> nonce = salt_;
        const std::size_t at = is_gcm() ? 2 : 4;
        const std::size_t ssrc_at = kind_ == Kind::Rtp ? 8 : 4;
        for (std::size_t i = 0; i < 4; ++i) nonce[at + i] ^= packet[ssrc_at + i];
        std::array<std::uint8_t, 6> number;
        put(index, number);
        for (std::size_t i = 0; i < number.size(); ++i) nonce[at + 4 + i] ^= number[i];

        ESC_CHECK(EVP_CipherInit_ex(&context, nullptr, nullptr, nullptr, nonce.data(), direction) ==
                  1);
        int written = 0;
        if (is_gcm()) {
            const auto clear = packet.first(header);
            EVP_CipherUpdate(&context, nullptr, &written, clear.data(), size_of(clear));
            if (kind_ == Kind::Rtcp) {
                const Trailer trailer = trailer_of(index);
                EVP_CipherUpdate(&context, nullptr, &written, trailer.data(), size_of(trailer));
            }
        }
        const auto body = packet.subspan(header);
        if (body.empty()) return;
        ESC_CHECK(EVP_CipherUpdate(&context, body.data(), &written, body.data(), size_of(body)) ==
                  1);
    }

    SrtpSuite suite_;
    Kind kind_;
    CipherContext seal_;
    CipherContext open_;
    std::array<std::uint8_t, kBlockBytes> salt_{};
    std::unique_ptr<Hmac> hmac_;  ///< Of suites that do not authenticate by themselves.
};

SrtpDirection::SrtpDirection(const SrtpKey& key)
    : rtp_{std::make_unique<Cipher>(key, Kind::Rtp)},
      rtcp_{std::make_unique<Cipher>(key, Kind::Rtcp)} {}
SrtpDirection::~SrtpDirection() = default;

SrtpDirection::Stream* SrtpDirection::find(std::uint32_t ssrc) {
    for (Stream& stream : streams_) {
        if (stream.used == 0 || stream.ssrc != ssrc) continue;
        stream.used = ++uses_;
        return &stream;
    }
    return nullptr;
}

SrtpDirection::Stream& SrtpDirection::open(std::uint32_t ssrc) {
    if (Stream* known = find(ssrc)) return *known;
    Stream& place = *std::ranges::min_element(streams_, {}, &Stream::used);
    place = {.ssrc = ssrc, .used = ++uses_};
    return place;
}

std::optional<std::size_t> SrtpDirection::protect_rtp(std::span<std::byte> buffer,
                                                      std::size_t size) {
    if (buffer.size() < size + kSrtpRoom) return std::nullopt;
    const auto packet = buffer.first(size);
    const std::size_t header = rtp_header_bytes(packet);
    if (header == 0) return std::nullopt;
    Stream& stream = open(read_u32(packet.subspan(8)));
    const std::uint16_t sequence = read_u16(packet.subspan(2));
    const std::uint64_t index =
        stream.has_rtp ? index_near(stream.rtp.newest(), sequence) : sequence;
    if (!stream.rtp.is_new(index)) return std::nullopt;
    stream.rtp.note(index);
    stream.has_rtp = true;
    const std::size_t tag = rtp_->tag_bytes();
    rtp_->seal(octets(packet), header, index, octets(buffer.subspan(size, tag)));
    return size + tag;
}

std::optional<std::size_t> SrtpDirection::unprotect_rtp(std::span<std::byte> packet) {
    const std::size_t header = rtp_header_bytes(packet);
    const std::size_t tag = rtp_->tag_bytes();
    if (header == 0 || packet.size() < header + tag) return std::nullopt;
    const std::size_t size = packet.size() - tag;
    const auto opens_at = [&](std::uint64_t index) {
        return rtp_->open(octets(packet.first(size)), header, index, octets(packet.subspan(size)));
    };
    const std::uint32_t ssrc = read_u32(packet.subspan(8));
    const std::uint16_t sequence = read_u16(packet.subspan(2));
    Stream* known = find(ssrc);
    if (known != nullptr && known->has_rtp) {
        const std::uint64_t index = index_near(known->rtp.newest(), sequence);
        if (!known->rtp.is_new(index) || !opens_at(index)) return std::nullopt;
        known->rtp.note(index);
        return size;
    }
    std::uint64_t index = sequence;
    if (!opens_at(index)) {
        index += kRollover * next_guess_;
        next_guess_ = next_guess_ % kMaxRollovers + 1;
        if (!opens_at(index)) return std::nullopt;
    }
    Stream& begun = known != nullptr ? *known : open(ssrc);
    begun.rtp.note(index);
    begun.has_rtp = true;
    return size;
}

std::optional<std::size_t> SrtpDirection::protect_rtcp(std::span<std::byte> buffer,
                                                       std::size_t size) {
    if (size < kRtcpHeaderBytes || buffer.size() < size + kSrtpRoom) return std::nullopt;
    const auto packet = buffer.first(size);
    Stream& stream = open(read_u32(packet.subspan(4)));
    // 2^31 reports at one a second are 68 years.
    const std::uint32_t index = ++stream.rtcp_sent;
    const std::size_t tag = rtcp_->tag_bytes();
    // RFC 3711 §3.4 has the tag last, RFC 7714 §9.1 the index.
    const std::size_t tag_at = rtcp_->is_gcm() ? size : size + kIndexBytes;
    const std::size_t index_at = rtcp_->is_gcm() ? size + tag : size;
    rtcp_->seal(octets(packet), kRtcpHeaderBytes, index, octets(buffer.subspan(tag_at, tag)));
    put(index | kIsEncrypted, octets(buffer.subspan(index_at, kIndexBytes)));
    return size + tag + kIndexBytes;
}

std::optional<std::size_t> SrtpDirection::unprotect_rtcp(std::span<std::byte> packet) {
    const std::size_t tag = rtcp_->tag_bytes();
    if (packet.size() < kRtcpHeaderBytes + tag + kIndexBytes) return std::nullopt;
    const std::size_t size = packet.size() - tag - kIndexBytes;
    const std::size_t tag_at = rtcp_->is_gcm() ? size : size + kIndexBytes;
    const std::size_t index_at = rtcp_->is_gcm() ? size + tag : size;
    const std::uint32_t word = read_u32(packet.subspan(index_at));
    // We ask nobody to leave reports in clear.
    if ((word & kIsEncrypted) == 0) return std::nullopt;
    const std::uint64_t index = word & ~kIsEncrypted;
    const std::uint32_t ssrc = read_u32(packet.subspan(4));
    Stream* known = find(ssrc);
    if (known != nullptr && !known->rtcp.is_new(index)) return std::nullopt;
    if (!rtcp_->open(octets(packet.first(size)),
                     kRtcpHeaderBytes,
                     index,
                     octets(packet.subspan(tag_at, tag)))) {
        return std::nullopt;
    }
    (known != nullptr ? *known : open(ssrc)).rtcp.note(index);
    return size;
}

}  // namespace escucha::rtp
