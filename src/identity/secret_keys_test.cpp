#include "identity/secret_keys.h"

#include <sys/stat.h>

#include <doctest/doctest.h>

#include <fstream>
#include <sstream>

#include "base/errc.h"
#include "identity/errc.h"
#include "store/testing/engines.h"

using namespace escucha;
using namespace escucha::identity;
using WhenMissing = SecretKeys::WhenMissing;

namespace {

struct Folder {
    store::testing::TemporaryFolder folder;
    std::filesystem::path path = folder.path() / "account.keys";
};

void write(const std::filesystem::path& path, const std::string& text) {
    std::ofstream{path} << text;
    REQUIRE(::chmod(path.c_str(), 0600) == 0);
}

}  // namespace

TEST_CASE("a sealed secret opens with the file's key, after a restart too") {
    const Folder folder;
    const Bytes sealed = SecretKeys::open(folder.path, WhenMissing::Make)
                             .value()
                             .seal(as_bytes("a secret"), "row 1");
    const auto keys = SecretKeys::open(folder.path, WhenMissing::Refuse).value();
    CHECK(as_text(keys.unseal(sealed, "row 1").value()) == "a secret");
    CHECK(keys.seal(as_bytes("a secret"), "row 1") != sealed);
    struct stat status {};
    REQUIRE(::stat(folder.path.c_str(), &status) == 0);
    CHECK((status.st_mode & 0777U) == 0600U);
}

TEST_CASE("moved to another row, changed in any byte or cut, it does not open") {
    const Folder folder;
    const auto keys = SecretKeys::open(folder.path, WhenMissing::Make).value();
    const Bytes sealed = keys.seal(as_bytes("a secret"), "row 1");
    CHECK(keys.unseal(sealed, "row 2").error().code == identity::Errc::Damaged);
    for (std::size_t at = 0; at < sealed.size(); ++at) {
        CAPTURE(at);
        Bytes changed = sealed;
        changed[at] ^= std::byte{1};
        CHECK_FALSE(keys.unseal(changed, "row 1"));
        CHECK_FALSE(keys.unseal(ByteView{sealed}.first(at), "row 1"));
    }
}

TEST_CASE("a new last key seals, and those before it go on opening") {
    const Folder folder;
    const Bytes old =
        SecretKeys::open(folder.path, WhenMissing::Make).value().seal(as_bytes("old"), "row");
    std::stringstream text;
    text << std::ifstream{folder.path}.rdbuf();
    write(folder.path, text.str() + "key 0011223344556677 " + std::string(64, 'a') + "\n");
    const auto both = SecretKeys::open(folder.path, WhenMissing::Refuse).value();
    const Bytes fresh = both.seal(as_bytes("new"), "row");
    CHECK(as_text(both.unseal(old, "row").value()) == "old");
    CHECK(as_text(both.unseal(fresh, "row").value()) == "new");
    write(folder.path, text.str());
    const auto first = SecretKeys::open(folder.path, WhenMissing::Refuse).value();
    CHECK(first.unseal(fresh, "row").error().code == identity::Errc::UnknownKey);
}

TEST_CASE("a key file that is missing, open to others or broken is refused by name") {
    const Folder folder;
    CHECK(SecretKeys::open(folder.path, WhenMissing::Refuse).error().code == escucha::Errc::Io);
    write(folder.path, "escucha account keys 1\nkey 0011\n");
    const auto broken = SecretKeys::open(folder.path, WhenMissing::Refuse);
    CHECK(broken.error().code == identity::Errc::BadKeyFile);
    CHECK(broken.error().detail == "line 2");
    write(folder.path, "escucha account keys 1\n");
    CHECK(SecretKeys::open(folder.path, WhenMissing::Make).error().code ==
          identity::Errc::BadKeyFile);
    REQUIRE(::chmod(folder.path.c_str(), 0640) == 0);
    CHECK(SecretKeys::open(folder.path, WhenMissing::Make).error().code ==
          identity::Errc::OpenKeyFile);
}

TEST_CASE("a key that is added seals from then on, and the ones before still open") {
    const Folder folder;
    const auto before = SecretKeys::open(folder.path, WhenMissing::Make).value();
    const Bytes old = before.seal(as_bytes("a secret"), "row 1");
    REQUIRE(SecretKeys::add_key(folder.path));
    const auto after = SecretKeys::open(folder.path, WhenMissing::Refuse).value();
    const Bytes fresh = after.seal(as_bytes("a secret"), "row 1");
    CHECK(as_text(after.unseal(old, "row 1").value()) == "a secret");
    CHECK(after.is_newest_of(fresh));
    CHECK_FALSE(after.is_newest_of(old));
    CHECK_FALSE(after.is_newest_of({}));
    CHECK(before.unseal(fresh, "row 1").error().code == identity::Errc::UnknownKey);
}

TEST_CASE("keys that are forgotten open nothing more; the last one stays") {
    const Folder folder;
    const auto before = SecretKeys::open(folder.path, WhenMissing::Make).value();
    const Bytes old = before.seal(as_bytes("a secret"), "row 1");
    REQUIRE(SecretKeys::forget_old_keys(folder.path));
    CHECK(SecretKeys::open(folder.path, WhenMissing::Refuse).value().is_newest_of(old));
    REQUIRE(SecretKeys::add_key(folder.path));
    REQUIRE(SecretKeys::add_key(folder.path));
    const Bytes fresh = SecretKeys::open(folder.path, WhenMissing::Refuse)
                            .value()
                            .seal(as_bytes("a secret"), "row 1");
    REQUIRE(SecretKeys::forget_old_keys(folder.path));
    const auto after = SecretKeys::open(folder.path, WhenMissing::Refuse).value();
    CHECK(as_text(after.unseal(fresh, "row 1").value()) == "a secret");
    CHECK(after.unseal(old, "row 1").error().code == identity::Errc::UnknownKey);
}

TEST_CASE("no key is added to a file that is not there or that others read") {
    const Folder folder;
    CHECK_FALSE(SecretKeys::add_key(folder.path).has_value());
    CHECK_FALSE(SecretKeys::forget_old_keys(folder.path).has_value());
    CHECK_FALSE(std::filesystem::exists(folder.path));
    write(folder.path, "escucha account keys 1\nkey 12\n");
    CHECK(SecretKeys::add_key(folder.path).error().code == identity::Errc::BadKeyFile);
    REQUIRE(::chmod(folder.path.c_str(), 0644) == 0);
    CHECK(SecretKeys::add_key(folder.path).error().code == identity::Errc::OpenKeyFile);
}
