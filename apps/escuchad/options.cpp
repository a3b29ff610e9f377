#include "options.h"

#include <cstdio>
#include <map>

#include <CLI/CLI.hpp>

namespace escucha::escuchad {

namespace {

/// Beside the program in a source tree, or where a package puts it.
std::filesystem::path find_demo_dir() {
    std::error_code error;
    auto folder = std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
    constexpr int kLevels = 4;
    for (int i = 0; i < kLevels && !folder.empty(); ++i, folder = folder.parent_path()) {
        if (std::filesystem::is_directory(folder / "demo" / "data", error)) return folder / "demo";
    }
    return "/usr/share/escucha/demo";
}

std::filesystem::path media_beside_us() {
    std::error_code error;
    return std::filesystem::read_symlink("/proc/self/exe", error).parent_path() / "escucha-media";
}

std::optional<int> explain(const Error& error) {
    std::fprintf(stderr, "escuchad: %s\n", error.message().c_str());
    return 2;
}

/// The file is read between the defaults and the command line, so it must be found first.
std::optional<std::string> config_file(int argc, char** argv) {
    for (int i = 1; i + 1 < argc; ++i) {
        if (std::string_view{argv[i]} == "--config") return argv[i + 1];
    }
    return std::nullopt;
}

}  // namespace

Options read_options(int argc, char** argv) {
    Options options;
    server::Config& config = options.config;
    if (const auto file = config_file(argc, argv)) {
        auto read = server::read_config(*file, config);
        if (!read) {
            options.exit_code = explain(read.error());
            return options;
        }
        config = std::move(read).value();
    }
    CLI::App app{"Escucha's control plane: telephones, flows, queues, cases, pages."};
    app.footer("Settings that are not here stand in the configuration file: man escuchad.");
    std::string ignored;
    std::string demo_dir;
    const std::map<std::string, log::Level> levels{{"debug", log::Level::Debug},
                                                   {"info", log::Level::Info},
                                                   {"warn", log::Level::Warn},
                                                   {"error", log::Level::Error}};
    std::string data = config.data_dir.string();
    std::string web = config.web_root.string();
    app.set_version_flag("--version", std::string{ESCUCHA_VERSION});
    app.add_option("--config", ignored, "Configuration file (TOML)");
    app.add_option("--data", data, "Folder of the database, recordings and prompts");
    app.add_option(
        "--bind", config.bind, "Address to listen on; loopback unless you say otherwise");
    app.add_option("--advertise",
                   config.advertise,
                   "Address that telephones are told, when it is not the one to listen on");
    app.add_option("--http", config.http_port, "Port of the pages and the API");
    app.add_option("--sip", config.sip_port, "Port of SIP, UDP and TCP");
    app.add_option("--sips", config.sips_port, "Port of SIP over TLS, when there is a certificate");
    app.add_option("--tls-certificate", config.tls_certificate, "Our certificate chain (PEM)");
    app.add_option("--tls-key", config.tls_key, "Its key (PEM)");
    app.add_option(
        "--tls-client-ca", config.tls_client_ca, "Who signs the certificates we ask of peers");
    app.add_option("--https-certificate",
                   config.http.tls_certificate,
                   "Certificate chain of the pages and the API (PEM)");
    app.add_option("--https-key", config.http.tls_key, "Its key (PEM)");
    app.add_flag(
        "--allow-plain-http",
        config.http.is_plain_allowed,
        "Pages and API beyond this machine without encryption, behind a front that has it");
    app.add_option("--store", config.store_url, "sqlite:PATH or postgres://...");
    app.add_option("--web", web, "Folder of the built pages");
    app.add_option("--rtp-low", config.rtp_port_low, "First port of sound");
    app.add_option("--rtp-high", config.rtp_port_high, "Last port of sound");
    app.add_option("--log", config.log_level, "debug, info, warn or error")
        ->transform(CLI::CheckedTransformer(levels));
    app.add_flag("--demo", options.wants_demo, "Load the demo company when the store is empty");
    app.add_flag("--reset-demo", options.resets_demo, "Put the demo company back as shipped");
    app.add_option("--demo-files", demo_dir, "Where the demo's data and flows are");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        options.exit_code = app.exit(error);
        return options;
    }
    config.data_dir = std::filesystem::absolute(data);
    config.web_root = std::filesystem::absolute(web);
    if (config.media_program.empty()) config.media_program = media_beside_us();
    options.demo_dir = demo_dir.empty() ? find_demo_dir() : std::filesystem::path{demo_dir};
    if (auto checked = server::check_config(config); !checked) {
        options.exit_code = explain(checked.error());
    }
    return options;
}

}  // namespace escucha::escuchad
