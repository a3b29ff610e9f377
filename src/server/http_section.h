#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/result.h"

namespace escucha::server {

struct Config;

/// The door for pages and programs: the section [http] of the file.
struct HttpSection {
    static constexpr std::uint32_t kMostPerSecond = 100'000;
    static constexpr std::uint32_t kMostBurst = 1'000'000;
    static constexpr std::uint32_t kMostSignInsPerMinute = 6'000;
    static constexpr std::uint32_t kMostConnections = 100'000;
    static constexpr std::uint32_t kMostHstsDays = 3'650;

    std::string bind;  ///< Where it listens; empty: where everything does.
    /// Plain HTTP beyond loopback: only behind a front on another machine that does the TLS.
    bool is_plain_allowed = false;
    /// Addresses of fronts, with commas between: whose X-Forwarded-For and X-Forwarded-Proto count.
    std::string fronts;
    /// PEM: our chain, leaf first, and its key. Empty: plain HTTP. Read again at `reload`.
    std::filesystem::path tls_certificate;
    std::filesystem::path tls_key;
    std::uint16_t redirect_port = 0;  ///< A plain port that sends to the other one; 0: none.
    std::uint32_t hsts_days = 365;    ///< How long browsers come by HTTPS only; 0: as they like.
    std::uint32_t connections_max = 4'096;
    std::uint32_t connections_per_address = 1'024;
    // Requests, in the long run and at once. An address may be that of a whole site behind a NAT.
    std::uint32_t address_per_s = 1'000;
    std::uint32_t address_burst = 10'000;
    std::uint32_t session_per_s = 100;  ///< Of one session or API key.
    std::uint32_t session_burst = 1'000;
    std::uint32_t sign_in_per_min = 120;  ///< From one address.
    std::uint32_t sign_in_burst = 240;

    [[nodiscard]] bool has_tls() const { return !tls_certificate.empty(); }
};

/// Error: `InvalidArgument` naming the setting.
Result<void> check_http(const Config& config);

}  // namespace escucha::server
