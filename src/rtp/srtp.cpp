#include "rtp/srtp.h"

#include <algorithm>

// libre's headers want the macros of its own build, which pkg-config does not tell.
#define HAVE_INTTYPES_H
#define HAVE_STDBOOL_H
extern "C" {
#include <re/re_types.h>

#include <re/re_fmt.h>
#include <re/re_mbuf.h>
#include <re/re_mem.h>
#include <re/re_srtp.h>
}

namespace escucha::rtp {

namespace {

srtp_suite to_re(SrtpSuite suite) {
    switch (suite) {
        case SrtpSuite::AesCm128Sha1_80:
            return SRTP_AES_CM_128_HMAC_SHA1_80;
        case SrtpSuite::AeadAes128Gcm:
            return SRTP_AES_128_GCM;
    }
    return SRTP_AES_CM_128_HMAC_SHA1_80;
}

constexpr std::size_t kRtcpHeaderBytes = 8;
constexpr std::size_t kIndexBytes = 4;
constexpr std::size_t kSha1TagBytes = 10;
constexpr std::byte kIsEncrypted{0x80};

/// The E bit of SRTCP (RFC 3711 §3.4). libre believes a GCM report without it, which nothing
/// authenticates; we ask nobody to leave reports in clear.
bool claims_encryption(SrtpSuite suite, ByteView packet) {
    const std::size_t behind =
        kIndexBytes + (suite == SrtpSuite::AesCm128Sha1_80 ? kSha1TagBytes : 0);
    if (packet.size() < kRtcpHeaderBytes + behind) return false;
    return (packet[packet.size() - behind] & kIsEncrypted) != std::byte{0};
}

using Transform = int (*)(srtp*, mbuf*);

/// On our own buffer: libre grows one it finds too small, so `room` must hold what is appended.
std::optional<std::size_t> transform(Transform how,
                                     srtp* context,
                                     std::span<std::byte> room,
                                     std::size_t size) {
    mbuf view{};
    view.buf = reinterpret_cast<std::uint8_t*>(room.data());
    view.size = room.size();
    view.end = size;
    if (how(context, &view) != 0) return std::nullopt;
    return view.end;
}

}  // namespace

std::string_view name_of(SrtpSuite suite) {
    switch (suite) {
        case SrtpSuite::AesCm128Sha1_80:
            return "AES_CM_128_HMAC_SHA1_80";
        case SrtpSuite::AeadAes128Gcm:
            return "AEAD_AES_128_GCM";
    }
    return {};
}

std::optional<SrtpSuite> srtp_suite_of(std::string_view name) {
    const auto found = std::ranges::find(kSrtpSuites, name, name_of);
    return found == kSrtpSuites.end() ? std::nullopt : std::optional{*found};
}

void SrtpDirection::Release::operator()(srtp* context) const { mem_deref(context); }

std::optional<SrtpDirection> SrtpDirection::make(const SrtpKey& key) {
    srtp* context = nullptr;
    const auto bytes = key.bytes();
    if (srtp_alloc(&context, to_re(key.suite), bytes.data(), bytes.size(), 0) != 0) {
        return std::nullopt;
    }
    return SrtpDirection{context, key.suite};
}

std::optional<std::size_t> SrtpDirection::protect_rtp(std::span<std::byte> buffer,
                                                      std::size_t size) {
    if (buffer.size() < size + kSrtpRoom) return std::nullopt;
    return transform(srtp_encrypt, context_.get(), buffer, size);
}

std::optional<std::size_t> SrtpDirection::protect_rtcp(std::span<std::byte> buffer,
                                                       std::size_t size) {
    if (buffer.size() < size + kSrtpRoom) return std::nullopt;
    return transform(srtcp_encrypt, context_.get(), buffer, size);
}

std::optional<std::size_t> SrtpDirection::unprotect_rtp(std::span<std::byte> packet) {
    return transform(srtp_decrypt, context_.get(), packet, packet.size());
}

std::optional<std::size_t> SrtpDirection::unprotect_rtcp(std::span<std::byte> packet) {
    if (!claims_encryption(suite_, packet)) return std::nullopt;
    return transform(srtcp_decrypt, context_.get(), packet, packet.size());
}

}  // namespace escucha::rtp
