#include "server/config.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <functional>
#include <limits>
#include <map>

#include <fmt/format.h>

// toml++ reports errors as values here, like everything else in this project.
#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include "audio/codec.h"
#include "base/errc.h"
#include "base/phone_number.h"
#include "identity/sessions.h"
#include "server/detail/dns.h"

namespace escucha::server {

namespace {

/// Of one list in the file.
constexpr std::size_t kMostTexts = 1'000;

using Setter = std::function<bool(const toml::node&, Config&)>;

bool read(const toml::node& node, std::string& out) {
    const auto value = node.value<std::string>();
    if (value) out = *value;
    return value.has_value();
}

bool read(const toml::node& node, std::filesystem::path& out) {
    const auto value = node.value<std::string>();
    if (value) out = *value;
    return value.has_value();
}

bool read(const toml::node& node, bool& out) {
    const auto value = node.value<bool>();
    if (value) out = *value;
    return value.has_value();
}

// Each at most once, and at least one.
bool read(const toml::node& node, std::vector<sdp::Codec>& out) {
    static const std::map<std::string, sdp::Codec> kCodecs{{"pcmu", sdp::Codec::Pcmu},
                                                           {"pcma", sdp::Codec::Pcma},
                                                           {"g722", sdp::Codec::G722},
                                                           {"opus", sdp::Codec::Opus}};
    const toml::array* items = node.as_array();
    if (items == nullptr || items->empty()) return false;
    std::vector<sdp::Codec> codecs;
    for (const toml::node& item : *items) {
        const auto name = item.value<std::string>();
        const auto known = kCodecs.find(name.value_or(std::string{}));
        if (known == kCodecs.end()) return false;
        if (std::find(codecs.begin(), codecs.end(), known->second) != codecs.end()) return false;
        codecs.push_back(known->second);
    }
    out = std::move(codecs);
    return true;
}

bool read(const toml::node& node, sdp::Encryption& out) {
    static const std::map<std::string, sdp::Encryption> kRules{
        {"never", sdp::Encryption::Never},
        {"when_offered", sdp::Encryption::WhenOffered},
        {"required", sdp::Encryption::Required}};
    const auto value = node.value<std::string>();
    if (!value || !kRules.contains(*value)) return false;
    out = kRules.at(*value);
    return true;
}

bool read(const toml::node& node, std::optional<sdp::Encryption>& out) {
    return read(node, out.emplace());
}

template <std::unsigned_integral T>
requires(!std::same_as<T, bool>) bool read(const toml::node& node, T& out) {
    const auto value = node.value<std::int64_t>();
    if (!value || *value < 0) return false;
    if (static_cast<std::uint64_t>(*value) > std::numeric_limits<T>::max()) return false;
    out = static_cast<T>(*value);
    return true;
}

bool read(const toml::node& node, log::Level& out) {
    static const std::map<std::string, log::Level> kLevels{{"debug", log::Level::Debug},
                                                           {"info", log::Level::Info},
                                                           {"warn", log::Level::Warn},
                                                           {"error", log::Level::Error}};
    const auto value = node.value<std::string>();
    if (!value || !kLevels.contains(*value)) return false;
    out = kLevels.at(*value);
    return true;
}

template <typename Member>
Setter set(Member Config::*member) {
    return [member](const toml::node& node, Config& config) { return read(node, config.*member); };
}

template <typename Member>
Setter set_http(Member HttpSection::*member) {
    return [member](const toml::node& node, Config& config) {
        return read(node, config.http.*member);
    };
}

const std::map<std::string, Setter>& settings() {
    static const std::map<std::string, Setter> table{
        {"data.dir", set(&Config::data_dir)},
        {"listen.bind", set(&Config::bind)},
        {"listen.advertise", set(&Config::advertise)},
        {"listen.http_port", set(&Config::http_port)},
        {"listen.sip_port", set(&Config::sip_port)},
        {"listen.sips_port", set(&Config::sips_port)},
        {"http.bind", set_http(&HttpSection::bind)},
        {"http.allow_plain", set_http(&HttpSection::is_plain_allowed)},
        {"http.fronts", set_http(&HttpSection::fronts)},
        {"http.tls_certificate", set_http(&HttpSection::tls_certificate)},
        {"http.tls_key", set_http(&HttpSection::tls_key)},
        {"http.redirect_port", set_http(&HttpSection::redirect_port)},
        {"http.hsts_days", set_http(&HttpSection::hsts_days)},
        {"http.connections_max", set_http(&HttpSection::connections_max)},
        {"http.connections_per_address", set_http(&HttpSection::connections_per_address)},
        {"http.address_per_s", set_http(&HttpSection::address_per_s)},
        {"http.address_burst", set_http(&HttpSection::address_burst)},
        {"http.session_per_s", set_http(&HttpSection::session_per_s)},
        {"http.session_burst", set_http(&HttpSection::session_burst)},
        {"http.sign_in_per_min", set_http(&HttpSection::sign_in_per_min)},
        {"http.sign_in_burst", set_http(&HttpSection::sign_in_burst)},
        {"tls.certificate", set(&Config::tls_certificate)},
        {"tls.key", set(&Config::tls_key)},
        {"tls.client_ca", set(&Config::tls_client_ca)},
        {"media.rtp_port_low", set(&Config::rtp_port_low)},
        {"media.rtp_port_high", set(&Config::rtp_port_high)},
        {"media.program", set(&Config::media_program)},
        {"media.workers", set(&Config::media_workers)},
        {"media.codecs", set(&Config::codecs)},
        {"media.encryption", set(&Config::encryption)},
        {"media.opus_bitrate_bps", set(&Config::opus_bitrate_bps)},
        {"media.opus_complexity", set(&Config::opus_complexity)},
        {"media.opus_fec", set(&Config::opus_fec)},
        {"media.opus_dtx", set(&Config::opus_dtx)},
        {"store.url", set(&Config::store_url)},
        {"web.root", set(&Config::web_root)},
        {"speech.command", set(&Config::speech_command)},
        {"speech.voice_es", set(&Config::speech_voice_es)},
        {"speech.voice_en", set(&Config::speech_voice_en)},
        {"dns.servers", set(&Config::dns_servers)},
        {"recordings.key_file", set(&Config::recording_key_file)},
        {"accounts.key_file", set(&Config::account_key_file)},
        {"accounts.password_blocklist", set(&Config::password_blocklist)},
        {"accounts.session_idle_min", set(&Config::session_idle_min)},
        {"accounts.session_life_h", set(&Config::session_life_h)},
        {"privacy.reveal_min", set(&Config::reveal_min)},
        {"limits.max_live_contacts", set(&Config::max_live_contacts)},
        {"log.level", set(&Config::log_level)},
    };
    return table;
}

bool read(const toml::node& node, std::optional<sip::Transport>& out) {
    static const std::map<std::string, sip::Transport> kTransports{
        {"udp", sip::Transport::Udp}, {"tcp", sip::Transport::Tcp}, {"tls", sip::Transport::Tls}};
    const auto value = node.value<std::string>();
    if (!value || !kTransports.contains(*value)) return false;
    out = kTransports.at(*value);
    return true;
}

bool read(const toml::node& node, sip::DiversionHeader& out) {
    static const std::map<std::string, sip::DiversionHeader> kHeaders{
        {"none", sip::DiversionHeader::None},
        {"diversion", sip::DiversionHeader::Diversion},
        {"history_info", sip::DiversionHeader::HistoryInfo}};
    const auto value = node.value<std::string>();
    if (!value || !kHeaders.contains(*value)) return false;
    out = kHeaders.at(*value);
    return true;
}

struct TrunkSetting {
    std::function<bool(const toml::node&, TrunkSection&)> read;
    std::string wanted;
};

template <typename Member>
TrunkSetting trunk_setting(Member TrunkSection::*member, std::string wanted) {
    return {
        [member](const toml::node& node, TrunkSection& trunk) { return read(node, trunk.*member); },
        std::move(wanted)};
}

TrunkSetting server_setting(std::string TrunkSection::*member) {
    return {[member](const toml::node& node, TrunkSection& trunk) {
                return read(node, trunk.*member) && ServerName::parse(trunk.*member).has_value();
            },
            "a host name or address, with or without \":PORT\""};
}

TrunkSetting seconds_setting(std::uint32_t TrunkSection::*member,
                             std::uint32_t least,
                             std::uint32_t most) {
    return {[=](const toml::node& node, TrunkSection& trunk) {
                return read(node, trunk.*member) && trunk.*member >= least && trunk.*member <= most;
            },
            fmt::format("{} to {}", least, most)};
}

TrunkSetting number_setting(std::string TrunkSection::*member) {
    return {[member](const toml::node& node, TrunkSection& trunk) {
                const bool is_text = read(node, trunk.*member);
                const auto number = PhoneNumber::parse(trunk.*member, "");
                return is_text && number && number->e164() == trunk.*member;
            },
            "a number in E.164: \"+34910000100\""};
}

const std::map<std::string, TrunkSetting>& trunk_settings() {
    static const std::map<std::string, TrunkSetting> table{
        {"server", server_setting(&TrunkSection::server)},
        {"outbound_proxy", server_setting(&TrunkSection::outbound_proxy)},
        {"transport", trunk_setting(&TrunkSection::transport, "\"udp\", \"tcp\" or \"tls\"")},
        {"encryption",
         trunk_setting(&TrunkSection::encryption, "\"never\", \"when_offered\" or \"required\"")},
        {"register", trunk_setting(&TrunkSection::is_registering, "true or false")},
        {"user", trunk_setting(&TrunkSection::user, "text")},
        {"password_file", trunk_setting(&TrunkSection::password_file, "the path of a file")},
        {"options_interval_s",
         seconds_setting(
             &TrunkSection::options_interval_s, 0, TrunkSection::kLongestOptionsIntervalS)},
        {"expires_s",
         seconds_setting(&TrunkSection::expires_s,
                         TrunkSection::kShortestExpiresS,
                         TrunkSection::kLongestExpiresS)},
        {"caller_id", number_setting(&TrunkSection::caller_id)},
        {"calls_max", seconds_setting(&TrunkSection::calls_max, 0, TrunkSection::kMostCalls)},
        {"diversion",
         trunk_setting(&TrunkSection::diversion, "\"none\", \"diversion\" or \"history_info\"")},
        {"tls_ca", trunk_setting(&TrunkSection::tls_ca, "the path of a file")},
        {"tls_certificate", trunk_setting(&TrunkSection::tls_certificate, "the path of a file")},
        {"tls_key", trunk_setting(&TrunkSection::tls_key, "the path of a file")},
    };
    return table;
}

using OutsideReader = std::function<bool(const toml::node&, OutsideSection&)>;
struct OutsideSetting {
    OutsideReader read;
    std::string wanted;
};

OutsideSetting texts_setting(std::vector<std::string> OutsideSection::*member,
                             bool (*is_good)(const std::string&),
                             std::string wanted) {
    return {[member, is_good](const toml::node& node, OutsideSection& outside) {
                const toml::array* items = node.as_array();
                if (items == nullptr || items->size() > kMostTexts) return false;
                std::vector<std::string> texts;
                for (const toml::node& item : *items) {
                    texts.push_back(item.value<std::string>().value_or(std::string{}));
                    if (!is_good(texts.back())) return false;
                }
                outside.*member = std::move(texts);
                return true;
            },
            std::move(wanted)};
}

OutsideSetting count_setting(std::uint32_t OutsideSection::*member,
                             std::uint32_t least,
                             std::uint32_t most) {
    return {[=](const toml::node& node, OutsideSection& outside) {
                return read(node, outside.*member) && outside.*member >= least &&
                       outside.*member <= most;
            },
            fmt::format("{} to {}", least, most)};
}

bool is_digits(std::string_view text) {
    constexpr std::size_t kMostDigits = 15;
    return !text.empty() && text.size() <= kMostDigits &&
           std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}
bool is_number_start(const std::string& text) {
    return text == "+" || (text.starts_with('+') && is_digits(std::string_view{text}.substr(1)));
}
bool is_short_number(const std::string& text) { return is_digits(text); }
bool is_some_text(const std::string& text) { return !text.empty(); }

const std::map<std::string, OutsideSetting>& outside_settings() {
    using Section = OutsideSection;
    static const std::map<std::string, OutsideSetting> table{
        {"trunks",
         texts_setting(&Section::trunks, is_some_text, "a list of names of [trunks.NAME]")},
        {"allow",
         texts_setting(&Section::allow, is_number_start, "a list like [\"+346\", \"+349\"]")},
        {"deny", texts_setting(&Section::deny, is_number_start, "a list like [\"+34905\"]")},
        {"emergency",
         texts_setting(&Section::emergency, is_short_number, "a list like [\"112\", \"091\"]")},
        {"hours",
         {[](const toml::node& node, Section& outside) { return read(node, outside.hours); },
          "the key of a calendar"}},
        {"withhold_number",
         {[](const toml::node& node, Section& outside) {
              return read(node, outside.is_number_withheld);
          },
          "true or false"}},
        {"calls_max", count_setting(&Section::calls_max, 0, Section::kMostCalls)},
        {"calls_per_day", count_setting(&Section::calls_per_day, 0, Section::kMostCalls)},
        {"minutes_per_day", count_setting(&Section::minutes_per_day, 0, Section::kMostMinutes)},
        {"ring_s",
         count_setting(&Section::ring_s, Section::kShortestRingS, Section::kLongestRingS)},
    };
    return table;
}

Error at_line(const toml::node& node, std::string what) {
    return fail(Errc::InvalidArgument,
                fmt::format("line {}: {}", node.source().begin.line, std::move(what)));
}

// A name becomes a label of a metric and a word on the command line.
bool is_trunk_name(std::string_view name) {
    constexpr std::size_t kMaxBytes = 64;
    return !name.empty() && name.size() <= kMaxBytes &&
           std::ranges::all_of(name, [](char c) { return c >= ' ' && c != '"' && c != '\\'; });
}

Result<TrunkSection> read_trunk(const std::string& name, const toml::node& content) {
    const toml::table* table = content.as_table();
    if (table == nullptr) {
        return at_line(content, fmt::format("'trunks.{}' must be a [trunks.NAME] section", name));
    }
    if (!is_trunk_name(name)) {
        return at_line(content, "the name of a trunk is 1 to 64 bytes without quotes");
    }
    TrunkSection trunk;
    trunk.name = name;
    for (const auto& [key, node] : *table) {
        const auto setting = trunk_settings().find(std::string{key.str()});
        const auto full = fmt::format("trunks.{}.{}", name, std::string{key.str()});
        if (setting == trunk_settings().end()) {
            return at_line(node, fmt::format("unknown setting '{}'", full));
        }
        if (!setting->second.read(node, trunk)) {
            return at_line(node, fmt::format("'{}' must be {}", full, setting->second.wanted));
        }
    }
    const auto missing = [&](std::string_view what) {
        return at_line(content, fmt::format("trunk '{}' needs {}", name, what));
    };
    if (trunk.server.empty()) return missing("'server'");
    if (trunk.is_registering && trunk.user.empty()) return missing("'user' to register");
    if (trunk.is_registering && trunk.password_file.empty()) {
        return missing("'password_file' to register");
    }
    if (trunk.tls_certificate.empty() != trunk.tls_key.empty()) {
        return missing("both of 'tls_certificate' and 'tls_key', or none");
    }
    return trunk;
}

Result<OutsideSection> read_outside(const std::string& company, const toml::node& content) {
    const toml::table* table = content.as_table();
    if (table == nullptr) {
        return at_line(content,
                       fmt::format("'outside.{}' must be an [outside.COMPANY] section", company));
    }
    OutsideSection outside;
    outside.company = company;
    for (const auto& [key, node] : *table) {
        const auto setting = outside_settings().find(std::string{key.str()});
        const auto full = fmt::format("outside.{}.{}", company, std::string{key.str()});
        if (setting == outside_settings().end()) {
            return at_line(node, fmt::format("unknown setting '{}'", full));
        }
        if (!setting->second.read(node, outside)) {
            return at_line(node, fmt::format("'{}' must be {}", full, setting->second.wanted));
        }
    }
    if (outside.trunks.empty()) {
        return at_line(content, fmt::format("outside '{}' needs 'trunks'", company));
    }
    return outside;
}

Result<SecureInputSection> read_secure_input(const std::string& company,
                                             const toml::node& content) {
    const toml::table* table = content.as_table();
    if (table == nullptr) {
        return at_line(
            content,
            fmt::format("'secure_input.{}' must be a [secure_input.COMPANY] section", company));
    }
    constexpr std::size_t kMaxWord = 100;
    SecureInputSection section;
    section.company = company;
    for (const auto& [key, node] : *table) {
        const std::string name{key.str()};
        if (name != "connector" && name != "operation") {
            return at_line(node,
                           fmt::format("unknown setting 'secure_input.{}.{}'", company, name));
        }
        std::string& word = name == "connector" ? section.connector : section.operation;
        if (!read(node, word) || word.empty() || word.size() > kMaxWord) {
            return at_line(node, fmt::format("'secure_input.{}.{}' must be a name", company, name));
        }
    }
    if (section.connector.empty()) {
        return at_line(content, fmt::format("secure_input '{}' needs 'connector'", company));
    }
    return section;
}

}  // namespace

std::string Config::effective_store_url() const {
    return store_url.empty() ? "sqlite:" + (data_dir / "escucha.db").string() : store_url;
}

Result<Config> read_config(const std::filesystem::path& path, Config config) {
    const toml::parse_result parsed = toml::parse_file(path.string());
    if (!parsed) {
        const auto& error = parsed.error();
        return fail(Errc::InvalidArgument,
                    fmt::format("{}:{}: {}",
                                path.string(),
                                error.source().begin.line,
                                std::string{error.description()}));
    }
    for (const auto& [section, content] : parsed.table()) {
        const std::string section_name{section.str()};
        const toml::table* table = content.as_table();
        if (table == nullptr) {
            return at_line(content, fmt::format("'{}' must be a [section]", section_name));
        }
        for (const auto& [key, node] : *table) {
            if (section_name == "trunks") {
                ESC_TRY(auto trunk, read_trunk(std::string{key.str()}, node));
                config.trunks.push_back(std::move(trunk));
                continue;
            }
            if (section_name == "outside") {
                ESC_TRY(auto outside, read_outside(std::string{key.str()}, node));
                config.outside.push_back(std::move(outside));
                continue;
            }
            if (section_name == "secure_input") {
                ESC_TRY(auto one, read_secure_input(std::string{key.str()}, node));
                config.secure_inputs.push_back(std::move(one));
                continue;
            }
            if (section_name == "connectors") {
                std::string& url = config.connectors[std::string{key.str()}];
                if (!read(node, url) || !url.starts_with("http")) {
                    return at_line(node, "a connector is an http or https URL");
                }
                continue;
            }
            const auto name = fmt::format("{}.{}", section_name, std::string{key.str()});
            const auto setting = settings().find(name);
            if (setting == settings().end()) {
                return at_line(node, fmt::format("unknown setting '{}'", name));
            }
            if (!setting->second(node, config)) {
                return at_line(node,
                               fmt::format("'{}' has the wrong type or is out of range", name));
            }
        }
    }
    return config;
}

namespace {

enum class Family { V4, V6 };

struct ListenAddress {
    Family family = Family::V4;
    bool is_wildcard = false;
};

std::optional<ListenAddress> parse_address(const std::string& text) {
    std::array<std::uint8_t, sizeof(in6_addr)> octets{};
    ListenAddress address;
    if (inet_pton(AF_INET, text.c_str(), octets.data()) == 1) {
        address.family = Family::V4;
    } else if (inet_pton(AF_INET6, text.c_str(), octets.data()) == 1) {
        address.family = Family::V6;
    } else {
        return std::nullopt;
    }
    address.is_wildcard = octets == decltype(octets){};
    return address;
}

bool are_name_servers(std::string_view list) {
    while (!list.empty()) {
        const std::size_t comma = std::min(list.find(','), list.size());
        std::string_view one = list.substr(0, comma);
        list.remove_prefix(std::min(comma + 1, list.size()));
        one.remove_prefix(std::min(one.find_first_not_of(' '), one.size()));
        if (!sip::Address::parse(one) && !sip::Address::parse_host(one, 0)) return false;
    }
    return true;
}

// One address for all, and not the one of the route to each peer: it stands in stored dialogs, in
// the description of sound that is made before the peer's route is known, and behind a NAT or in a
// container no address of this machine is one that telephones reach.
Result<void> check_addresses(const Config& config) {
    const auto bind = parse_address(config.bind);
    if (!bind) return fail(Errc::InvalidArgument, "listen.bind is not an IP address");
    const auto told = parse_address(config.advertised_address());
    if (!told) return fail(Errc::InvalidArgument, "listen.advertise is not an IP address");
    if (told->is_wildcard) {
        return fail(Errc::InvalidArgument,
                    "telephones cannot be told " + config.advertised_address() +
                        " as our address: set listen.advertise (--advertise) to the address of "
                        "this machine that they reach");
    }
    if (told->family != bind->family) {
        return fail(Errc::InvalidArgument,
                    "listen.advertise and listen.bind must both be IPv4 or both IPv6");
    }
    return ok();
}

}  // namespace

namespace {

Result<void> check_accounts(const Config& config) {
    using Limits = identity::SessionLimits;
    const std::chrono::minutes idle{config.session_idle_min};
    const std::chrono::hours life{config.session_life_h};
    if (life < std::chrono::hours{1} || life > Limits::kLongest) {
        return fail(Errc::InvalidArgument,
                    fmt::format("accounts.session_life_h is 1 to {}", Limits::kLongest.count()));
    }
    if (idle < Limits::kShortestIdle || idle > life) {
        return fail(Errc::InvalidArgument,
                    fmt::format("accounts.session_idle_min is {} to session_life_h",
                                Limits::kShortestIdle.count()));
    }
    return ok();
}

Result<void> check_privacy(const Config& config) {
    using Limits = privacy::RevealLimits;
    const std::chrono::minutes reveal{config.reveal_min};
    if (reveal < Limits::kShortest || reveal > Limits::kLongest) {
        return fail(Errc::InvalidArgument,
                    fmt::format("privacy.reveal_min is {} to {}",
                                Limits::kShortest.count(),
                                Limits::kLongest.count()));
    }
    return ok();
}

}  // namespace

Result<void> check_config(const Config& config) {
    if (!are_name_servers(config.dns_servers)) {
        return fail(Errc::InvalidArgument,
                    "dns.servers is a list of IP addresses, each with or without a port");
    }
    ESC_TRY(check_addresses(config));
    ESC_TRY(check_http(config));
    if (config.has_tls() != !config.tls_key.empty()) {
        return fail(Errc::InvalidArgument, "tls.certificate and tls.key go together");
    }
    if (!config.tls_client_ca.empty() && !config.has_tls()) {
        return fail(Errc::InvalidArgument, "tls.client_ca needs tls.certificate and tls.key");
    }
    constexpr int kFewestRtpPorts = 8;
    if (config.rtp_port_high - config.rtp_port_low < kFewestRtpPorts) {
        return fail(Errc::InvalidArgument, "the RTP range needs at least 8 ports");
    }
    if (config.media_workers < 1 || config.media_workers > 64) {
        return fail(Errc::InvalidArgument, "media.workers is 1 to 64");
    }
    using Opus = audio::OpusSettings;
    if (config.opus_bitrate_bps < Opus::kMinBitrate ||
        config.opus_bitrate_bps > Opus::kMaxBitrate) {
        return fail(Errc::InvalidArgument,
                    fmt::format("media.opus_bitrate_bps is {} to {}",
                                std::uint32_t{Opus::kMinBitrate},
                                std::uint32_t{Opus::kMaxBitrate}));
    }
    if (config.opus_complexity > 10) {
        return fail(Errc::InvalidArgument, "media.opus_complexity is 0 to 10");
    }
    ESC_TRY(check_accounts(config));
    ESC_TRY(check_privacy(config));
    if (config.max_live_contacts < 1) {
        return fail(Errc::InvalidArgument, "limits.max_live_contacts must be positive");
    }
    if (config.speech_command.empty()) {
        return fail(Errc::InvalidArgument, "speech.command is empty");
    }
    return ok();
}

}  // namespace escucha::server
