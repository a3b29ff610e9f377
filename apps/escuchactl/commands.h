#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "server/config.h"

namespace escucha::ctl {

/// What every command ends with; docs/man/escuchactl.1, "EXIT STATUS".
enum class Exit {
    Done = 0,
    No = 1,  ///< The answer is no: not found, invalid, a check failed.
    Usage = 2,
    Unreachable = 3,  ///< No server answers there.
    Refused = 4,      ///< The server will not: no token, or not now.
    ServerFailed = 5,
};

struct Outcome {
    Exit exit = Exit::Done;
    std::string out;    ///< For standard output.
    std::string error;  ///< For standard error.
};

enum class Language { Es, En };
/// "es_ES.UTF-8" -> Es; anything but Spanish is English.
Language parse_locale(std::string_view locale);

enum class Format { Text, Json };

struct Options {
    std::filesystem::path data_dir = "/var/lib/escucha";
    std::string url = "http://127.0.0.1:8080";
    /// PEM: who may have signed the server's certificate; empty: whom the system trusts.
    std::filesystem::path ca_file;
    /// `ca_file` is the certificate that the server here shows, whatever its name.
    bool is_own_certificate = false;
    std::string company;  ///< Its key; empty is the first.
    Format format = Format::Text;
    Language language = Language::Es;

    [[nodiscard]] const char* say(const char* es, const char* en) const {
        return language == Language::Es ? es : en;
    }
};

// Each asks the server, or reads a file, and says what to print. None writes to the terminal.
Outcome status(const Options& options);
Outcome call_list(const Options& options, int recent);
Outcome call_show(const Options& options, const std::string& id);
Outcome agent_list(const Options& options);
Outcome case_show(const Options& options, const std::string& reference);
Outcome flow_validate(const Options& options, const std::filesystem::path& file);

struct Simulated {
    std::filesystem::path file;
    std::filesystem::path script;  ///< docs/flows.md, "Simulating"; empty: only the keys.
    std::string keys;              ///< "3 1 *": one step a word.
    std::string caller;            ///< E.164; empty: the simulator's own.
};
Outcome flow_simulate(const Options& options, const Simulated& asked);

Outcome ban_list(const Options& options);
Outcome trunk_list(const Options& options);
Outcome ban_lift(const Options& options, const std::string& source);
Outcome backup(const Options& options, const std::filesystem::path& file);

struct NewUser {
    std::string login, name, role, language;
    std::string password;  ///< Empty: one is made up and printed.
};
Outcome user_add(const Options& options, NewUser user);
Outcome user_list(const Options& options);
/// Prints a password for one use.
Outcome user_reset_password(const Options& options, const std::string& login);
/// For somebody who lost the telephone and the recovery codes.
Outcome user_drop_second_factor(const Options& options, const std::string& login);
Outcome user_unlock(const Options& options, const std::string& login);
Outcome user_deactivate(const Options& options, const std::string& login);
Outcome user_activate(const Options& options, const std::string& login);

/// Through the server, or, when none runs on the data folder, on the store itself.
Outcome demo_reset(const Options& options, const std::filesystem::path& demo_dir);

/// What `escuchad` is told: its configuration file, and over it options of the same names.
struct Told {
    std::filesystem::path config_file;  ///< Empty: none.
    std::optional<std::filesystem::path> data;
    std::optional<std::string> bind, advertise, store_url;
    std::optional<std::uint16_t> http_port, sip_port;
};
struct Installation {
    std::filesystem::path file;
    Result<server::Config> config;  ///< An error names the file and the line.
};
Installation find_installation(const Told& told);
/// Where its API is reached from this machine.
std::string url_of(const server::Config& config);
/// The same in `options`, with the certificate that it has to show.
void point_at(const server::Config& config, Options& options);

/// Whose recordings are read; all of the company's, or of every company, when neither is given.
struct Verified {
    std::string contact;    ///< An id.
    std::string reference;  ///< Of a case.
};
/// Whether each recording is what the journal says and the chain is whole. On the server's machine.
Outcome recording_verify(const Options& options,
                         const Installation& installation,
                         const Verified& asked);
/// A new key for the company, and its recordings wrapped by it; their sound is not touched.
Outcome recording_rotate_key(const Options& options, const Installation& installation);
/// Takes keys out of the key file that wrap nothing any more.
Outcome recording_forget_keys(const Options& options, const Installation& installation);

/// Whether each company's audit log is what was written, or only `--company`'s. Reads the store
/// itself, on the server's machine, also while it runs.
Outcome audit_verify(const Options& options, const Installation& installation);

/// A new key for what of accounts is sealed in the database; the one before is then forgotten. The
/// server has to be stopped meanwhile.
Outcome account_rotate_key(const Options& options, const Installation& installation);

/// From which export a file comes, by its hidden marks. Reads the store itself, on the server's
/// machine; "no" when it carries none.
Outcome export_trace(const Options& options,
                     const Installation& installation,
                     const std::filesystem::path& file);

/// Looks for what keeps an installation from working, and says how to mend it.
Outcome doctor(const Options& options, const Installation& installation);

}  // namespace escucha::ctl
