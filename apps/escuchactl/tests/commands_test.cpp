// The operator's commands against the real API server, in front of a centre that is not.
#include "commands.h"

#include <filesystem>
#include <fstream>

#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <boost/json/parse.hpp>

#include "api/testing/world.h"
#include "base/hex.h"
#include "detail/folder_lock.h"
#include "identity/second_factor.h"
#include "net/testing/certificate.h"
#include "recording/chain.h"

using namespace escucha;
using namespace escucha::ctl;
using api::testing::World;

namespace {

/// What an operator on the server's machine would give.
Options options_for(World& world) {
    std::ofstream{world.folder / "escuchactl.token"} << "operator-token-of-this-test";
    Options options;
    options.data_dir = world.folder;
    options.url = "http://127.0.0.1:" + std::to_string(world.server->port());
    options.company = world.company.to_string();
    return options;
}

bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

std::filesystem::path demo_flow() {
    return std::filesystem::path{ESCUCHA_SOURCE_DIR} / "demo/flows/100-servicio.json";
}

}  // namespace

TEST_CASE("status says whether calls can be taken, in the operator's language") {
    World world;
    Options options = options_for(world);
    const Outcome ready = status(options);
    CHECK(ready.exit == Exit::Done);
    CHECK(has(ready.out, "lista para recibir llamadas"));
    CHECK(has(ready.out, "signed_out 2"));
    world.port.change([](auto& port) { port.missing = {"escucha-media is not connected"}; });
    options.language = Language::En;
    const Outcome unready = status(options);
    CHECK(has(unready.out, "not ready"));
    CHECK(has(unready.out, "- escucha-media is not connected"));
    options.format = Format::Json;
    CHECK(boost::json::parse(status(options).out).at("ready") == false);
}

TEST_CASE("bans are listed and lifted") {
    World world;
    const Options options = options_for(world);
    CHECK(has(ban_list(options).out, "No hay ninguna"));
    world.port.change([](auto& port) {
        port.bans = {{.source = "192.0.2.66", .until = from_micros(1'700'000'000'000'000)}};
    });
    CHECK(has(ban_list(options).out, "192.0.2.66  2023-11-14T22:13:20"));
    CHECK(has(ban_lift(options, "192.0.2.66").out, "desbloqueada"));
    CHECK(ban_lift(options, "192.0.2.66").exit == Exit::No);
}

TEST_CASE("carriers are listed with their state, since when and why") {
    World world;
    Options options = options_for(world);
    CHECK(has(trunk_list(options).out, "No hay operadores"));
    world.port.change([](auto& port) {
        port.carriers = {{.name = "acme",
                          .registration = sip::TrunkRegistration::Failed,
                          .reach = sip::TrunkReach::Reachable,
                          .server = {},
                          .since = from_micros(1'700'000'000'000'000),
                          .why = "wrong user or password (401)",
                          .calls = 3,
                          .calls_max = 30}};
    });
    const auto out = trunk_list(options).out;
    CHECK(has(out, "TRONCAL"));
    CHECK(has(out, "acme"));
    CHECK(has(out, "failed"));
    CHECK(has(out, "3/30"));
    CHECK(has(out, "2023-11-14T22:13:20"));
    CHECK(has(out, "wrong user or password (401)"));
    options.format = Format::Json;
    CHECK(boost::json::parse(trunk_list(options).out).at("items").as_array().size() == 1);
}

TEST_CASE("a call is listed, and shown with its messages, decisions and journal") {
    World world;
    const Options options = options_for(world);
    CHECK(has(call_list(options, 0).out, "No hay llamadas"));
    const auto talk = world.talk(world.agent);
    world.port.change([&](auto& port) {
        server::ContactView contact;
        contact.id = talk.contact;
        contact.line = LineId{Uuid{1, 1}};
        contact.line_name = "Servicio";
        contact.caller = "+34600111222";
        port.view.contacts.push_back(contact);
    });
    CHECK(has(call_list(options, 0).out, talk.contact.to_string()));
    CHECK(has(call_list(options, 5).out, talk.reference));
    const Outcome shown = call_show(options, talk.contact.to_string());
    CHECK(shown.exit == Exit::Done);
    CHECK(has(shown.out, "→  INVITE sip:100@example.com"));
    CHECK(has(shown.out, "decision: flow servicio version 3"));
    CHECK(has(shown.out, "✎  contact_connected"));
    world.port.change([](auto& port) { port.view.contacts.clear(); });
    const Outcome old = call_show(options, talk.contact.to_string());
    CHECK(old.exit == Exit::Done);
    CHECK(has(old.error, "ya no está en memoria"));
    CHECK(call_show(options, world.make<ContactId>().to_string()).exit == Exit::No);
}

TEST_CASE("a case is found by its reference, however it is typed") {
    World world;
    const Options options = options_for(world);
    const auto talk = world.talk(world.agent);
    Event recorded = world.event("case_datum_recorded");
    recorded.case_id = talk.case_id;
    recorded.with("name", "comensales").with("type", "number").with("value", "6");
    world.commit({recorded.with("given_by", "caller").with_flag("sensitive", false)});
    const Outcome shown =
        case_show(options, talk.reference.substr(0, 4) + " " + talk.reference.substr(4));
    CHECK(has(shown.out, "La factura"));
    CHECK(has(shown.out, "Datos\n  comensales: 6\n"));
    CHECK(has(case_show(options, talk.case_id.to_string()).out, talk.reference));
    CHECK(case_show(options, "12345678").exit == Exit::No);
    CHECK(case_show(options, "hola").exit == Exit::Usage);
    CHECK(has(agent_list(options).out, "Carlos"));
}

TEST_CASE("a backup is a new file that only its owner reads, and never overwrites one") {
    World world;
    const Options options = options_for(world);
    const auto file = world.folder / "copia.db";
    const Outcome made = backup(options, file);
    CHECK(made.exit == Exit::Done);
    CHECK(std::filesystem::file_size(file) > 0);
    struct stat status {};
    REQUIRE(::stat(file.c_str(), &status) == 0);
    CHECK((status.st_mode & 077) == 0);
    CHECK(std::filesystem::is_empty(world.folder / "backups"));
    CHECK(backup(options, file).exit == Exit::No);
    CHECK(backup(options, world.folder / "none/copia.db").exit == Exit::No);
}

TEST_CASE("a user is added with a given or a made-up password, which works") {
    World world;
    const Options options = options_for(world);
    NewUser user{
        .login = "nuria", .name = "Nuria", .role = "agent", .language = "es", .password = {}};
    const Outcome added = user_add(options, user);
    CHECK(added.exit == Exit::Done);
    const std::size_t at = added.out.find("Contraseña: ");
    REQUIRE(at != std::string::npos);
    const std::string password = added.out.substr(at + 13, 20);
    CHECK(world.sign_in("nuria", password).get("/api/v1/session").status == 200);
    user.password = "corta";
    user.login = "otra";
    const Outcome weak = user_add(options, user);
    CHECK(weak.exit == Exit::No);
    CHECK(has(weak.error, "demasiado corta"));
}

TEST_CASE("the operator lets somebody in again who lost the password or the telephone") {
    World world;
    Options options = options_for(world);
    CHECK(has(user_list(options).out, "ana"));
    const Outcome reset = user_reset_password(options, "ana");
    CHECK(reset.exit == Exit::Done);
    const std::string said = "Contraseña de un solo uso: ";
    REQUIRE(reset.out.starts_with(said));
    const std::string password = reset.out.substr(said.size(), 20);
    CHECK(world.sign_in("ana", password).get("/api/v1/session").text("/must_change_password") ==
          "true");
    CHECK(user_drop_second_factor(options, "ana").exit == Exit::Done);
    CHECK(user_unlock(options, "ana").exit == Exit::Done);
    CHECK(user_deactivate(options, "ana").exit == Exit::Done);
    CHECK(world.sign_in("ana", password).get("/api/v1/session").status == 401);
    options.format = Format::Json;
    CHECK(has(user_activate(options, "ana").out, "\"is_active\":true"));
    const Outcome unknown = user_unlock(options, "nadie");
    CHECK(unknown.exit == Exit::No);
    CHECK(has(unknown.error, "nadie"));
}

TEST_CASE("without a token, a server or a right there is a sentence and an exit status") {
    World world;
    Options options = options_for(world);
    options.url = "http://127.0.0.1:1";
    const Outcome unreachable = status(options);
    CHECK(unreachable.exit == Exit::Unreachable);
    CHECK(has(unreachable.error, "http://127.0.0.1:1"));
    options = options_for(world);
    std::ofstream{world.folder / "escuchactl.token"} << "another";
    CHECK(status(options).exit == Exit::Refused);
    options.data_dir = world.folder / "missing";
    const Outcome no_token = status(options);
    CHECK(no_token.exit == Exit::Refused);
    CHECK(has(no_token.error, "--data"));
}

TEST_CASE("the demo is reset by the server, or refused while one runs that cannot") {
    World world;
    const Options options = options_for(world);
    CHECK(demo_reset(options, "demo").exit == Exit::Done);
    CHECK(world.demo_resets == 1);
    Options gone = options;
    gone.url = "http://127.0.0.1:1";
    const FolderLock running{world.folder};
    REQUIRE(running.is_held());
    CHECK(demo_reset(gone, "demo").exit == Exit::Refused);
}

namespace {

/// The levels of a doctor's findings of one name, joined: "ok ok bad".
std::string levels(const Options& options, const Told& told, std::string_view what) {
    const auto found = boost::json::parse(doctor(options, find_installation(told)).out);
    std::string all;
    for (const auto& finding : found.at("findings").as_array()) {
        if (finding.at("what").as_string() != what) continue;
        if (finding.at("level").as_string() != "ok")
            CHECK(!finding.at("advice").as_string().empty());
        all += (all.empty() ? "" : " ") + std::string{finding.at("level").as_string()};
    }
    return all;
}

/// A port that somebody else listens on, by UDP and TCP.
class TakenPort {
public:
    TakenPort() {
        for (const int type : {SOCK_DGRAM, SOCK_STREAM}) {
            sockaddr_in address{};
            address.sin_family = AF_INET;
            address.sin_port = htons(port);
            address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
            auto* as_socket = reinterpret_cast<sockaddr*>(&address);
            const int socket = ::socket(AF_INET, type | SOCK_CLOEXEC, 0);
            REQUIRE(::bind(socket, as_socket, sizeof address) == 0);
            if (type == SOCK_STREAM) REQUIRE(::listen(socket, 1) == 0);
            socklen_t size = sizeof address;
            REQUIRE(::getsockname(socket, as_socket, &size) == 0);
            port = ntohs(address.sin_port);
            sockets.push_back(socket);
        }
    }
    TakenPort(const TakenPort&) = delete;
    TakenPort& operator=(const TakenPort&) = delete;
    ~TakenPort() {
        for (const int socket : sockets) ::close(socket);
    }

    std::uint16_t port = 0;

private:
    std::vector<int> sockets;
};

}  // namespace

TEST_CASE("the doctor finds nothing wrong with a healthy server and names what is") {
    World world;
    Options options = options_for(world);
    options.format = Format::Json;
    std::filesystem::rename(world.fresh.database.path(), world.folder / "escucha.db");
    Told told;
    told.data = world.folder;
    for (const char* what :
         {"config", "data", "store", "server", "token", "recordings", "keys", "zones"}) {
        CAPTURE(what);
        CHECK(levels(options, told, what) == "ok");
    }
    CHECK(levels(options, told, "speech") == "ok ok");
    CHECK(levels(options, told, "files") != "");
    CHECK(levels(options, told, "buffers") != "");
    CHECK(levels(options, told, "port") == "");
    world.port.change([](auto& port) { port.missing = {"escucha-media is not connected"}; });
    CHECK(levels(options, told, "server") == "bad");
    CHECK(doctor(options, find_installation(told)).exit == Exit::No);
    std::ofstream{world.folder / "escuchactl.token"} << "another";
    CHECK(levels(options, told, "token") == "bad");
    std::filesystem::permissions(world.folder / "recording.keys",
                                 std::filesystem::perms::group_read,
                                 std::filesystem::perm_options::add);
    CHECK(levels(options, told, "keys") == "bad");
    std::filesystem::remove(world.folder / "recording.keys");
    CHECK(levels(options, told, "keys") == "warning");
    std::filesystem::create_directories(world.folder / "recordings/2026");
    CHECK(levels(options, told, "keys") == "bad");
}

TEST_CASE("recordings are verified against the journal, all, of a contact or of a case") {
    World world;
    Options options = options_for(world);
    options.format = Format::Json;
    std::filesystem::rename(world.fresh.database.path(), world.folder / "escucha.db");
    Told told;
    told.data = world.folder;
    const auto verify = [&](const Verified& asked) {
        const Outcome outcome = recording_verify(options, find_installation(told), asked);
        std::vector<std::string> words{std::to_string(static_cast<int>(outcome.exit))};
        if (outcome.out.empty()) return words;
        const auto report = boost::json::parse(outcome.out);
        words.push_back(std::to_string(report.at("files").as_int64()));
        for (const auto& finding : report.at("findings").as_array()) {
            words.emplace_back(finding.at("fault").as_string());
        }
        return words;
    };
    using Words = std::vector<std::string>;
    CHECK(verify({}) == Words{"0", "0"});

    const auto talk = world.talk(world.agent);
    recording::Ended fact{.company = world.company,
                          .recording = world.make<RecordingId>(),
                          .contact = talk.contact,
                          .file = {7},
                          .duration_ms = 1'000,
                          .bytes = 100,
                          .is_complete = true,
                          .reason = "stopped"};
    const recording::ChainTip tip = recording::next_link({}, fact);
    const auto tell = [&](std::int64_t duration_ms) {
        Event started = world.event("recording_started");
        started.contact = talk.contact;
        started.with("recording", fact.recording.to_string()).with("kind", "call");
        started.with("path", "gone.rec");
        Event ended = world.event("recording_ended");
        ended.contact = talk.contact;
        ended.with("recording", fact.recording.to_string()).with("duration_ms", duration_ms);
        ended.with("bytes", fact.bytes).with("sha256", to_hex(fact.file));
        ended.with_flag("complete", true).with("reason", "stopped").with("link", tip.number);
        ended.with("previous", to_hex(recording::Digest{})).with("chain", to_hex(tip.link));
        world.commit({started, ended});
    };
    SUBCASE("its file is not there, and the centre remembers no link") {
        tell(fact.duration_ms);
        CHECK(verify({}) == Words{"1", "1", "missing", "short_tail"});
        CHECK(verify({.contact = talk.contact.to_string(), .reference = {}}).at(1) == "1");
        CHECK(verify({.contact = {}, .reference = talk.reference}).at(1) == "1");
        const auto other = world.talk(world.agent);
        CHECK(verify({.contact = other.contact.to_string(), .reference = {}}).at(1) == "0");
        CHECK(verify({.contact = {}, .reference = "00000000"}) == Words{"1"});
        CHECK(verify({.contact = "x", .reference = {}}) == Words{"1"});
    }
    SUBCASE("the journal was changed") {
        tell(fact.duration_ms + 1);
        CHECK(verify({}).at(2) == "fact_changed");
    }
}

TEST_CASE("the doctor looks at what the configuration says, and the command line over it") {
    const store::testing::TemporaryFolder folder;
    const TakenPort taken;
    const auto file = folder.path() / "escucha.toml";
    std::ofstream{file} << "[data]\ndir = \"" << folder.path().string() << "\"\n"
                        << "[listen]\nsip_port = " << taken.port << "\n"
                        << "[speech]\ncommand = \"no-such-engine {voice}\"\n"
                        << "[media]\nprogram = \"/none/escucha-media\"\n"
                        << "[store]\nurl = \"sqlite:" << folder.path().string() << "/x.db\"\n";
    Options options;
    options.format = Format::Json;
    options.url = "http://127.0.0.1:1";
    Told told;
    told.config_file = file;
    CHECK(find_installation(told).config.value().data_dir == folder.path());
    CHECK(levels(options, told, "data") == "ok");
    CHECK(levels(options, told, "store") == "warning");
    CHECK(levels(options, told, "speech") == "bad");
    CHECK(levels(options, told, "media") == "bad");
    CHECK(levels(options, told, "port").starts_with("bad bad"));
    told.sip_port = 0;
    CHECK(levels(options, told, "port").starts_with("ok ok"));
    told.bind = "0.0.0.0";
    CHECK(levels(options, told, "config") == "bad");
    CHECK(url_of(find_installation(told).config.value()) == "http://127.0.0.1:8080");
    std::filesystem::create_directory(folder.path() / "recordings");
    CHECK(levels(options, told, "recordings") == "ok");
    std::ofstream{file} << "[listen]\nsip = 5060\n";
    const Outcome broken = doctor(options, find_installation(told));
    CHECK(broken.exit == Exit::No);
    CHECK(has(broken.out, "line 2: unknown setting 'listen.sip'"));
    told.config_file = folder.path() / "none.toml";
    CHECK(levels(options, told, "config") == "bad");
}

TEST_CASE("a flow is validated and walked without a server") {
    Options options;
    options.url = "http://127.0.0.1:1";
    const Outcome valid = flow_validate(options, demo_flow());
    CHECK(valid.exit == Exit::Done);
    const Outcome walked = flow_simulate(
        options, {.file = demo_flow(), .script = {}, .keys = "0", .caller = "+34600999888"});
    CHECK(walked.exit == Exit::Done);
    CHECK(walked.out.size() > 100);
    CHECK(flow_validate(options, "/none.json").exit == Exit::No);
    const auto broken = std::filesystem::temp_directory_path() / "escucha_ctl_broken.json";
    std::ofstream{broken} << R"({"format":1})";
    const Outcome refused = flow_validate(options, broken);
    std::filesystem::remove(broken);
    CHECK(refused.exit == Exit::No);
    CHECK(has(refused.error, "/"));
}

TEST_CASE("the doctor reads the certificates of pages and telephones, and says when they end") {
    const store::testing::TemporaryFolder folder;
    const auto file = folder.path() / "escucha.toml";
    Options options;
    options.format = Format::Json;
    Told told;
    told.config_file = file;
    told.data = folder.path();
    const auto judge = [&](const net::TlsFiles& https, const net::TlsFiles& sips) {
        std::ofstream{file} << "[http]\ntls_certificate = \"" << https.certificate.string()
                            << "\"\ntls_key = \"" << https.key.string()
                            << "\"\n[tls]\ncertificate = \"" << sips.certificate.string()
                            << "\"\nkey = \"" << sips.key.string() << "\"\n";
        return levels(options, told, "https") + ' ' + levels(options, told, "sips");
    };
    using net::testing::make_certificate;
    const auto good = make_certificate(folder.path(), "good", std::chrono::days{15});
    const auto ending = make_certificate(folder.path(), "ending", std::chrono::days{13});
    const auto ended = make_certificate(folder.path(), "ended", -std::chrono::minutes{1});
    CHECK(judge(good, ending) == "ok warning");
    CHECK(judge(ended, good) == "bad ok");
    CHECK(judge({good.certificate, ending.key}, {folder.path() / "none.pem", good.key}) ==
          "bad bad");
    CHECK(url_of(find_installation(told).config.value()) == "https://127.0.0.1:8080");
    std::ofstream{file} << "";
    CHECK(levels(options, told, "https").empty());
}

TEST_CASE("a new key takes over the second factors, and the one before opens nothing") {
    World world;
    std::filesystem::rename(world.fresh.database.path(), world.folder / "escucha.db");
    auto database = store::Database::open("sqlite:" + (world.folder / "escucha.db").string());
    REQUIRE(database.has_value());
    auto connection = database.value().connect();
    REQUIRE(connection.has_value());
    store::Connection& db = connection.value();
    const auto now = World::now();
    REQUIRE(identity::begin_second_factor(db, *world.account_keys, world.agent_user, now));
    const auto sealed = [&db] {
        return db.query_one("SELECT sealed_secret FROM second_factor")
            .value()
            ->get<Bytes>(0)
            .value();
    };
    const Bytes before = sealed();
    Options options = options_for(world);
    options.format = Format::Json;
    Told told;
    told.data = world.folder;
    const Outcome done = account_rotate_key(options, find_installation(told));
    CHECK(done.exit == Exit::Done);
    CHECK(done.out == "{\"resealed\":1}\n");
    using identity::SecretKeys;
    const auto keys =
        SecretKeys::open(world.folder / "account.keys", SecretKeys::WhenMissing::Refuse);
    REQUIRE(keys.has_value());
    CHECK(keys.value().is_newest_of(sealed()));
    CHECK_FALSE(keys.value().is_newest_of(before));
    CHECK(account_rotate_key(options, find_installation(told)).exit == Exit::Done);
    const FolderLock running{world.folder};
    REQUIRE(running.is_held());
    CHECK(account_rotate_key(options, find_installation(told)).exit == Exit::Refused);
}
