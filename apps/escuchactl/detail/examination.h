#pragma once

#include <string>
#include <vector>

#include "commands.h"
#include "net/tls.h"
#include "recording/keyring.h"
#include "store/sql.h"

namespace escucha::ctl {

struct Finding {
    enum class Level { Fine, Doubt, Bad };
    Level level = Level::Fine;
    std::string what;    ///< "store": a stable word.
    std::string text;    ///< In the operator's language.
    std::string advice;  ///< What to do; empty when there is nothing.
};

/// What the doctor looks at, with the configuration that `escuchad` would have, and what he found.
class Examination {
public:
    Examination(const Options& options, const Installation& installation)
        : options_{options},
          installation_{installation},
          config_{installation.config ? installation.config.value() : server::Config{}} {}

    // doctor.cpp: what belongs to this installation.
    void check_config();
    void check_folder();
    void check_recordings();
    void check_keys();
    void check_certificates();
    void check_disk();
    void check_store();
    void check_server();
    void check_speech();
    void check_media();

    // doctor_machine.cpp: what the machine gives it.
    void check_ports();
    void check_files();
    void check_buffers();
    void check_clock();

    [[nodiscard]] Outcome outcome() const;

private:
    using Level = Finding::Level;
    void add(Level level, std::string what, std::string text, std::string advice = {}) {
        findings_.push_back({level, std::move(what), std::move(text), std::move(advice)});
    }
    void check_keys_of_recordings(recording::Keyring& keys);
    void check_certificate(const std::string& what, const net::TlsFiles& files);
    void check_sqlite(const std::string& path);
    void check_schema(store::Connection& connection, std::string text);
    void check_port(int type, std::uint16_t port, const std::string& name);
    /// A program by name, as a shell would find it; empty when there is none.
    [[nodiscard]] static std::string find_program(const std::string& name);

    const Options& options_;
    const Installation& installation_;
    server::Config config_;
    std::vector<Finding> findings_;
    bool is_serving_ = false;
};

}  // namespace escucha::ctl
