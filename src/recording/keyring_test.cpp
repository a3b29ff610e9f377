#include "recording/keyring.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/check.h"
#include "recording/errc.h"

namespace escucha::recording {
namespace {

const CompanyId kOne{Uuid{.high = 1, .low = 1}};
const CompanyId kTwo{Uuid{.high = 2, .low = 2}};
const RecordingId kRecording{Uuid{.high = 3, .low = 3}};
const WallTime kNow = parse_rfc3339("2026-11-29T10:00:00Z").value();

struct Folder {
    std::filesystem::path path;
    Folder() {
        std::string pattern = std::filesystem::temp_directory_path() / "escucha-keys-XXXXXX";
        ESC_CHECK(::mkdtemp(pattern.data()) != nullptr);
        path = pattern;
    }
    ~Folder() { std::filesystem::remove_all(path); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    [[nodiscard]] std::filesystem::path file() const { return path / "recording.keys"; }
    [[nodiscard]] std::unique_ptr<Keyring> open() const {
        return Keyring::open(file(), Keyring::WhenMissing::Make).value();
    }
};

std::string slurp(const std::filesystem::path& path) {
    std::ifstream file{path};
    return {std::istreambuf_iterator<char>{file}, {}};
}

}  // namespace

TEST_CASE_FIXTURE(Folder, "a data key comes back from its slot, after a restart too") {
    const auto made = open()->wrap_new(kOne, kRecording, kNow).value();
    const auto again = open()->unwrap(kRecording, {&made.slot, 1}).value();
    CHECK(again.key.bytes() == made.key.bytes());
    CHECK(again.company == kOne);
    CHECK(std::filesystem::status(file()).permissions() ==
          (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
}

TEST_CASE_FIXTURE(Folder, "each company has a key of its own, and each recording too") {
    const auto ring = open();
    const auto a = ring->wrap_new(kOne, kRecording, kNow).value();
    const auto b = ring->wrap_new(kTwo, kRecording, kNow).value();
    const auto c = ring->wrap_new(kOne, kRecording, kNow).value();
    CHECK(a.key.bytes() != c.key.bytes());
    CHECK(key_of(a.slot) == key_of(c.slot));
    CHECK(key_of(a.slot) != key_of(b.slot));
    CHECK(ring->list().size() == 2);
}

TEST_CASE_FIXTURE(Folder, "a slot of another recording, or with a bit changed, opens nothing") {
    const auto ring = open();
    auto made = ring->wrap_new(kOne, kRecording, kNow).value();
    const RecordingId other{Uuid{.high = 3, .low = 4}};
    CHECK(ring->unwrap(other, {&made.slot, 1}).error().code == Errc::Damaged);
    for (std::size_t at = 8; at < made.slot.size(); ++at) {
        made.slot[at] ^= 1U;
        CHECK(ring->unwrap(kRecording, {&made.slot, 1}).error().code == Errc::Damaged);
        made.slot[at] ^= 1U;
    }
    made.slot[0] ^= 1U;
    CHECK(ring->unwrap(kRecording, {&made.slot, 1}).error().code == Errc::UnknownKey);
}

TEST_CASE_FIXTURE(Folder, "after a rotation the old key opens, the new one wraps, others see it") {
    const auto server = open();
    const auto old = server->wrap_new(kOne, kRecording, kNow).value();
    const auto operator_ring = open();
    const KeyId fresh = operator_ring->rotate(kOne, kNow).value();
    CHECK(key_of(server->wrap_new(kOne, kRecording, kNow).value().slot) == fresh);
    const auto unwrapped = server->unwrap(kRecording, {&old.slot, 1}).value();
    CHECK(unwrapped.by == key_of(old.slot));
    const KeySlot again = server->wrap(unwrapped, kRecording).value();
    CHECK(key_of(again) == fresh);
    CHECK(server->unwrap(kRecording, {&again, 1}).value().key.bytes() == old.key.bytes());

    REQUIRE(operator_ring->forget({key_of(old.slot), fresh}).has_value());
    CHECK(server->unwrap(kRecording, {&old.slot, 1}).error().code == Errc::UnknownKey);
    CHECK_MESSAGE(server->unwrap(kRecording, {&again, 1}).has_value(), "the newest always stays");
}

TEST_CASE_FIXTURE(Folder, "one empty slot, or one of a key that is gone, does not hide the other") {
    const auto ring = open();
    const auto made = ring->wrap_new(kOne, kRecording, kNow).value();
    KeySlot unknown = made.slot;
    unknown[0] ^= 1U;
    for (const KeySlot& other : {KeySlot{}, unknown}) {
        const std::array<KeySlot, 2> before{other, made.slot};
        const std::array<KeySlot, 2> after{made.slot, other};
        CHECK(ring->unwrap(kRecording, before).has_value());
        CHECK(ring->unwrap(kRecording, after).has_value());
    }
}

TEST_CASE_FIXTURE(Folder, "a key file that others may read, is none, or is not there is refused") {
    open()->wrap_new(kOne, kRecording, kNow).value();
    const auto again = [&] { return Keyring::open(file(), Keyring::WhenMissing::Refuse); };
    REQUIRE(again().has_value());
    ::chmod(file().c_str(), 0640);
    CHECK(again().error().code == Errc::OpenKeyFile);
    ::chmod(file().c_str(), 0600);
    const std::string good = slurp(file());
    for (const std::string& bad : {std::string{"hello\n"}, good + "key x\n", good + "lock\n"}) {
        std::ofstream{file()} << bad;
        const auto refused = again();
        REQUIRE_FALSE(refused.has_value());
        CHECK(refused.error().code == Errc::BadKeyFile);
        CHECK(refused.error().detail.find("line") == 0);
    }
    std::filesystem::remove(file());
    CHECK(again().error().code == Errc::UnknownKey);
}

TEST_CASE_FIXTURE(Folder, "an error about the key file never quotes it") {
    open()->wrap_new(kOne, kRecording, kNow).value();
    std::string text = slurp(file());
    text.replace(text.size() - 2, 1, "z");
    std::ofstream{file()} << text;
    const auto refused = Keyring::open(file(), Keyring::WhenMissing::Make);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().message().size() < 60);
}

}  // namespace escucha::recording
