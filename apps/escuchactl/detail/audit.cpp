// The audit log as it lies in the store: whether it is what was written.

#include <algorithm>
#include <map>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "audit/log.h"
#include "base/errc.h"
#include "base/hex.h"
#include "detail/api.h"
#include "store/sql.h"

namespace escucha::ctl {

namespace json = boost::json;

namespace {

using audit::Fault;

struct Chain {
    std::string company;  ///< Its key; its id when it is gone from the directory.
    audit::Report report;
};

struct Looked {
    std::vector<Chain> companies;
    std::string keys_trouble;  ///< Why no signature was looked at; empty when they were.
};

std::string say(const Options& options, const audit::Finding& finding) {
    const std::string at = std::to_string(finding.number);
    switch (finding.fault) {
        case Fault::Changed:
            return options.say("la anotación ", "entry ") + at +
                   options.say(" no dice lo que se anotó", " does not say what was written");
        case Fault::Missing:
            return options.say("falta la anotación ", "entry ") + at +
                   options.say("", " is missing");
        case Fault::Reordered:
            return options.say("la anotación ", "entry ") + at +
                   options.say(" está fuera de su sitio", " is out of its place");
        case Fault::Rewritten:
            return options.say("desde la anotación ", "from entry ") + at +
                   options.say(" la cadena se escribió de nuevo: no es la que se firmó",
                               " on the chain was written anew: it is not the one that was signed");
        case Fault::Truncated:
            return options.say("faltan anotaciones al final, desde la ",
                               "entries at the end are missing, from ") +
                   at +
                   options.say(": hay una firma de más adelante",
                               ": there is a signature from beyond");
        case Fault::Unsealed:
            return options.say("desde la anotación ", "from entry ") + at +
                   options.say(" faltan firmas", " on signatures are missing");
        case Fault::ForgedCheckpoint:
            return options.say("la firma que responde de la anotación ",
                               "the signature over entry ") +
                   at + options.say(" y siguientes es falsa", " and those after it is false");
        case Fault::MissingCheckpoint:
            return options.say("falta una firma; sin ella nada responde desde la anotación ",
                               "a signature is missing; without it nothing answers from entry ") +
                   at + options.say("", " on");
        case Fault::Unindexed:
            return options.say("hacia la anotación ", "about entry ") + at +
                   options.say(" el índice por cliente no dice lo mismo que las anotaciones",
                               " the index by customer does not say what the entries say");
        case Fault::UnknownKey:
            return options.say("desde la anotación ", "from entry ") + at +
                   options.say(" firmó una clave que no está en el fichero de claves",
                               " on the key that signed is not in the key file");
    }
    return {};
}

/// The keys of the companies that are in the directory.
Result<std::map<CompanyId, std::string>> directory(store::Connection& db) {
    std::map<CompanyId, std::string> keys;
    ESC_TRY(const auto rows, db.query("SELECT id, key FROM company"));
    for (const store::Row& row : rows) {
        ESC_TRY(auto fields, (row.as<CompanyId, std::string>()));
        keys.insert({std::get<0>(fields), std::move(std::get<1>(fields))});
    }
    return keys;
}

Result<Looked> look(const Options& options, const Installation& installation) {
    ESC_TRY(const auto config, installation.config);
    ESC_TRY(const auto database, store::Database::open(config.effective_store_url()));
    ESC_TRY(auto db, database.connect(store::Access::ReadOnly));
    Looked looked;
    auto keys = audit::SigningKeys::open(
        config.audit_key_file(), audit::SigningKeys::WhenMissing::Refuse, WallTime{});
    if (!keys) looked.keys_trouble = keys.error().message();
    ESC_TRY(const auto known, directory(db));
    ESC_TRY(const auto companies, audit::audited_companies(db));
    for (const CompanyId company : companies) {
        const auto found = known.find(company);
        std::string key = found == known.end() ? company.to_string() : found->second;
        if (!options.company.empty() && options.company != key &&
            options.company != company.to_string()) {
            continue;
        }
        ESC_TRY(const auto report, audit::verify(db, company, keys ? &keys.value() : nullptr));
        looked.companies.push_back({std::move(key), report});
    }
    if (looked.companies.empty() && !options.company.empty()) {
        return fail(escucha::Errc::NotFound, options.company);
    }
    return looked;
}

std::string print_json(const Looked& looked, bool is_whole) {
    json::array companies;
    for (const Chain& one : looked.companies) {
        json::value fault = nullptr;
        if (one.report.first) {
            const auto kind = audit::word(one.report.first->fault);
            fault = json::object{{"kind", json::string_view{kind.data(), kind.size()}},
                                 {"number", one.report.first->number}};
        }
        companies.push_back(json::object{{"company", one.company},
                                         {"entries", one.report.entries},
                                         {"checkpoints", one.report.checkpoints},
                                         {"unsealed", one.report.unsealed},
                                         {"head", to_hex(one.report.head.hash)},
                                         {"fault", std::move(fault)}});
    }
    return serialize_line(json::object{{"is_whole", is_whole},
                                       {"companies", std::move(companies)},
                                       {"keys_trouble", looked.keys_trouble}});
}

std::string print_text(const Options& options, const Looked& looked, bool is_whole) {
    std::vector<std::vector<std::string>> rows{{options.say("EMPRESA", "COMPANY"),
                                                options.say("ANOTACIONES", "ENTRIES"),
                                                options.say("FIRMAS", "CHECKPOINTS"),
                                                ""}};
    for (const Chain& one : looked.companies) {
        rows.push_back(
            {one.company,
             std::to_string(one.report.entries),
             std::to_string(one.report.checkpoints),
             one.report.first ? say(options, *one.report.first) : options.say("íntegra", "whole")});
    }
    std::string out = looked.companies.empty() ? "" : table(rows);
    if (!looked.keys_trouble.empty()) {
        out += looked.keys_trouble +
               options.say(": no se ha comprobado ninguna firma\n", ": no signature was checked\n");
    }
    return out + (is_whole ? options.say("Todo está bien.\n", "All is well.\n") : "");
}

}  // namespace

Outcome audit_verify(const Options& options, const Installation& installation) {
    const auto looked = look(options, installation);
    if (!looked) {
        const bool is_unknown = looked.error().code == escucha::Errc::NotFound;
        return {is_unknown ? Exit::No : Exit::ServerFailed, {}, looked.error().message() + "\n"};
    }
    const bool is_whole = looked.value().keys_trouble.empty() &&
                          std::ranges::none_of(looked.value().companies, [](const Chain& one) {
                              return one.report.first.has_value();
                          });
    return {is_whole ? Exit::Done : Exit::No,
            options.format == Format::Json ? print_json(looked.value(), is_whole)
                                           : print_text(options, looked.value(), is_whole),
            {}};
}

}  // namespace escucha::ctl
