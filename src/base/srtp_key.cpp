#include "base/srtp_key.h"

#include <algorithm>

namespace escucha {

std::string_view name_of(SrtpSuite suite) {
    switch (suite) {
        case SrtpSuite::AeadAes256Gcm:
            return "AEAD_AES_256_GCM";
        case SrtpSuite::AeadAes128Gcm:
            return "AEAD_AES_128_GCM";
        case SrtpSuite::AesCm128Sha1_80:
            return "AES_CM_128_HMAC_SHA1_80";
    }
    return {};
}

std::optional<SrtpSuite> srtp_suite_of(std::string_view name) {
    const auto* found =
        std::ranges::find(kSrtpSuites, name, [](SrtpSuite s) { return name_of(s); });
    return found == kSrtpSuites.end() ? std::nullopt : std::optional{*found};
}

}  // namespace escucha
