#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>

#include <doctest/doctest.h>

#include "flow/document.h"
#include "flow/simulate.h"

namespace escucha::flow {
namespace {

namespace fs = std::filesystem;

const fs::path kSource{ESCUCHA_SOURCE_DIR};

std::string read_file(const fs::path& path) {
    std::ifstream in{path, std::ios::binary};
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

/// "100-claim.script" walks the flow of line 100.
std::shared_ptr<const Document> document_of(const fs::path& script) {
    const bool is_family = script.filename().string().starts_with("200");
    auto document = parse(
        read_file(kSource / "demo/flows" / (is_family ? "200-abuelos.json" : "100-servicio.json")));
    REQUIRE_MESSAGE(document.has_value(), document.error().message());
    return std::make_shared<const Document>(std::move(document).value());
}

void check_golden(const fs::path& script, const std::string& language) {
    const auto text = "language " + language + "\n" + read_file(script);
    const auto transcript = simulate(document_of(script), text);
    REQUIRE_MESSAGE(transcript.has_value(), script.string(), ": ", transcript.error().message());
    auto golden = script;
    golden.replace_extension("." + language + ".golden");
    if (std::getenv("UPDATE_GOLDEN") != nullptr) {
        std::ofstream{golden, std::ios::binary} << transcript.value();
        return;
    }
    CHECK_MESSAGE(read_file(golden) == transcript.value(),
                  golden.filename().string(),
                  " differs; UPDATE_GOLDEN=1 rewrites it:\n",
                  transcript.value());
}

}  // namespace

TEST_CASE("every script walks the demo flows as its transcript says, in Spanish and in English") {
    int scripts = 0;
    for (const auto& entry : fs::directory_iterator{kSource / "src/flow/testdata"}) {
        if (entry.path().extension() != ".script") continue;
        ++scripts;
        check_golden(entry.path(), "es");
        check_golden(entry.path(), "en");
    }
    CHECK(scripts >= 20);
}

}  // namespace escucha::flow
