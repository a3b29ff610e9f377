#include "recording/verify.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/check.h"
#include "recording/detail/memory.h"
#include "recording/sound.h"

namespace escucha::recording {
namespace {

using namespace test;

const CompanyId kCompany{Uuid{.high = 1, .low = 1}};
const WallTime kNow = parse_rfc3339("2026-11-29T10:00:00Z").value();

RecordingId number(std::uint64_t n) { return RecordingId{Uuid{.high = 9, .low = n}}; }

/// A chain of five facts.
std::vector<ChainedFact> chain() {
    std::vector<ChainedFact> facts;
    ChainTip tip;
    for (std::uint64_t n = 1; n <= 5; ++n) {
        ChainedFact fact{.seq = static_cast<std::int64_t>(n)};
        fact.ended = {.company = kCompany,
                      .recording = number(n),
                      .contact = ContactId{Uuid{.high = 3, .low = n}},
                      .file = {static_cast<std::uint8_t>(n)},
                      .duration_ms = 1'000,
                      .bytes = 100,
                      .is_complete = true,
                      .reason = "stopped"};
        const ChainTip next = next_link(tip, fact.ended);
        fact.link = {.number = next.number, .previous = tip.link, .link = next.link};
        tip = next;
        facts.push_back(fact);
    }
    return facts;
}

ChainTip tip_of(const std::vector<ChainedFact>& facts) {
    return {.number = facts.back().link->number, .link = facts.back().link->link};
}

std::vector<std::pair<std::int64_t, ChainFault>> faults(const std::vector<ChainedFact>& facts,
                                                        const ChainTip& remembered) {
    ChainWalk walk;
    std::vector<std::pair<std::int64_t, ChainFault>> found;
    for (const ChainedFact& fact : facts) {
        if (const auto fault = walk.take(fact)) found.emplace_back(fact.seq, *fault);
    }
    if (const auto fault = walk.finish(remembered)) found.emplace_back(0, *fault);
    return found;
}

using Faults = std::vector<std::pair<std::int64_t, ChainFault>>;

struct Files {
    std::filesystem::path folder;
    std::unique_ptr<Keyring> keys;

    Files() {
        std::string pattern = std::filesystem::temp_directory_path() / "escucha-verify-XXXXXX";
        ESC_CHECK(::mkdtemp(pattern.data()) != nullptr);
        folder = pattern;
        keys = Keyring::open(folder / "keys", Keyring::WhenMissing::Make).value();
    }
    ~Files() { std::filesystem::remove_all(folder); }
    Files(const Files&) = delete;
    Files& operator=(const Files&) = delete;

    [[nodiscard]] std::string path(std::uint64_t n) const {
        return folder / (std::to_string(n) + ".rec");
    }
    void write(std::uint64_t n, const Bytes& bytes) const {
        std::ofstream{path(n), std::ios::binary | std::ios::trunc} << as_text(bytes);
    }
    [[nodiscard]] Bytes read(std::uint64_t n) const {
        std::ifstream file{path(n), std::ios::binary};
        const std::string text{std::istreambuf_iterator<char>{file}, {}};
        const ByteView view = as_bytes(text);
        return {view.begin(), view.end()};
    }
    /// A recording of two seconds and what the journal says of it.
    Ended make(std::uint64_t n) {
        const auto key = keys->wrap_new(kCompany, number(n), kNow).value();
        const Bytes file = sealed(sound(64'000), key.key, number(n), key.slot);
        write(n, file);
        return {.company = kCompany,
                .recording = number(n),
                .contact = ContactId{Uuid{.high = 3, .low = n}},
                .file = MemorySource::digest(file),
                .duration_ms = 2'000,
                .bytes = static_cast<std::int64_t>(file.size()),
                .is_complete = true,
                .reason = "stopped"};
    }
    std::optional<FileFault> fault(std::uint64_t n, const Ended& ended) {
        const auto finding = check_file(path(n), ended, keys.get());
        if (!finding) return std::nullopt;
        return finding->fault;
    }
};

}  // namespace

TEST_CASE("a whole chain has no fault, and neither have facts of before there was one") {
    auto facts = chain();
    const ChainTip tip = tip_of(facts);
    facts.insert(facts.begin(), ChainedFact{.seq = -1});
    CHECK(faults(facts, tip).empty());
    CHECK(faults({}, {}).empty());
}

TEST_CASE("a fact that was changed, taken out, put in, moved or cut off is found where it was") {
    auto facts = chain();
    const ChainTip tip = tip_of(facts);
    SUBCASE("changed") {
        facts[2].ended.duration_ms = 900;
        CHECK(faults(facts, tip) == Faults{{3, ChainFault::Changed}});
    }
    SUBCASE("another file's digest") {
        std::swap(facts[1].ended.file, facts[2].ended.file);
        CHECK(faults(facts, tip) == Faults{{2, ChainFault::Changed}, {3, ChainFault::Changed}});
    }
    SUBCASE("taken out") {
        facts.erase(facts.begin() + 2);
        CHECK(faults(facts, tip) == Faults{{4, ChainFault::Gap}});
    }
    SUBCASE("put in without a link") {
        facts.insert(facts.begin() + 2, ChainedFact{.seq = 99});
        CHECK(faults(facts, tip) == Faults{{99, ChainFault::Unchained}});
    }
    SUBCASE("moved") {
        std::swap(facts[1], facts[2]);
        CHECK(faults(facts, tip).size() == 3);
    }
    SUBCASE("the last ones cut off") {
        facts.resize(3);
        CHECK(faults(facts, tip) == Faults{{0, ChainFault::ShortTail}});
    }
}

TEST_CASE_FIXTURE(Files, "a good file has no fault; each bad one has its own") {
    const Ended ended = make(1);
    CHECK_FALSE(fault(1, ended));
    Bytes file = read(1);
    SUBCASE("gone") {
        std::filesystem::remove(path(1));
        CHECK(fault(1, ended) == FileFault::Missing);
    }
    SUBCASE("a bit of the sound") {
        file[kHeaderBytes + 40'000] ^= std::byte{1};
        write(1, file);
        const auto finding = check_file(path(1), ended, keys.get());
        REQUIRE(finding.has_value());
        CHECK(finding->fault == FileFault::Damaged);
        CHECK(finding->detail == "at second 1");
    }
    SUBCASE("a bit of the wrapped key") {
        file[kFixedHeaderBytes + 30] ^= std::byte{1};
        write(1, file);
        CHECK(fault(1, ended) == FileFault::Damaged);
    }
    SUBCASE("the end cut off") {
        file.resize(file.size() - 1'000);
        write(1, file);
        CHECK(fault(1, ended) == FileFault::CutShort);
    }
    SUBCASE("the end cut off, and the fact said it was interrupted: the hash tells") {
        Ended interrupted = ended;
        interrupted.reason = "interrupted";
        interrupted.duration_ms = 0;
        file.resize(file.size() - 1'000);
        write(1, file);
        CHECK(fault(1, interrupted) == FileFault::Changed);
    }
    SUBCASE("another recording's file") {
        make(2);
        std::filesystem::rename(path(2), path(1));
        CHECK(fault(1, ended) == FileFault::Swapped);
    }
    SUBCASE("sealed anew by one who has the keys") {
        make(1);
        CHECK(fault(1, ended) == FileFault::Changed);
    }
    SUBCASE("plain now") {
        write(1, Bytes(5'000));
        CHECK(fault(1, ended) == FileFault::NotOurs);
    }
    SUBCASE("the keys are lost") {
        CHECK(check_file(path(1), ended, nullptr)->fault == FileFault::NoKey);
        std::filesystem::remove(folder / "keys");
        keys = Keyring::open(folder / "keys", Keyring::WhenMissing::Make).value();
        CHECK(fault(1, ended) == FileFault::NoKey);
    }
    SUBCASE("never written, and the journal says so") {
        CHECK_FALSE(
            fault(7, {.company = kCompany, .recording = number(7), .contact = {}, .reason = "io"}));
    }
}

TEST_CASE_FIXTURE(Files, "a rotation wraps anew and touches neither sound nor hash") {
    const Ended ended = make(1);
    const KeyId old = keys->list().front().id;
    CHECK_FALSE(rewrap_file(path(1), *keys).value());
    const KeyId fresh = keys->rotate(kCompany, kNow).value();
    CHECK(rewrap_file(path(1), *keys).value());
    CHECK_FALSE(rewrap_file(path(1), *keys).value());
    CHECK(keys_of_file(path(1)).value() == std::vector{fresh});
    REQUIRE(keys->forget({old}).has_value());
    CHECK_FALSE(fault(1, ended));
    // A second time it goes the other way round.
    keys->rotate(kCompany, kNow).value();
    CHECK(rewrap_file(path(1), *keys).value());
    CHECK_FALSE(fault(1, ended));
}

TEST_CASE_FIXTURE(Files, "a rotation that stopped between its two writes is opened and finished") {
    const Ended ended = make(1);
    const Bytes before = read(1);
    const KeyId fresh = keys->rotate(kCompany, kNow).value();
    CHECK(rewrap_file(path(1), *keys).value());
    Bytes both = read(1);
    std::copy_n(before.begin() + kFixedHeaderBytes, kSlotBytes, both.begin() + kFixedHeaderBytes);
    write(1, both);
    CHECK_FALSE(fault(1, ended));
    CHECK(rewrap_file(path(1), *keys).value());
    CHECK(keys_of_file(path(1)).value() == std::vector{fresh});
    CHECK_FALSE(fault(1, ended));
}

}  // namespace escucha::recording
