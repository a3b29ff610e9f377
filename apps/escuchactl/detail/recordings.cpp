// Recordings as they lie on this machine: whether each is what the journal says, and their keys.

#include <algorithm>
#include <map>
#include <set>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

#include "base/errc.h"
#include "detail/api.h"
#include "recording/verify.h"
#include "store/sql.h"

namespace escucha::ctl {

namespace json = boost::json;

namespace {

using recording::ChainedFact;
using recording::ChainFault;
using recording::FileFault;

/// A key must have been the newest this long before those before it may go: a recording that was
/// being begun with the old one has its file by then.
constexpr std::chrono::hours kRest{1};

struct Company {
    CompanyId id;
    std::string name;
};

struct Here {
    const Options& options;
    server::Config config;
    store::Connection db;
    std::vector<Company> companies;
    std::unique_ptr<recording::Keyring> keys;  ///< None: there is no good key file.
    std::string keys_trouble;
};

Result<Here> look(const Options& options, const Installation& installation) {
    ESC_TRY(const auto config, installation.config);
    ESC_TRY(const auto database, store::Database::open(config.effective_store_url()));
    ESC_TRY(auto db, database.connect(store::Access::ReadOnly));
    std::vector<Company> companies;
    ESC_TRY(const auto rows, db.query("SELECT id, name, key FROM company ORDER BY key"));
    for (const store::Row& row : rows) {
        ESC_TRY(auto fields, (row.as<CompanyId, std::string, std::string>()));
        auto& [id, name, key] = fields;
        if (!options.company.empty() && options.company != key && options.company != id.to_string())
            continue;
        companies.push_back({id, std::move(name)});
    }
    if (companies.empty()) return fail(Errc::NotFound, options.company);
    Here here{.options = options,
              .config = config,
              .db = std::move(db),
              .companies = std::move(companies),
              .keys = nullptr,
              .keys_trouble = {}};
    auto keys =
        recording::Keyring::open(config.key_file(), recording::Keyring::WhenMissing::Refuse);
    if (keys) {
        here.keys = std::move(keys).value();
    } else {
        here.keys_trouble = keys.error().message();
    }
    return here;
}

std::string text_in(const json::object& data, std::string_view name) {
    const auto* value = data.if_contains({name.data(), name.size()});
    return value != nullptr && value->is_string() ? value->get_string().c_str() : "";
}
std::int64_t number_in(const json::object& data, std::string_view name) {
    const auto* value = data.if_contains({name.data(), name.size()});
    return value != nullptr && value->is_int64() ? value->get_int64() : 0;
}

ChainedFact fact_of(const Company& company,
                    std::int64_t seq,
                    ContactId contact,
                    const std::string& text) {
    json::error_code error;
    const json::value parsed = json::parse(text, error);
    const json::object data = error || !parsed.is_object() ? json::object{} : parsed.get_object();
    const auto* complete = data.if_contains("complete");
    ChainedFact fact{.seq = seq};
    fact.ended = {
        .company = company.id,
        .recording = RecordingId::parse(text_in(data, "recording")).value_or(RecordingId{}),
        .contact = contact,
        .file = recording::digest_from_hex(text_in(data, "sha256")).value_or(recording::Digest{}),
        .duration_ms = number_in(data, "duration_ms"),
        .bytes = number_in(data, "bytes"),
        .is_complete = complete != nullptr && complete->is_bool() && complete->get_bool(),
        .reason = text_in(data, "reason")};
    const auto previous = recording::digest_from_hex(text_in(data, "previous"));
    const auto link = recording::digest_from_hex(text_in(data, "chain"));
    if (previous && link) {
        fact.link = {.number = number_in(data, "link"), .previous = *previous, .link = *link};
    }
    return fact;
}

struct Found {
    std::string recording;  ///< Empty: of the chain as a whole.
    std::string contact;
    const char* fault = "";
    std::string text;
};

const char* word(ChainFault fault) {
    switch (fault) {
        case ChainFault::Unchained:
            return "unchained";
        case ChainFault::Gap:
            return "gap";
        case ChainFault::Changed:
            return "fact_changed";
        case ChainFault::ShortTail:
            return "short_tail";
    }
    return "";
}

const char* word(FileFault fault) {
    switch (fault) {
        case FileFault::Missing:
            return "missing";
        case FileFault::Changed:
            return "changed";
        case FileFault::Damaged:
            return "damaged";
        case FileFault::Swapped:
            return "swapped";
        case FileFault::NoKey:
            return "no_key";
        case FileFault::CutShort:
            return "cut_short";
        case FileFault::NotOurs:
            return "not_a_recording";
        case FileFault::Unreadable:
            return "unreadable";
    }
    return "";
}

const char* say(const Options& options, ChainFault fault) {
    switch (fault) {
        case ChainFault::Unchained:
            return options.say("el hecho no está en la cadena", "the fact is not in the chain");
        case ChainFault::Gap:
            return options.say("antes de este hecho falta o sobra alguno",
                               "facts before this one are missing or were put in");
        case ChainFault::Changed:
            return options.say("el diario ya no dice lo que se encadenó",
                               "the journal no longer says what was chained");
        case ChainFault::ShortTail:
            return options.say("faltan los últimos hechos de la cadena",
                               "the last facts of the chain are missing");
    }
    return "";
}

const char* say(const Options& options, FileFault fault) {
    switch (fault) {
        case FileFault::Missing:
            return options.say("no está el fichero", "its file is not there");
        case FileFault::Changed:
            return options.say("el fichero cambió desde que se cerró",
                               "its file has changed since it was closed");
        case FileFault::Damaged:
            return options.say("el fichero está dañado", "its file is damaged");
        case FileFault::Swapped:
            return options.say("es el fichero de otra grabación", "it is another recording's file");
        case FileFault::NoKey:
            return options.say("falta su clave: nadie puede oírla",
                               "its key is missing: nobody can hear it");
        case FileFault::CutShort:
            return options.say("le falta el final", "its end is cut off");
        case FileFault::NotOurs:
            return options.say("no es una grabación", "it is not a recording");
        case FileFault::Unreadable:
            return options.say("no se puede leer", "it cannot be read");
    }
    return "";
}

/// What was looked at and what was found.
struct Report {
    std::int64_t files = 0;
    std::int64_t links = 0;
    std::int64_t interrupted = 0;
    std::vector<Found> found;
};

/// Which contacts' files are read; none given: all.
Result<std::optional<std::set<ContactId>>> contacts_asked(Here& here, const Verified& asked) {
    if (!asked.contact.empty()) {
        const auto id = ContactId::parse(asked.contact);
        if (!id) return fail(Errc::NotFound, asked.contact);
        return std::optional{std::set{*id}};
    }
    if (asked.reference.empty()) return std::optional<std::set<ContactId>>{};
    std::string digits;
    for (const char c : asked.reference) {
        if (c >= '0' && c <= '9') digits.push_back(c);
    }
    std::set<ContactId> contacts;
    for (const Company& company : here.companies) {
        ESC_TRY(const auto rows,
                here.db.query("SELECT l.contact_id FROM case_contact l JOIN case_file f"
                              " ON f.id = l.case_id WHERE f.company_id = ? AND f.reference = ?",
                              {company.id, digits}));
        for (const store::Row& row : rows) {
            ESC_TRY(const auto contact, row.get<ContactId>(0));
            contacts.insert(contact);
        }
    }
    if (contacts.empty()) return fail(Errc::NotFound, asked.reference);
    return std::optional{std::move(contacts)};
}

Result<recording::ChainTip> remembered(Here& here, const Company& company) {
    ESC_TRY(const auto row,
            here.db.query_one("SELECT blob FROM live_state WHERE name = ?",
                              {"recording_chain:" + company.id.to_string()}));
    if (!row) return recording::ChainTip{};
    ESC_TRY(const auto text, row->get<std::string>(0));
    return recording::ChainTip::parse(text).value_or(recording::ChainTip{});
}

Result<void> check_one(Here& here, const ChainedFact& fact, Report& report) {
    ESC_TRY(const auto row,
            here.db.query_one("SELECT path FROM recording WHERE company_id = ? AND id = ?",
                              {fact.ended.company, fact.ended.recording}));
    std::string path;
    if (row) {
        ESC_TRY(path, row->get<std::string>(0));
    }
    ++report.files;
    if (fact.ended.reason == "interrupted") ++report.interrupted;
    const auto finding = recording::check_file(
        (here.config.recordings_dir() / path).string(), fact.ended, here.keys.get());
    if (!finding) return ok();
    std::string text = say(here.options, finding->fault);
    if (!finding->detail.empty()) text += " (" + finding->detail + ")";
    report.found.push_back({fact.ended.recording.to_string(),
                            fact.ended.contact.to_string(),
                            word(finding->fault),
                            std::move(text)});
    return ok();
}

// The whole chain is walked always: a link is only worth what those before it are.
Result<void> check_company(Here& here,
                           const Company& company,
                           const std::optional<std::set<ContactId>>& asked,
                           Report& report) {
    ESC_TRY(const auto tip, remembered(here, company));
    ESC_TRY(const auto rows,
            here.db.query("SELECT seq, contact_id, data FROM event WHERE company_id = ?"
                          " AND type = 'recording_ended' ORDER BY seq",
                          {company.id}));
    recording::ChainWalk walk;
    for (const store::Row& row : rows) {
        ESC_TRY(auto fields, (row.as<std::int64_t, ContactId, std::string>()));
        const auto& [seq, contact, data] = fields;
        const ChainedFact fact = fact_of(company, seq, contact, data);
        if (const auto fault = walk.take(fact)) {
            report.found.push_back({fact.ended.recording.to_string(),
                                    contact.to_string(),
                                    word(*fault),
                                    say(here.options, *fault)});
        }
        if (asked && !asked->contains(contact)) continue;
        ESC_TRY(check_one(here, fact, report));
    }
    report.links += walk.links();
    // While the server runs, what ended since the tip was read stands after it.
    const bool is_ahead = walk.links() > tip.number && tip.number > 0;
    if (const auto fault = walk.finish(tip); fault && !is_ahead) {
        report.found.push_back({{}, {}, word(*fault), say(here.options, *fault)});
    }
    return ok();
}

Outcome print(const Here& here, const Report& report) {
    const Exit exit = report.found.empty() ? Exit::Done : Exit::No;
    if (here.options.format == Format::Json) {
        json::array findings;
        for (const Found& found : report.found) {
            findings.push_back(json::object{{"recording", found.recording},
                                            {"contact", found.contact},
                                            {"fault", found.fault},
                                            {"text", found.text}});
        }
        return {exit,
                serialize_line(json::object{{"files", report.files},
                                            {"links", report.links},
                                            {"interrupted", report.interrupted},
                                            {"findings", std::move(findings)}}),
                {}};
    }
    std::string out;
    if (!report.found.empty()) {
        std::vector<std::vector<std::string>> rows{{here.options.say("GRABACIÓN", "RECORDING"),
                                                    here.options.say("CONTACTO", "CONTACT"),
                                                    ""}};
        for (const Found& found : report.found) {
            rows.push_back({found.recording.empty() ? "-" : found.recording,
                            found.contact.empty() ? "-" : found.contact,
                            found.text});
        }
        out = table(rows);
    }
    out += std::to_string(report.files) +
           here.options.say(" grabaciones leídas, ", " recordings read, ") +
           std::to_string(report.links) + here.options.say(" eslabones", " links");
    if (report.interrupted > 0) {
        out += ", " + std::to_string(report.interrupted) +
               here.options.say(" interrumpidas", " interrupted");
    }
    out += report.found.empty() ? here.options.say(". Todo está bien.\n", ". All is well.\n")
                                : here.options.say(".\n", ".\n");
    if (!here.keys_trouble.empty()) out += here.keys_trouble + "\n";
    return {exit, std::move(out), {}};
}

Outcome trouble(const Error& error) { return {Exit::No, {}, error.message() + "\n"}; }

struct Sealed {
    RecordingId id;
    std::string path;
};
Result<std::vector<Sealed>> sealed_files(Here& here) {
    std::vector<Sealed> files;
    for (const Company& company : here.companies) {
        ESC_TRY(const auto rows,
                here.db.query("SELECT id, path FROM recording WHERE company_id = ?"
                              " AND path LIKE '%.rec' ORDER BY id",
                              {company.id}));
        for (const store::Row& row : rows) {
            ESC_TRY(auto fields, (row.as<RecordingId, std::string>()));
            auto& [id, path] = fields;
            files.push_back({id, (here.config.recordings_dir() / path).string()});
        }
    }
    return files;
}

}  // namespace

Outcome recording_verify(const Options& options,
                         const Installation& installation,
                         const Verified& asked) {
    auto here = look(options, installation);
    if (!here) return trouble(here.error());
    const auto contacts = contacts_asked(here.value(), asked);
    if (!contacts) return trouble(contacts.error());
    Report report;
    for (const Company& company : here.value().companies) {
        const auto checked = check_company(here.value(), company, contacts.value(), report);
        if (!checked) return trouble(checked.error());
    }
    return print(here.value(), report);
}

Outcome recording_rotate_key(const Options& options, const Installation& installation) {
    auto looked = look(options, installation);
    if (!looked) return trouble(looked.error());
    Here& here = looked.value();
    if (!here.keys) return {Exit::No, {}, here.keys_trouble + "\n"};
    for (const Company& company : here.companies) {
        const auto made = here.keys->rotate(company.id, read_clocks().wall);
        if (!made) return trouble(made.error());
    }
    const auto files = sealed_files(here);
    if (!files) return trouble(files.error());
    std::int64_t wrapped = 0;
    std::string failures;
    for (const Sealed& file : files.value()) {
        std::error_code error;
        // One that is being asked for has no file yet, or never will.
        if (!std::filesystem::exists(file.path, error)) continue;
        const auto done = recording::rewrap_file(file.path, *here.keys);
        if (!done) {
            failures += file.id.to_string() + ": " + done.error().message() + "\n";
        } else if (done.value()) {
            ++wrapped;
        }
    }
    const Exit exit = failures.empty() ? Exit::Done : Exit::No;
    if (options.format == Format::Json) {
        return {exit, serialize_line(json::object{{"rewrapped", wrapped}}), failures};
    }
    return {exit,
            options.say("Clave nueva. Grabaciones pasadas a ella: ",
                        "A new key. Recordings moved to it: ") +
                std::to_string(wrapped) + ".\n" +
                options.say("La anterior sigue en el fichero de claves; quítela más tarde con "
                            "escuchactl recording forget-keys.\n",
                            "The one before is still in the key file; take it out later with "
                            "escuchactl recording forget-keys.\n"),
            failures};
}

Outcome recording_forget_keys(const Options& options, const Installation& installation) {
    auto looked = look(options, installation);
    if (!looked) return trouble(looked.error());
    Here& here = looked.value();
    if (!here.keys) return {Exit::No, {}, here.keys_trouble + "\n"};
    std::set<CompanyId> resting;
    const WallTime now = read_clocks().wall;
    std::vector<recording::KeyId> old;
    for (const auto& key : here.keys->list()) {
        const bool is_asked =
            std::ranges::find(here.companies, key.company, &Company::id) != here.companies.end();
        if (!is_asked) continue;
        if (!key.is_newest) {
            old.push_back(key.id);
        } else if (now - key.made < kRest) {
            resting.insert(key.company);
        }
    }
    if (!old.empty() && !resting.empty()) {
        return {Exit::No,
                {},
                options.say("La clave nueva tiene menos de una hora: repita la orden más tarde.\n",
                            "The new key is less than an hour old: repeat the command later.\n")};
    }
    const auto files = sealed_files(here);
    if (!files) return trouble(files.error());
    std::set<recording::KeyId> used;
    for (const Sealed& file : files.value()) {
        std::error_code error;
        if (!std::filesystem::exists(file.path, error)) continue;
        const auto keys = recording::keys_of_file(file.path);
        if (!keys) return trouble(keys.error());
        used.insert(keys.value().begin(), keys.value().end());
    }
    const auto count = std::erase_if(old, [&](const auto& id) { return used.contains(id); });
    const auto forgotten = here.keys->forget(old);
    if (!forgotten) return trouble(forgotten.error());
    if (options.format == Format::Json) {
        return {Exit::Done,
                serialize_line(json::object{{"forgotten", old.size()}, {"in_use", count}}),
                {}};
    }
    return {Exit::Done,
            options.say("Claves quitadas: ", "Keys taken out: ") + std::to_string(old.size()) +
                options.say(". Siguen en uso: ", ". Still in use: ") + std::to_string(count) +
                ".\n",
            {}};
}

}  // namespace escucha::ctl
