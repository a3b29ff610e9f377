#include "commands.h"

namespace escucha::ctl {

namespace {

/// Where a program on the same machine reaches what listens at `bind`.
std::string reachable(const std::string& bind) {
    if (bind == "0.0.0.0") return "127.0.0.1";
    if (bind == "::") return "[::1]";
    return bind.find(':') == std::string::npos ? bind : "[" + bind + "]";
}

Result<server::Config> read(const Told& told) {
    server::Config config;
    if (!told.config_file.empty()) {
        ESC_TRY(config, server::read_config(told.config_file, config));
    }
    if (told.data) config.data_dir = *told.data;
    if (told.bind) config.bind = *told.bind;
    if (told.advertise) config.advertise = *told.advertise;
    if (told.http_port) config.http_port = *told.http_port;
    if (told.sip_port) config.sip_port = *told.sip_port;
    if (told.store_url) config.store_url = *told.store_url;
    return config;
}

}  // namespace

Installation find_installation(const Told& told) {
    return {.file = told.config_file, .config = read(told)};
}

std::string url_of(const server::Config& config) {
    const std::string scheme = config.http.has_tls() ? "https://" : "http://";
    return scheme + reachable(config.http_bind()) + ":" + std::to_string(config.http_port);
}

void point_at(const server::Config& config, Options& options) {
    options.url = url_of(config);
    options.ca_file = config.http.tls_certificate;
    options.is_own_certificate = config.http.has_tls();
}

}  // namespace escucha::ctl
