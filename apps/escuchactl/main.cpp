// escuchactl: the operator's command line. Reads its arguments, runs one command, prints.

#include <cstdio>
#include <cstdlib>
#include <functional>

#include <unistd.h>
#include <CLI/CLI.hpp>

#include "commands.h"

namespace {

using namespace escucha::ctl;

constexpr std::size_t kMaxPassword = 256;

Language language_of_terminal() {
    for (const char* name : {"LC_ALL", "LC_MESSAGES", "LANG"}) {
        const char* value = std::getenv(name);
        if (value != nullptr && *value != '\0') return parse_locale(value);
    }
    return Language::En;
}

/// One line of standard input: a password does not belong on a command line.
std::string read_password() {
    std::string line;
    for (int c = std::getchar(); c != EOF && c != '\n' && line.size() < kMaxPassword;
         c = std::getchar()) {
        line.push_back(static_cast<char>(c));
    }
    return line;
}

/// What the command line asked for, filled in by CLI11.
struct Asked {
    Options options;
    Told told;
    std::string config_file, data, url, ca;
    int recent = 0;
    std::string id, reference, source, login, file, demo_dir = "demo";
    Simulated simulated;
    Verified verified;
    std::string simulated_file, script;
    NewUser user{.login = {}, .name = {}, .role = "agent", .language = {}, .password = {}};
    bool reads_password = false, is_sure = false, wants_json = false;
    std::optional<Installation> installation;  ///< Once the command line is read.
    std::function<Outcome()> run;
};

void add_calls(CLI::App& app, Asked& asked) {
    const Options& options = asked.options;
    auto* call = app.add_subcommand("call", options.say("Llamadas", "Calls"));
    call->require_subcommand(1);
    auto* list =
        call->add_subcommand("list", options.say("Las que están en curso", "Those in progress"));
    list->add_option("--recent",
                     asked.recent,
                     options.say("Las N últimas en vez de las que están en curso",
                                 "The last N instead of those in progress"))
        ->check(CLI::Range(1, 200));
    list->callback(
        [&asked] { asked.run = [&asked] { return call_list(asked.options, asked.recent); }; });
    auto* show = call->add_subcommand(
        "show",
        options.say("Una: mensajes, decisiones y diario", "One: messages, decisions and journal"));
    show->add_option("ID", asked.id)->required();
    show->callback(
        [&asked] { asked.run = [&asked] { return call_show(asked.options, asked.id); }; });
    auto* agent = app.add_subcommand("agent", options.say("Agentes", "Agents"));
    agent->require_subcommand(1);
    agent->add_subcommand("list", options.say("Todos, con su estado", "All, with their state"))
        ->callback([&asked] { asked.run = [&asked] { return agent_list(asked.options); }; });
    auto* matter = app.add_subcommand("case", options.say("Expedientes", "Cases"));
    matter->require_subcommand(1);
    auto* case_of = matter->add_subcommand(
        "show", options.say("Uno, por su referencia", "One, by its reference"));
    case_of->add_option("REF", asked.reference)->required();
    case_of->callback(
        [&asked] { asked.run = [&asked] { return case_show(asked.options, asked.reference); }; });
}

void add_flows(CLI::App& app, Asked& asked) {
    const Options& options = asked.options;
    auto* flow = app.add_subcommand("flow", options.say("Menús (flujos)", "Flows"));
    flow->require_subcommand(1);
    auto* validate = flow->add_subcommand(
        "validate", options.say("Comprueba un documento", "Checks a document"));
    validate->add_option("FILE", asked.file)->required();
    validate->callback(
        [&asked] { asked.run = [&asked] { return flow_validate(asked.options, asked.file); }; });
    auto* simulate = flow->add_subcommand(
        "simulate",
        options.say("Escribe lo que oiría quien llama", "Writes what a caller would hear"));
    simulate->add_option("FILE", asked.simulated_file)->required();
    simulate->add_option("--keys",
                         asked.simulated.keys,
                         options.say("Teclas, una pulsación por palabra: \"3 1 *\"",
                                     "Keys, one step a word: \"3 1 *\""));
    simulate->add_option(
        "--script", asked.script, options.say("Guion (docs/flows.md)", "Script (docs/flows.md)"));
    simulate->add_option("--caller",
                         asked.simulated.caller,
                         options.say("Número de quien llama", "The caller's number"));
    simulate->callback([&asked] {
        asked.run = [&asked] {
            asked.simulated.file = asked.simulated_file;
            asked.simulated.script = asked.script;
            return flow_simulate(asked.options, asked.simulated);
        };
    });
}

void add_doctor(CLI::App& app, Asked& asked) {
    const Options& options = asked.options;
    auto* examine = app.add_subcommand("doctor",
                                       options.say("Busca lo que falla y cómo arreglarlo",
                                                   "Looks for what is wrong and how to mend it"));
    const char* as_given = options.say("Como se le da a escuchad", "As given to escuchad");
    examine->add_option("--bind", asked.told.bind, as_given);
    examine->add_option("--advertise", asked.told.advertise, as_given);
    examine->add_option("--http", asked.told.http_port, as_given);
    examine->add_option("--sip", asked.told.sip_port, as_given);
    examine->add_option("--store", asked.told.store_url, as_given);
    examine->callback(
        [&asked] { asked.run = [&asked] { return doctor(asked.options, *asked.installation); }; });
}

void add_recordings(CLI::App& app, Asked& asked) {
    const Options& options = asked.options;
    auto* recording = app.add_subcommand("recording", options.say("Grabaciones", "Recordings"));
    recording->require_subcommand(1);
    auto* verify =
        recording->add_subcommand("verify",
                                  options.say("Comprueba que cada una es la que dice el diario",
                                              "Checks that each is what the journal says"));
    auto* contact = verify->add_option(
        "--contact", asked.verified.contact, options.say("Las de un contacto", "Of one contact"));
    auto* matter = verify->add_option(
        "--case", asked.verified.reference, options.say("Las de un expediente", "Of one case"));
    auto* all = verify->add_flag("--all")->description(
        options.say("Todas (sin más, también)", "All (the default)"));
    contact->excludes(matter)->excludes(all);
    matter->excludes(all);
    verify->callback([&asked] {
        asked.run = [&asked] {
            return recording_verify(asked.options, *asked.installation, asked.verified);
        };
    });
    recording
        ->add_subcommand("rotate-key",
                         options.say("Clave nueva para la empresa", "A new key for the company"))
        ->callback([&asked] {
            asked.run = [&asked] {
                return recording_rotate_key(asked.options, *asked.installation);
            };
        });
    recording
        ->add_subcommand("forget-keys",
                         options.say("Quita las claves que ya no se usan",
                                     "Takes out keys that are not used any more"))
        ->callback([&asked] {
            asked.run = [&asked] {
                return recording_forget_keys(asked.options, *asked.installation);
            };
        });
}

void add_audit(CLI::App& app, Asked& asked) {
    const Options& options = asked.options;
    auto* audit =
        app.add_subcommand("audit", options.say("Auditoría: quién vio qué", "Who saw what"));
    audit->require_subcommand(1);
    audit
        ->add_subcommand(
            "verify",
            options.say("Comprueba que nada se cambió, quitó ni movió desde que se anotó",
                        "Checks that nothing was changed, taken out or moved since"))
        ->callback([&asked] {
            asked.run = [&asked] { return audit_verify(asked.options, *asked.installation); };
        });
}

void add_exports(CLI::App& app, Asked& asked) {
    const Options& options = asked.options;
    auto* exported = app.add_subcommand(
        "export", options.say("Lo que salió como fichero", "What left as a file"));
    exported->require_subcommand(1);
    auto* trace = exported->add_subcommand(
        "trace",
        options.say("De qué exportación sale un fichero, por sus marcas ocultas",
                    "From which export a file comes, by its hidden marks"));
    trace->add_option("FILE", asked.file)->required();
    trace->callback([&asked] {
        asked.run = [&asked] {
            return export_trace(asked.options, *asked.installation, asked.file);
        };
    });
}

void add_users(CLI::App& app, Asked& asked) {
    const Options& options = asked.options;
    auto* user = app.add_subcommand("user", options.say("Usuarios", "Users"));
    user->require_subcommand(1);
    auto* add = user->add_subcommand("add", options.say("Añade uno", "Adds one"));
    add->add_option("LOGIN", asked.user.login)->required();
    add->add_option("--name", asked.user.name, options.say("Nombre", "Name"));
    // The server knows which there are, the company's own among them.
    add->add_option("--role", asked.user.role, options.say("Perfil", "Role"));
    add->add_option("--language", asked.user.language)->check(CLI::IsMember({"es", "en"}));
    add->add_flag("--password-stdin",
                  asked.reads_password,
                  options.say("Lee la contraseña de la entrada; sin ella se inventa una",
                              "Reads the password from standard input; without, one is made up"));
    add->callback([&asked] {
        asked.run = [&asked] {
            if (asked.reads_password) asked.user.password = read_password();
            return user_add(asked.options, asked.user);
        };
    });
    user->add_subcommand("rotate-key",
                         options.say("Clave nueva para los secretos de los segundos factores",
                                     "A new key for the secrets of second factors"))
        ->callback([&asked] {
            asked.run = [&asked] { return account_rotate_key(asked.options, *asked.installation); };
        });
    user->add_subcommand("list", options.say("Todos", "All"))->callback([&asked] {
        asked.run = [&asked] { return user_list(asked.options); };
    });
    const auto change = [&](const char* name,
                            const char* what,
                            Outcome (*run)(const Options&, const std::string&)) {
        auto* command = user->add_subcommand(name, what);
        command->add_option("LOGIN", asked.login)->required();
        command->callback([&asked, run] {
            asked.run = [&asked, run] { return run(asked.options, asked.login); };
        });
    };
    change("reset-password",
           options.say("Le da una contraseña de un solo uso", "Gives a password for one use"),
           user_reset_password);
    change("drop-second-factor",
           options.say("Le quita el segundo factor", "Takes the second factor off"),
           user_drop_second_factor);
    change("unlock",
           options.say("Quita la espera tras contraseñas erróneas",
                       "Ends the waiting after wrong passwords"),
           user_unlock);
    change("deactivate",
           options.say("Cierra sus sesiones y no le deja entrar", "Ends the sessions for good"),
           user_deactivate);
    change("activate", options.say("Le deja entrar de nuevo", "Lets in again"), user_activate);
}

void add_operation(CLI::App& app, Asked& asked) {
    const Options& options = asked.options;
    app.add_subcommand("status", options.say("El servidor de un vistazo", "The server at a glance"))
        ->callback([&asked] { asked.run = [&asked] { return status(asked.options); }; });
    add_doctor(app, asked);
    auto* ban = app.add_subcommand("ban",
                                   options.say("Direcciones bloqueadas por probar contraseñas",
                                               "Addresses banned for guessing passwords"));
    ban->require_subcommand(1);
    ban->add_subcommand("list", options.say("Las de ahora", "Those of now"))->callback([&asked] {
        asked.run = [&asked] { return ban_list(asked.options); };
    });
    auto* lift = ban->add_subcommand("lift", options.say("Desbloquea una", "Lifts one"));
    lift->add_option("ADDRESS", asked.source)->required();
    lift->callback(
        [&asked] { asked.run = [&asked] { return ban_lift(asked.options, asked.source); }; });
    auto* trunk =
        app.add_subcommand("trunk", options.say("Operadores de telefonía", "Telephone carriers"));
    trunk->require_subcommand(1);
    trunk->add_subcommand("list", options.say("Cómo está cada uno", "How each of them is"))
        ->callback([&asked] { asked.run = [&asked] { return trunk_list(asked.options); }; });
    auto* save = app.add_subcommand(
        "backup",
        options.say("Copia comprobada de la base de datos", "A checked copy of the database"));
    save->add_option("FILE", asked.file)->required();
    save->callback(
        [&asked] { asked.run = [&asked] { return backup(asked.options, asked.file); }; });
    add_users(app, asked);
    auto* demo = app.add_subcommand("demo", options.say("Demostración", "Demo"));
    demo->require_subcommand(1);
    auto* reset = demo->add_subcommand(
        "reset", options.say("La deja como el primer día", "As on its first day"));
    reset
        ->add_flag("--yes",
                   asked.is_sure,
                   options.say("Sí: borra lo hecho en ella", "Yes: remove what was done in it"))
        ->required();
    reset->add_option(
        "--demo", asked.demo_dir, options.say("Carpeta de la demostración", "The demo's folder"));
    reset->callback(
        [&asked] { asked.run = [&asked] { return demo_reset(asked.options, asked.demo_dir); }; });
    app.add_subcommand("version", options.say("Versión", "Version"))->callback([&asked] {
        asked.run = [&asked]() -> Outcome {
            const bool is_json = asked.options.format == Format::Json;
            return {Exit::Done,
                    is_json ? "{\"version\":\"" ESCUCHA_VERSION "\"}\n"
                            : "escuchactl " ESCUCHA_VERSION "\n",
                    {}};
        };
    });
}

/// Where the server is: what the command line says, else its configuration, else its defaults.
void settle(Asked& asked) {
    asked.told.config_file = asked.config_file;
    if (!asked.data.empty()) asked.told.data = asked.data;
    asked.installation = find_installation(asked.told);
    if (const auto& config = asked.installation->config) {
        asked.options.data_dir = config.value().data_dir;
        point_at(config.value(), asked.options);
    }
    if (!asked.url.empty()) {
        asked.options.url = asked.url;
        asked.options.ca_file.clear();
        asked.options.is_own_certificate = false;
    }
    if (!asked.ca.empty()) {
        asked.options.ca_file = asked.ca;
        asked.options.is_own_certificate = false;
    }
    while (asked.options.url.ends_with('/')) asked.options.url.pop_back();
    if (asked.wants_json) asked.options.format = Format::Json;
}

}  // namespace

int main(int argc, char** argv) {
    Asked asked;
    asked.options.language = language_of_terminal();
    CLI::App app{asked.options.say("Maneja un servidor de Escucha", "Operates an Escucha server"),
                 "escuchactl"};
    app.require_subcommand(1);
    app.fallthrough();
    app.add_option("--config",
                   asked.config_file,
                   asked.options.say("Configuración del servidor (TOML)",
                                     "The server's configuration (TOML)"))
        ->envname("ESCUCHA_CONFIG");
    app.add_option("--data",
                   asked.data,
                   asked.options.say("Carpeta de datos del servidor", "The server's data folder"))
        ->envname("ESCUCHA_DATA");
    app.add_option(
           "--url", asked.url, asked.options.say("Dirección del servidor", "The server's address"))
        ->envname("ESCUCHA_URL");
    app.add_option(
           "--ca",
           asked.ca,
           asked.options.say("Quién firma su certificado (PEM)", "Who signs its certificate (PEM)"))
        ->envname("ESCUCHA_CA");
    app.add_option("--company",
                   asked.options.company,
                   asked.options.say("Clave de la empresa", "The company's key"));
    app.add_flag("--json", asked.wants_json, asked.options.say("Salida en JSON", "JSON output"));
    add_operation(app, asked);
    add_calls(app, asked);
    add_flows(app, asked);
    add_recordings(app, asked);
    add_audit(app, asked);
    add_exports(app, asked);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : static_cast<int>(Exit::Usage);
    }
    settle(asked);
    if (!asked.installation->config && !app.got_subcommand("doctor")) {
        const std::string why = asked.installation->config.error().detail + "\n";
        std::fwrite(why.data(), 1, why.size(), stderr);
        return static_cast<int>(Exit::Usage);
    }
    const Outcome outcome = asked.run();
    std::fwrite(outcome.out.data(), 1, outcome.out.size(), stdout);
    std::fwrite(outcome.error.data(), 1, outcome.error.size(), stderr);
    return static_cast<int>(outcome.exit);
}
