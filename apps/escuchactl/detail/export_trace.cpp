// Where a file that turned up somewhere comes from: the marks of every export there was, looked for
// in it.

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "base/errc.h"
#include "detail/api.h"
#include "exports/requests.h"
#include "store/sql.h"

namespace escucha::ctl {

namespace json = boost::json;

namespace {

struct Named {
    exports::Request request;
    exports::Evidence evidence;
    std::string asker;
};

Result<std::string> read_file(const std::filesystem::path& path) {
    std::ifstream file{path, std::ios::binary};
    std::string text(exports::kMaxTableBytes + 1, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (file.bad() || !file.is_open()) return fail(escucha::Errc::Io, path.string());
    text.resize(static_cast<std::size_t>(file.gcount()));
    return text;
}

Result<std::string> asker_of(store::Connection& db, const exports::Request& request) {
    ESC_TRY(const auto row,
            db.query_one("SELECT login FROM app_user WHERE company_id = ? AND id = ?",
                         {request.company, request.asked_by}));
    if (!row) return request.asked_by.to_string();
    return row->get<std::string>(0);
}

/// Those whose marks are in the file, the surest first.
Result<std::vector<Named>> look(const Installation& installation,
                                const std::filesystem::path& path) {
    ESC_TRY(const auto config, installation.config);
    ESC_TRY(const auto text, read_file(path));
    ESC_TRY(const auto lines, exports::read_table(text));
    ESC_TRY(const auto database, store::Database::open(config.effective_store_url()));
    ESC_TRY(auto db, database.connect(store::Access::ReadOnly));
    ESC_TRY(const auto made, exports::made_ones(db));
    const exports::Trace trace{lines};
    // So many questions were asked of the file; by as much chance had more occasions.
    const double asked =
        std::log10(static_cast<double>(std::max<std::size_t>(1, made.size() * trace.questions())));
    std::vector<Named> named;
    for (const exports::Keyed& one : made) {
        auto evidence = trace.judge(one.key);
        evidence.log10_chance += asked;
        if (evidence.log10_chance >= exports::kNamedBelow) continue;
        ESC_TRY(auto asker, asker_of(db, one.request));
        named.push_back({one.request, evidence, std::move(asker)});
    }
    std::ranges::sort(named, {}, [](const Named& one) { return one.evidence.log10_chance; });
    return named;
}

/// "1 in 10^34".
std::string odds(const Named& one) {
    char text[32];
    std::snprintf(text, sizeof text, "10^%.0f", one.evidence.log10_chance);
    return text;
}

std::string print_json(const std::vector<Named>& named) {
    json::array found;
    for (const Named& one : named) {
        found.push_back(json::object{{"export", one.request.id.to_string()},
                                     {"asked_by", one.asker},
                                     {"asked_at", to_rfc3339(one.request.asked_at)},
                                     {"log10_chance", one.evidence.log10_chance},
                                     {"gaps", one.evidence.gaps},
                                     {"agreeing_gaps", one.evidence.agreeing_gaps},
                                     {"steps", one.evidence.steps},
                                     {"agreeing_steps", one.evidence.agreeing_steps}});
    }
    return serialize_line(json::object{{"exports", std::move(found)}});
}

std::string print_text(const Options& options, const std::vector<Named>& named) {
    if (named.empty()) {
        return options.say("Este fichero no lleva las marcas de ninguna exportación.\n",
                           "This file carries the marks of no export.\n");
    }
    std::vector<std::vector<std::string>> rows{{options.say("EXPORTACIÓN", "EXPORT"),
                                                options.say("PEDIDA POR", "ASKED BY"),
                                                options.say("CUÁNDO", "WHEN"),
                                                options.say("POR AZAR", "BY CHANCE")}};
    for (const Named& one : named) {
        rows.push_back(
            {one.request.id.to_string(), one.asker, to_rfc3339(one.request.asked_at), odds(one)});
    }
    return table(rows);
}

}  // namespace

Outcome export_trace(const Options& options,
                     const Installation& installation,
                     const std::filesystem::path& file) {
    const auto named = look(installation, file);
    if (!named) return {Exit::ServerFailed, {}, named.error().message() + "\n"};
    return {named.value().empty() ? Exit::No : Exit::Done,
            options.format == Format::Json ? print_json(named.value())
                                           : print_text(options, named.value()),
            {}};
}

}  // namespace escucha::ctl
