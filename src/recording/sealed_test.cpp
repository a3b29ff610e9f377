#include "recording/sealed.h"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>

#include "recording/detail/memory.h"
#include "recording/errc.h"

namespace escucha::recording {
namespace {

using namespace test;

const RecordingId kRecording{Uuid{.high = 1, .low = 2}};
const DataKey kKey{std::array<std::uint8_t, 32>{1, 2, 3}};

Result<SealedReader> open(Bytes file, const DataKey& key = kKey) {
    ESC_TRY(const auto layout, Layout::decode(file));
    return SealedReader::open(std::make_unique<MemorySource>(std::move(file)), key, layout);
}

Result<Bytes> read_all(Bytes file, const DataKey& key = kKey) {
    ESC_TRY(auto reader, open(std::move(file), key));
    Bytes all(reader.data_bytes());
    ESC_TRY(const auto count, reader.read(0, all));
    all.resize(count);
    return all;
}

}  // namespace

TEST_CASE("what is sealed, in whatever pieces, is read back whole, from anywhere") {
    const bool holds = rc::check([] {
        const auto channels = *rc::gen::element<std::uint16_t>(1, 2);
        const auto samples = sound(*rc::gen::inRange<std::size_t>(0, 30'000) / 4 * 4);
        Layout layout = Layout::fresh(kRecording, channels);
        Bytes file;
        Sealer::begin(layout, {}, file);
        Sealer sealer{kKey, layout};
        for (std::size_t at = 0; at < samples.size();) {
            const auto piece =
                std::min(samples.size() - at, *rc::gen::inRange<std::size_t>(1, 9'000));
            sealer.append(ByteView{samples}.subspan(at, piece), file);
            at += piece;
        }
        sealer.finish(file);
        auto reader = open(file).value();
        RC_ASSERT(reader.is_finished());
        RC_ASSERT(reader.data_bytes() == samples.size());
        for (int i = 0; i < 5; ++i) {
            const auto from = *rc::gen::inRange<std::size_t>(0, samples.size() + 10);
            Bytes part(*rc::gen::inRange<std::size_t>(0, 9'000));
            const auto count = reader.read(from, part).value();
            const auto there = samples.size() - std::min(from, samples.size());
            RC_ASSERT(count == std::min(part.size(), there));
            RC_ASSERT(std::equal(
                part.begin(),
                part.begin() + static_cast<std::ptrdiff_t>(count),
                samples.begin() + static_cast<std::ptrdiff_t>(std::min(from, samples.size()))));
        }
    });
    CHECK(holds);
}

TEST_CASE("a writer that dies leaves what its whole chunks hold, whatever byte it died at") {
    const Bytes samples = sound(20'000);
    const Bytes file = sealed(samples, kKey, kRecording);
    const Layout layout = Layout::decode(file).value();
    for (std::size_t size = kHeaderBytes; size < file.size(); ++size) {
        if (size % 37 != 0 && file.size() - size > 40) continue;
        const Bytes torn{file.begin(), file.begin() + static_cast<std::ptrdiff_t>(size)};
        auto reader = open(torn);
        REQUIRE(reader.has_value());
        CHECK_FALSE(reader.value().is_finished());
        const auto chunks = (size - kHeaderBytes) / layout.sealed_chunk_bytes();
        CHECK(reader.value().data_bytes() == chunks * layout.chunk_bytes);
        Bytes heard(reader.value().data_bytes());
        REQUIRE(reader.value().read(0, heard).has_value());
        CHECK(std::equal(heard.begin(), heard.end(), samples.begin()));
    }
}

TEST_CASE("a changed bit anywhere is found: at the opening, or in the chunk it lies in") {
    const Bytes samples = sound(9'000);
    const Bytes file = sealed(samples, kKey, kRecording);
    const bool holds = rc::check([&] {
        Bytes changed = file;
        auto at = *rc::gen::inRange<std::size_t>(0, file.size());
        const bool is_slot = at >= kFixedHeaderBytes && at < kHeaderBytes;
        changed[at] ^= static_cast<std::byte>(1U << *rc::gen::inRange(0U, 8U));
        auto reader = open(changed);
        const auto digest = MemorySource::digest(changed);
        // The slots are the keyring's to judge; nothing of the sound hangs on their bytes.
        RC_ASSERT((digest == MemorySource::digest(file)) == is_slot);
        if (is_slot || !reader) return;
        Bytes all(reader.value().data_bytes());
        const auto read = reader.value().read(0, all);
        RC_ASSERT(!read || !reader.value().is_finished());
        if (!read) RC_ASSERT(read.error().code == Errc::Damaged);
    });
    CHECK(holds);
}

TEST_CASE("chunks in another order, from another file, or cut off are found") {
    const Bytes samples = sound(16'000);
    Bytes file = sealed(samples, kKey, kRecording);
    const Layout layout = Layout::decode(file).value();
    const auto chunk = static_cast<std::ptrdiff_t>(layout.sealed_chunk_bytes());
    const auto first = file.begin() + kHeaderBytes;

    SUBCASE("two chunks changed places") {
        std::swap_ranges(first, first + chunk, first + chunk);
        CHECK(read_all(file).error().code == Errc::Damaged);
    }
    SUBCASE("a chunk of another file with the same key") {
        const Bytes other = sealed(samples, kKey, RecordingId{Uuid{.high = 1, .low = 3}});
        std::copy_n(other.begin() + kHeaderBytes, chunk, first);
        CHECK(read_all(file).error().code == Errc::Damaged);
    }
    SUBCASE("the last chunks are gone: what is left is good and does not pass for finished") {
        file.resize(static_cast<std::size_t>(first - file.begin() + 2 * chunk));
        auto reader = open(file).value();
        CHECK_FALSE(reader.is_finished());
        CHECK(read_all(file).value().size() == 2 * layout.chunk_bytes);
    }
    SUBCASE("another key") {
        CHECK(read_all(file, DataKey{std::array<std::uint8_t, 32>{9}}).error().code ==
              Errc::Damaged);
    }
    SUBCASE("the damage says where: the second chunk lies in the first second") {
        first[chunk + 5] ^= std::byte{1};
        CHECK(read_all(file).error().detail == "at second 0");
    }
}

TEST_CASE("an empty recording is finished and empty") {
    auto reader = open(sealed({}, kKey, kRecording)).value();
    CHECK(reader.is_finished());
    CHECK(reader.data_bytes() == 0);
    Bytes none(10);
    CHECK(reader.read(0, none).value() == 0);
}

TEST_CASE("no two files have a chunk alike, though the sound and the key be the same") {
    const Bytes samples = sound(4'000);
    const Bytes a = sealed(samples, kKey, kRecording);
    const Bytes b = sealed(samples, kKey, kRecording);
    CHECK_FALSE(std::equal(a.begin() + kHeaderBytes, a.end(), b.begin() + kHeaderBytes));
}

TEST_CASE("a header that is not ours says what is wrong with it") {
    const auto good = Layout::fresh(kRecording, 2).encode();
    const auto why = [&](std::size_t at, std::byte value) {
        auto header = good;
        header[at] = value;
        const auto layout = Layout::decode(header);
        return layout ? std::string{} : layout.error().detail;
    };
    CHECK(Layout::decode(good).value().recording == kRecording);
    CHECK(why(0, std::byte{'R'}) == "no magic");
    CHECK(why(7, std::byte{2}) == "another version");
    CHECK(why(11, std::byte{0}) == "sample rate");
    CHECK(why(13, std::byte{3}) == "channels");
    CHECK(why(15, std::byte{8}) == "bits");
    CHECK(why(16, std::byte{1}) == "size of a chunk");
    CHECK(why(19, std::byte{1}) == "size of a chunk");
    CHECK(why(63, std::byte{1}) == "reserved bytes");
    CHECK(Layout::decode(ByteView{good}.first(63)).error().detail == "header cut short");
}

TEST_CASE("any minute of two hours is reached with less than a tenth of a second read beside it") {
    constexpr std::size_t kTwoHours = 2 * 3'600 * kSampleRateHz * 4;
    Bytes file;
    const Layout layout = Layout::fresh(kRecording, 2);
    Sealer::begin(layout, {}, file);
    Sealer sealer{kKey, layout};
    const Bytes minute = sound(60 * kSampleRateHz * 4);
    file.reserve(kTwoHours + kTwoHours / 100);
    for (int i = 0; i < 120; ++i) sealer.append(minute, file);
    sealer.finish(file);
    auto source = std::make_unique<MemorySource>(std::move(file));
    const MemorySource& counted = *source;
    auto reader = SealedReader::open(std::move(source), kKey, layout).value();
    CHECK(counted.bytes_read() <= layout.sealed_chunk_bytes());
    for (const std::size_t at : {std::size_t{119}, std::size_t{1}, std::size_t{60}}) {
        const std::size_t before = counted.bytes_read();
        Bytes second(kSampleRateHz * 4);
        CHECK(reader.read(at * minute.size(), second).value() == second.size());
        CHECK(std::equal(second.begin(), second.end(), minute.begin()));
        CHECK(counted.bytes_read() - before <= 9 * layout.sealed_chunk_bytes());
    }
}

}  // namespace escucha::recording
