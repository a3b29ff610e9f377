#include "audit/verify.h"

#include <filesystem>
#include <fstream>

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "audit/errc.h"
#include "base/rng.h"
#include "store/testing/temporary_folder.h"

using namespace escucha;
using namespace escucha::audit;

namespace {

const WallTime kStart = from_micros(1'790'000'000'000'000);

SigningKeys keys_in(const store::testing::TemporaryFolder& folder,
                    const char* name = "audit.keys") {
    return SigningKeys::open(folder.path() / name, SigningKeys::WhenMissing::Make, kStart).value();
}

/// A chain of a company with a checkpoint after every `every` entries.
struct Chain {
    CompanyId company{Uuid{1, 1}};
    std::vector<Linked> links{};
    std::vector<Checkpoint> checkpoints{};
};

Entry entry_of(CompanyId company, std::int64_t number, Rng& rng) {
    Entry entry;
    entry.company = company;
    entry.number = number;
    // Clocks are put back now and then; the chain does not mind.
    entry.at = kStart + std::chrono::seconds{static_cast<std::int64_t>(rng.below(1'000'000))};
    entry.who = {rng.below(9) == 0 ? ActorKind::Operator : ActorKind::User,
                 UserId{Uuid{2, 1 + rng.below(5)}}.to_string()};
    entry.session = "s" + std::to_string(rng.below(9));
    entry.action = rng.below(2) == 0 ? "get_customer" : "search_customers";
    entry.outcome = rng.below(5) == 0 ? Outcome::Refused : Outcome::Allowed;
    entry.object_kind = "customer";
    entry.object_id = std::to_string(rng.below(100));
    for (std::uint64_t i = rng.below(4); i > 0; --i) {
        entry.customers.emplace_back(Uuid{3, 1 + rng.below(50)});
    }
    if (rng.below(2) == 0) entry.contact = ContactId{Uuid{4, 1 + rng.below(50)}};
    if (rng.below(2) == 0) entry.reason = "una reclamación";
    return entry;
}

Chain chain_of(std::int64_t count, std::int64_t every, const SigningKeys& keys, Rng& rng) {
    Chain chain;
    Linker linker;
    Hash last{};
    for (std::int64_t number = 1; number <= count; ++number) {
        Entry entry = entry_of(chain.company, number, rng);
        last = linker.link(last, entry);
        chain.links.push_back({std::move(entry), last});
        if (number % every == 0) {
            chain.checkpoints.push_back(keys.sign(
                chain.company, number / every, {number, last}, chain.links.back().entry.at));
        }
    }
    return chain;
}

Report walk(const Chain& chain, const SigningKeys* keys) {
    Verification walk{chain.company, chain.checkpoints, keys};
    for (const Linked& link : chain.links) {
        if (!walk.take(link)) break;
    }
    return walk.finish();
}

/// Every hash from `from` on made anew, as somebody would who can write to the database.
void rewrite(Chain& chain, std::size_t from) {
    Linker linker;
    for (std::size_t i = from; i < chain.links.size(); ++i) {
        chain.links[i].hash =
            linker.link(i == 0 ? Hash{} : chain.links[i - 1].hash, chain.links[i].entry);
    }
}

/// One field of the entry, other than it was.
void change(Entry& entry, std::uint64_t which) {
    switch (which) {
        case 0:
            entry.at += std::chrono::microseconds{1};
            break;
        case 1:
            entry.who.id += "x";
            break;
        case 2:
            entry.who.kind = ActorKind::ApiKey;
            break;
        case 3:
            entry.session += "x";
            break;
        case 4:
            // The same letters in two fields, split at another place.
            entry.action = "get_customers";
            entry.object_kind = "ustomer";
            break;
        case 5:
            entry.outcome = entry.outcome == Outcome::Allowed ? Outcome::Refused : Outcome::Allowed;
            break;
        case 6:
            entry.object_id += "0";
            break;
        case 7:
            entry.customers.emplace_back(Uuid{9, 9});
            break;
        case 8:
            entry.contact = entry.contact ? std::nullopt : std::optional{ContactId{Uuid{9, 9}}};
            break;
        case 9:
            entry.reason += " ";
            break;
        default:
            entry.details = R"({"status":200})";
            break;
    }
}
constexpr std::uint64_t kFields = 11;

}  // namespace

TEST_CASE("a chain that nobody touched is whole, whatever its clock did") {
    const store::testing::TemporaryFolder folder;
    const SigningKeys keys = keys_in(folder);
    Rng rng{1};
    for (const std::int64_t count : {0, 1, 9, 10, 11, 95}) {
        CAPTURE(count);
        const Chain chain = chain_of(count, 10, keys, rng);
        const Report report = walk(chain, &keys);
        CHECK_FALSE(report.first.has_value());
        CHECK(report.entries == count);
        CHECK(report.checkpoints == count / 10);
        CHECK(report.unsealed == count % 10);
        CHECK(report.head.number == count);
    }
}

TEST_CASE("whatever is changed, taken out, put in, swapped or cut off is found, and where") {
    const store::testing::TemporaryFolder folder;
    const SigningKeys keys = keys_in(folder);
    CHECK(rc::check("any fault is found", [&] {
        Rng rng{*rc::gen::arbitrary<std::uint64_t>()};
        const auto count = 2 + static_cast<std::int64_t>(rng.below(60));
        Chain chain = chain_of(count, 7, keys, rng);
        const auto at = rng.below(static_cast<std::uint64_t>(count));
        const auto number = static_cast<std::int64_t>(at) + 1;
        const auto place = chain.links.begin() + static_cast<std::ptrdiff_t>(at);
        const std::int64_t sealed = count / 7 * 7;
        std::int64_t expected = number;
        switch (rng.below(6)) {
            case 0:  // changed
                change(place->entry, rng.below(kFields));
                break;
            case 1:  // taken out; the last one shows only when a signature stands beyond
                chain.links.erase(place);
                if (number == count && sealed < count) return;
                break;
            case 2:  // put in
                chain.links.insert(place, *place);
                expected = number;
                break;
            case 3: {  // swapped, with their numbers put right
                const auto other = rng.below(static_cast<std::uint64_t>(count));
                if (chain.links[other].entry == place->entry || other == at) return;
                std::swap(chain.links[other], *place);
                std::swap(chain.links[other].entry.number, place->entry.number);
                expected = static_cast<std::int64_t>(std::min(at, other)) + 1;
                break;
            }
            case 4:  // cut off
                chain.links.erase(place, chain.links.end());
                if (number > sealed) return;
                break;
            default:  // changed, and every hash after it made anew
                change(place->entry, rng.below(kFields));
                rewrite(chain, at);
                if (number > sealed) return;
                expected = (number - 1) / 7 * 7 + 1;
                break;
        }
        const Report report = walk(chain, &keys);
        RC_ASSERT(report.first.has_value());
        RC_ASSERT(report.first->number == expected);
    }));
}

TEST_CASE("every kind of fault has its name") {
    const store::testing::TemporaryFolder folder;
    const SigningKeys keys = keys_in(folder);
    const SigningKeys other = keys_in(folder, "other.keys");
    Rng rng{3};
    const Chain good = chain_of(30, 10, keys, rng);
    const auto found = [&](auto spoil) {
        Chain chain = good;
        spoil(chain);
        return walk(chain, &keys).first;
    };
    CHECK(found([](Chain& chain) { chain.links[4].entry.reason = "otra"; }) ==
          Finding{Fault::Changed, 5});
    CHECK(found([](Chain& chain) { chain.links.erase(chain.links.begin()); }) ==
          Finding{Fault::Missing, 1});
    CHECK(found([](Chain& chain) {
              chain.links.insert(chain.links.begin() + 5, chain.links[2]);
          }) == Finding{Fault::Reordered, 3});
    CHECK(found([](Chain& chain) {
              chain.links[14].entry.reason = "otra";
              rewrite(chain, 14);
          }) == Finding{Fault::Rewritten, 11});
    CHECK(found([](Chain& chain) { chain.links.resize(25); }) == Finding{Fault::Truncated, 26});
    CHECK(found([](Chain& chain) { chain.checkpoints[1].signature[0] ^= 1U; }) ==
          Finding{Fault::ForgedCheckpoint, 11});
    CHECK(found([](Chain& chain) { chain.checkpoints.erase(chain.checkpoints.begin()); }) ==
          Finding{Fault::MissingCheckpoint, 1});
    CHECK(found([&](Chain& chain) {
              chain.checkpoints[2] =
                  other.sign(chain.company, 3, chain.checkpoints[2].head, kStart);
          }) == Finding{Fault::UnknownKey, 21});
    CHECK(found([](Chain& chain) {
              chain.company = CompanyId{Uuid{1, 2}};
          }) == Finding{Fault::Changed, 1});
}

TEST_CASE("a checkpoint of another company, or of another number, does not serve") {
    const store::testing::TemporaryFolder folder;
    const SigningKeys keys = keys_in(folder);
    Checkpoint made = keys.sign(CompanyId{Uuid{1, 1}}, 1, {10, Hash{7}}, kStart);
    CHECK(keys.check(made) == SigningKeys::Check::Good);
    for (int which = 0; which < 5; ++which) {
        CAPTURE(which);
        Checkpoint other = made;
        if (which == 0) other.company = CompanyId{Uuid{1, 2}};
        if (which == 1) other.ordinal = 2;
        if (which == 2) other.head.number = 11;
        if (which == 3) other.head.hash[31] = 1;
        if (which == 4) other.at += std::chrono::microseconds{1};
        CHECK(keys.check(other) == SigningKeys::Check::Forged);
    }
}

TEST_CASE(
    "checkpoints taken off the end are missed once more stands unsigned than the log leaves") {
    const store::testing::TemporaryFolder folder;
    const SigningKeys keys = keys_in(folder);
    Rng rng{4};
    Chain chain = chain_of(kMostUnsealed + 2, 1'000'000, keys, rng);
    CHECK(walk(chain, &keys).first == Finding{Fault::Unsealed, 1});
    chain.links.resize(static_cast<std::size_t>(kMostUnsealed));
    CHECK_FALSE(walk(chain, &keys).first.has_value());
}

TEST_CASE("without keys hashes are still compared, and no checkpoint counts") {
    const store::testing::TemporaryFolder folder;
    const SigningKeys keys = keys_in(folder);
    Rng rng{5};
    Chain chain = chain_of(20, 10, keys, rng);
    CHECK(walk(chain, nullptr).checkpoints == 0);
    CHECK_FALSE(walk(chain, nullptr).first.has_value());
    chain.links[3].entry.reason = "otra";
    CHECK(walk(chain, nullptr).first == Finding{Fault::Changed, 4});
}

TEST_CASE("the key file is made once, for its owner alone, and read again") {
    const store::testing::TemporaryFolder folder;
    const auto path = folder.path() / "audit.keys";
    CHECK(SigningKeys::open(path, SigningKeys::WhenMissing::Refuse, kStart).error().code ==
          audit::Errc::NoKeyFile);
    const SigningKeys made = keys_in(folder);
    using std::filesystem::perms;
    CHECK(std::filesystem::status(path).permissions() == (perms::owner_read | perms::owner_write));
    CHECK(std::distance(std::filesystem::directory_iterator{folder.path()}, {}) == 1);
    const Checkpoint signed_before = made.sign(CompanyId{Uuid{1, 1}}, 1, {1, Hash{1}}, kStart);
    CHECK(keys_in(folder).check(signed_before) == SigningKeys::Check::Good);
    // A new key at the end signs; those before it still verify.
    std::ofstream{path, std::ios::app} << "key 2026-12-01T00:00:00Z " << std::string(64, 'a')
                                       << '\n';
    const SigningKeys both = keys_in(folder);
    CHECK(both.check(signed_before) == SigningKeys::Check::Good);
    const Checkpoint signed_after = both.sign(CompanyId{Uuid{1, 1}}, 2, {2, Hash{2}}, kStart);
    CHECK(made.check(signed_after) == SigningKeys::Check::UnknownKey);
    std::filesystem::permissions(path, perms::group_read, std::filesystem::perm_options::add);
    CHECK(SigningKeys::open(path, SigningKeys::WhenMissing::Make, kStart).error().code ==
          audit::Errc::OpenKeyFile);
}

TEST_CASE("a key file that is not one is refused with its line") {
    const store::testing::TemporaryFolder folder;
    const auto path = folder.path() / "audit.keys";
    for (const std::string text : {"",
                                   "something else\n",
                                   "escucha-audit-keys 1\n",
                                   "escucha-audit-keys 1\nkey 2026-12-01T00:00:00Z abc\n",
                                   "escucha-audit-keys 1\nkey yesterday aa\n"}) {
        CAPTURE(text);
        std::ofstream{path} << text;
        std::filesystem::permissions(
            path, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
        CHECK(SigningKeys::open(path, SigningKeys::WhenMissing::Make, kStart).error().code ==
              audit::Errc::BadKeyFile);
    }
}
