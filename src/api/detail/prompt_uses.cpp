#include <algorithm>
#include <filesystem>

#include <boost/json/object.hpp>

#include "api/detail/columns.h"
#include "api/detail/prompts.h"
#include "flow/validator.h"
#include "speech/words.h"

namespace escucha::api {

namespace json = boost::json;

namespace {

constexpr std::string_view kExtension = ".wav";

/// "saludo.wav" -> "saludo"; empty for a file that no prompt of the library can be.
std::string name_of(std::string_view file) {
    if (!file.ends_with(kExtension)) return {};
    file.remove_suffix(kExtension.size());
    return is_prompt_name(file) ? std::string{file} : std::string{};
}

void add_use(json::array& uses, std::string_view kind, json::string id, json::string name) {
    for (const auto& known : uses) {
        if (known.at("id") == id) return;
    }
    uses.push_back(json::object{{"kind", kind}, {"id", std::move(id)}, {"name", std::move(name)}});
}

Attempt<void> add_flows(Call& call, PromptUses& uses) {
    ESC_TRY(const auto rows,
            call.db.query("SELECT f.id, f.name, v.document FROM flow f"
                          " JOIN flow_version v ON v.flow_id = f.id WHERE f.company_id = ?"
                          " AND v.version >= (SELECT COALESCE(MAX(p.version), 0) FROM flow_version"
                          " p WHERE p.flow_id = f.id AND p.published_at_us IS NOT NULL)"
                          " ORDER BY f.name, f.id",
                          {call.company()}));
    for (const store::Row& row : rows) {
        Columns columns{row};
        const std::string id = columns.text();
        const std::string name = columns.text();
        const std::string text = columns.text();
        ESC_TRY(columns.done());
        const auto document = flow::parse(text);
        if (!document) continue;
        for (const auto& recording : flow::all_recordings(document.value())) {
            const std::string prompt = name_of(recording.file);
            if (prompt.empty()) continue;
            add_use(uses[{std::string{speech::code(recording.language)}, prompt}],
                    "flow",
                    json::string{id},
                    json::string{name});
        }
    }
    return BOOST_OUTCOME_V2_NAMESPACE::success();
}

}  // namespace

bool is_prompt_name(std::string_view name) {
    const auto is_word = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
    return !name.empty() && name.size() <= kMaxPromptName && is_word(name.front()) &&
           std::all_of(name.begin(), name.end(), [&](char c) {
               return is_word(c) || c == '-' || c == '_';
           });
}

Attempt<PromptUses> prompt_uses(Call& call) {
    PromptUses uses;
    ESC_TRY(add_flows(call, uses));
    ESC_TRY(const auto rows,
            call.db.query("SELECT m.name, q.id, q.name FROM queue_music m"
                          " JOIN queue q ON q.id = m.queue_id WHERE m.company_id = ?"
                          " ORDER BY q.name, q.id",
                          {call.company()}));
    for (const store::Row& row : rows) {
        Columns columns{row};
        const std::string prompt = columns.text();
        const std::string id = columns.text();
        const std::string name = columns.text();
        ESC_TRY(columns.done());
        add_use(uses[{"none", prompt}], "queue", json::string{id}, json::string{name});
    }
    return uses;
}

Attempt<json::array> missing_recordings(Call& call, const flow::Document& document) {
    ESC_TRY(
        const auto rows,
        call.db.query("SELECT language, name FROM prompt WHERE company_id = ?", {call.company()}));
    std::set<PromptKey> known;
    for (const store::Row& row : rows) {
        Columns columns{row};
        PromptKey key{.language = columns.text(), .name = {}};
        key.name = columns.text();
        ESC_TRY(columns.done());
        known.insert(std::move(key));
    }
    const auto is_there = [&](speech::Language language, const std::string& file) {
        const std::string code{speech::code(language)};
        if (known.contains({code, name_of(file)})) return true;
        std::error_code error;
        return std::filesystem::is_regular_file(
            call.services.config.shared_prompts_dir / code / file, error);
    };
    json::array items;
    for (const auto& problem : flow::missing_recordings(document, is_there)) {
        items.push_back(json::object{
            {"code", problem.code},
            {"node", nullptr},
            {"message", call.language == Language::En ? problem.message_en : problem.message_es},
            {"severity", "warning"}});
    }
    return items;
}

}  // namespace escucha::api
