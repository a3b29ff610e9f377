#include <fstream>
#include <memory>
#include <sstream>

#include <boost/json/array.hpp>

#include "base/errc.h"
#include "detail/api.h"
#include "flow/document.h"
#include "flow/simulate.h"
#include "flow/validator.h"

namespace escucha::ctl {

namespace json = boost::json;

namespace {

Result<std::string> read_file(const std::filesystem::path& path, std::size_t limit) {
    std::ifstream file{path, std::ios::binary};
    if (!file) return fail(Errc::NotFound, path.string());
    std::string text(limit + 1, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(file.gcount()));
    if (text.size() > limit) return fail(Errc::TooLarge, path.string());
    return text;
}

Result<flow::Document> read_flow(const std::filesystem::path& path) {
    ESC_TRY(const auto text, read_file(path, flow::kMaxDocumentBytes));
    return flow::parse(text);
}

Outcome failure(const Error& error) { return {Exit::No, {}, error.message() + "\n"}; }

json::value encode(const Options& options, const flow::Problem& problem) {
    return json::object{
        {"severity", problem.severity == flow::Severity::Error ? "error" : "warning"},
        {"node", problem.node},
        {"code", problem.code},
        {"message", options.say(problem.message_es.c_str(), problem.message_en.c_str())}};
}

/// The script of a simulation: the file's lines, then one line a key.
Result<std::string> script_of(const Simulated& asked) {
    std::string script;
    if (!asked.script.empty()) {
        ESC_TRY(script, read_file(asked.script, flow::kMaxScriptBytes));
        script += "\n";
    }
    if (!asked.caller.empty()) script = "caller " + asked.caller + "\n" + script;
    std::istringstream words{asked.keys};
    for (std::string word; words >> word;) {
        script += (word.size() == 1 ? "key " : "keys ") + word + "\n";
    }
    return script;
}

}  // namespace

Outcome flow_validate(const Options& options, const std::filesystem::path& file) {
    const auto document = read_flow(file);
    if (!document) return failure(document.error());
    const auto problems = flow::validate(document.value());
    const Exit exit = flow::has_errors(problems) ? Exit::No : Exit::Done;
    if (options.format == Format::Json) {
        json::array items;
        for (const flow::Problem& problem : problems) items.push_back(encode(options, problem));
        return {exit, serialize_line(json::object{{"problems", std::move(items)}}), {}};
    }
    std::string out;
    for (const flow::Problem& problem : problems) {
        const bool is_error = problem.severity == flow::Severity::Error;
        out += file.string() + ": ";
        if (!problem.node.empty()) out += problem.node + ": ";
        out += is_error ? options.say("error: ", "error: ") : options.say("aviso: ", "warning: ");
        out += options.say(problem.message_es.c_str(), problem.message_en.c_str());
        out += " [" + problem.code + "]\n";
    }
    if (problems.empty()) {
        out = file.string() + options.say(": sin problemas\n", ": no problems\n");
    }
    return {exit, std::move(out), {}};
}

Outcome flow_simulate(const Options& options, const Simulated& asked) {
    auto document = read_flow(asked.file);
    if (!document) return failure(document.error());
    const auto script = script_of(asked);
    if (!script) return failure(script.error());
    const auto transcript = flow::simulate(
        std::make_shared<const flow::Document>(std::move(document).value()), script.value());
    if (!transcript) return failure(transcript.error());
    if (options.format == Format::Json) {
        json::array lines;
        std::istringstream text{transcript.value()};
        for (std::string line; std::getline(text, line);) lines.push_back(json::string{line});
        return {Exit::Done, serialize_line(json::object{{"transcript", std::move(lines)}}), {}};
    }
    return {Exit::Done, transcript.value(), {}};
}

}  // namespace escucha::ctl
