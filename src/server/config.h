#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "control/outside_rules.h"
#include "privacy/clearance.h"
#include "sdp/sdp.h"
#include "server/http_section.h"
#include "sip/address.h"
#include "sip/settings.h"

namespace escucha::server {

/// One carrier that we register at or watch: a section [trunks.NAME] of the file. NAME is that of a
/// trunk in the store.
struct TrunkSection {
    static constexpr std::uint32_t kShortestExpiresS = 60;
    static constexpr std::uint32_t kLongestExpiresS = 86'400;
    static constexpr std::uint32_t kLongestOptionsIntervalS = 3'600;
    static constexpr std::uint32_t kMostCalls = 100'000;

    std::string name;
    /// "sip.carrier.example", with ":PORT" where the carrier says so: then no SRV records are
    /// asked.
    std::string server;
    /// Unset: what NAPTR and SRV records say, or UDP.
    std::optional<sip::Transport> transport;
    bool is_registering = true;
    std::string user;
    /// The password and perhaps a line end, in a file that nobody but us may read.
    std::filesystem::path password_file;
    /// Where requests go instead of to `server`, written as that is.
    std::string outbound_proxy;
    std::uint32_t options_interval_s = 30;  ///< Between probes of one address; 0: none.
    std::uint32_t expires_s = 600;          ///< The time a registration is asked for.
    /// Of calls from this carrier. Unset: as everybody's.
    std::optional<sdp::Encryption> encryption{};
    std::string caller_id = {};   ///< E.164: what calls that we make there show.
    std::uint32_t calls_max = 0;  ///< In both directions; 0: no limit.
    /// How it is told that we send a caller on to a number outside.
    sip::DiversionHeader diversion = sip::DiversionHeader::None;
    /// TLS. PEM: who may have signed the carrier's certificate; empty: whom the system trusts.
    std::filesystem::path tls_ca = {};
    /// Our own, where the carrier wants one.
    std::filesystem::path tls_certificate = {};
    std::filesystem::path tls_key = {};
};

/// What one company's agents may call outside: a section [outside.KEY] of the file. KEY is that of
/// a company in the store; one without a section calls nobody.
struct OutsideSection {
    static constexpr std::uint32_t kMostCalls = 100'000;
    static constexpr std::uint32_t kMostMinutes = 1'000'000;
    static constexpr std::uint32_t kShortestRingS = 5;
    static constexpr std::uint32_t kLongestRingS = 180;

    std::string company;
    std::vector<std::string> trunks;  ///< Names, in the order in which they are tried.
    std::vector<std::string> allow;  ///< Beginnings of E.164 numbers; the longest that fits counts.
    std::vector<std::string> deny;
    std::vector<std::string> emergency = control::OutsideRules::default_emergency();
    std::string hours;  ///< Key of a calendar of the company; empty: always.
    std::uint32_t calls_max = 2;
    std::uint32_t calls_per_day = 50;
    std::uint32_t minutes_per_day = 120;
    std::uint32_t ring_s = 30;
    bool is_number_withheld = false;
};

/// Where a company wants what its callers key in secret: a section [secure_input.KEY] of the file.
/// KEY is that of a company in the store; of one without a section a value is only checked.
struct SecureInputSection {
    std::string company;
    std::string connector;  ///< One of [connectors], by https, or on this machine.
    std::string operation = "secure_input";
};

/// What `escuchad` is told before it starts: defaults, then the TOML file, then the command line.
/// Run-time settings (companies, queues, users, flows) live in the store instead.
struct Config {
    std::filesystem::path data_dir = "/var/lib/escucha";
    /// Where everything listens. Beyond loopback only when the operator says so.
    std::string bind = "127.0.0.1";
    /// The address telephones are told (Via, Contact, sound), where it is not the one listened on:
    /// on every address of the machine (0.0.0.0, ::), or behind a 1:1 NAT. Empty: `bind`.
    std::string advertise;
    std::uint16_t http_port = 8080;
    HttpSection http;
    std::uint16_t sip_port = 5060;
    /// SIP over TLS; listened on when there is a certificate.
    std::uint16_t sips_port = 5061;
    std::uint16_t rtp_port_low = 20000;
    std::uint16_t rtp_port_high = 29999;
    /// "sqlite:PATH" or "postgres://..."; empty means DATA/escucha.db.
    std::string store_url;
    std::filesystem::path web_root = "/usr/share/escucha/web";
    /// The media program; empty means the one beside `escuchad`.
    std::filesystem::path media_program;
    std::uint32_t media_workers = 1;
    /// What is offered to telephones and trunks, in order of preference.
    std::vector<sdp::Codec> codecs{sdp::Codec::Pcmu, sdp::Codec::Pcma};
    /// Whether the sound of telephones and trunks is encrypted (SRTP, keys in the SDP).
    sdp::Encryption encryption = sdp::Encryption::WhenOffered;
    /// How Opus is spoken where it is transcoded (audio/codec.h).
    std::uint32_t opus_bitrate_bps = 24'000;
    std::uint32_t opus_complexity = 4;
    bool opus_fec = true;
    bool opus_dtx = false;
    /// The speech engine: a command that reads text on standard input and writes WAV to standard
    /// output. "{voice}" is replaced by the language's voice.
    std::string speech_command = "espeak-ng -v {voice} -s 150 --stdout";
    std::string speech_voice_es = "es";
    std::string speech_voice_en = "en-gb";
    /// PEM: our chain, leaf first, and its key. Empty: no TLS. Read again at `reload`.
    std::filesystem::path tls_certificate;
    std::filesystem::path tls_key;
    /// PEM: who may have signed the certificates of phones and carriers. When set, a peer without
    /// such a certificate is not let in.
    std::filesystem::path tls_client_ca;
    /// HTTP connectors of look-up nodes: name to URL (docs/flows.md). "directory" is built in.
    std::map<std::string, std::string> connectors;
    std::vector<TrunkSection> trunks;
    std::vector<OutsideSection> outside;
    std::vector<SecureInputSection> secure_inputs;
    /// Name servers for carriers' addresses: "192.0.2.53, 192.0.2.54:5353". Empty: the machine's.
    std::string dns_servers;
    /// The companies' keys of recordings; empty means DATA/recording.keys.
    std::filesystem::path recording_key_file;
    /// Opens the secrets of second factors; empty means DATA/account.keys.
    std::filesystem::path account_key_file;
    /// Passwords that nobody may choose, one a line, beside those that come with the program.
    std::filesystem::path password_blocklist;
    std::uint32_t session_idle_min = 480;
    std::uint32_t session_life_h = 24;
    /// How long a masked field is shown to who gave a reason.
    std::uint32_t reveal_min = static_cast<std::uint32_t>(privacy::RevealLimits::kUsual.count());
    std::uint32_t max_live_contacts = 5000;
    log::Level log_level = log::Level::Info;

    [[nodiscard]] const std::string& http_bind() const {
        return http.bind.empty() ? bind : http.bind;
    }
    [[nodiscard]] bool has_tls() const { return !tls_certificate.empty(); }
    [[nodiscard]] std::filesystem::path recordings_dir() const { return data_dir / "recordings"; }
    /// The keys that sign the audit log's checkpoints.
    [[nodiscard]] std::filesystem::path audit_key_file() const {
        return key_file().parent_path() / "audit.keys";
    }
    [[nodiscard]] std::filesystem::path key_file() const {
        return recording_key_file.empty() ? data_dir / "recording.keys" : recording_key_file;
    }
    [[nodiscard]] std::filesystem::path effective_account_key_file() const {
        return account_key_file.empty() ? data_dir / "account.keys" : account_key_file;
    }
    [[nodiscard]] std::filesystem::path prompts_dir() const { return data_dir / "prompts"; }
    /// Recordings that every company's flows may name, put there by hand.
    [[nodiscard]] std::filesystem::path shared_prompts_dir() const {
        return data_dir / "recorded-prompts";
    }
    [[nodiscard]] std::filesystem::path media_socket() const { return data_dir / "media.sock"; }
    [[nodiscard]] std::filesystem::path token_file() const { return data_dir / "escuchactl.token"; }
    [[nodiscard]] std::string effective_store_url() const;
    [[nodiscard]] const std::string& advertised_address() const {
        return advertise.empty() ? bind : advertise;
    }
};

/// Reads `path` over `config`. Unknown keys and values out of range are errors that name the key
/// and the line; nothing is changed then.
Result<Config> read_config(const std::filesystem::path& path, Config config);

/// Ranges and relations (ports differ, the RTP range holds at least 8 ports, ...).
Result<void> check_config(const Config& config);

}  // namespace escucha::server
