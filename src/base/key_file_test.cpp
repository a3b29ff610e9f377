#include "base/key_file.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "base/errc.h"

using namespace escucha;

namespace {

struct Folder {
    Folder() {
        std::string pattern = std::filesystem::temp_directory_path() / "escucha-key-file-XXXXXX";
        path = ::mkdtemp(pattern.data());
    }
    ~Folder() { std::filesystem::remove_all(path); }
    std::filesystem::path path;
};

}  // namespace

TEST_CASE(
    "a key file is its owner's only, kept or replaced as a whole, and no longer than it may be") {
    const Folder folder;
    const auto path = folder.path / "keys";
    CHECK(read_key_file(path, 10).error().code == Errc::NotFound);
    REQUIRE(write_key_file(path, "one", WhenThere::Keep));
    REQUIRE(write_key_file(path, "two", WhenThere::Keep));
    CHECK(read_key_file(path, 10).value() == "one");
    REQUIRE(write_key_file(path, "three", WhenThere::Replace));
    CHECK(read_key_file(path, 5).value() == "three");
    CHECK(read_key_file(path, 4).error().code == Errc::TooLarge);
    // Nothing is left beside it.
    CHECK(std::distance(std::filesystem::directory_iterator{folder.path}, {}) == 1);
    std::filesystem::permissions(path, std::filesystem::perms{0640});
    CHECK(read_key_file(path, 10).error().code == Errc::Forbidden);
    CHECK(write_key_file(folder.path / "none" / "keys", "x", WhenThere::Keep).error().code ==
          Errc::Io);
}

TEST_CASE("a key file is read line by line, and the wrong line is named") {
    std::vector<std::string> taken;
    const auto take = [&](std::string_view line) {
        if (take_word(line) != "key") return false;
        taken.emplace_back(line);
        return true;
    };
    CHECK(parse_key_file("keys 1\n# for people\n\nkey a b\nkey c", "keys 1", take));
    CHECK(taken == std::vector<std::string>{"a b", "c"});
    CHECK(parse_key_file("keys 2\nkey a\n", "keys 1", take).error().detail == "line 1");
    CHECK(parse_key_file("keys 1\n\nkeys a\n", "keys 1", take).error().detail == "line 3");
}
