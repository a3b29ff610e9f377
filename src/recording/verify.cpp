#include "recording/verify.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "recording/errc.h"
#include "recording/sound.h"

namespace escucha::recording {
namespace {

constexpr std::size_t kCheckedAtOnce = 256 * 1'024;
constexpr std::int64_t kFramesInMs = kSampleRateHz / 1'000;

FileFinding finding_of(const Error& error) {
    if (error.code == Errc::UnknownKey) return {FileFault::NoKey, error.detail};
    if (error.code == Errc::Damaged) return {FileFault::Damaged, error.detail};
    if (error.code == Errc::NotARecording) return {FileFault::NotOurs, error.detail};
    return {FileFault::Unreadable, error.message()};
}

/// Every second of it. What was interrupted has no last chunk, and nobody says how long it is.
std::optional<FileFinding> check_sound(Sound& sound, const Ended& ended) {
    Bytes buffer(kCheckedAtOnce);
    for (std::uint64_t at = 0; at < sound.data_bytes();) {
        const auto count = sound.read(at, buffer);
        if (!count) return finding_of(count.error());
        if (count.value() == 0) return FileFinding{FileFault::CutShort, {}};
        at += count.value();
    }
    const bool was_closed = ended.reason != "interrupted" && ended.reason != "io";
    if (was_closed && !sound.is_finished()) return FileFinding{FileFault::CutShort, {}};
    const auto frame = static_cast<std::int64_t>(sound.channels() * kBytesPerSample);
    const auto held = static_cast<std::int64_t>(sound.data_bytes()) / frame / kFramesInMs;
    if (held < ended.duration_ms) return FileFinding{FileFault::CutShort, std::to_string(held)};
    return std::nullopt;
}

class OpenFile {
public:
    explicit OpenFile(const std::string& path) : fd_{::open(path.c_str(), O_RDWR | O_CLOEXEC)} {}
    ~OpenFile() {
        if (fd_ >= 0) ::close(fd_);
    }
    OpenFile(const OpenFile&) = delete;
    OpenFile& operator=(const OpenFile&) = delete;
    [[nodiscard]] int fd() const { return fd_; }

    Result<void> write(std::size_t slot, const KeySlot& bytes) const {
        const auto at = static_cast<off_t>(kFixedHeaderBytes + slot * kSlotBytes);
        if (::pwrite(fd_, bytes.data(), bytes.size(), at) != static_cast<ssize_t>(bytes.size()) ||
            ::fsync(fd_) != 0) {
            return fail(Errc::Io, std::generic_category().message(errno));
        }
        return ok();
    }

private:
    int fd_;
};

/// The fixed header, or nothing when the file is plain.
Result<std::optional<Layout>> layout_of(ByteSource& source) {
    std::array<std::byte, kFixedHeaderBytes> header{};
    ESC_TRY(const auto count, source.read(0, header));
    const ByteView begun = ByteView{header}.first(count);
    if (!is_sealed(begun)) return std::optional<Layout>{};
    ESC_TRY(const auto layout, Layout::decode(begun));
    return std::optional{layout};
}

}  // namespace

std::optional<ChainFault> ChainWalk::take(const ChainedFact& fact) {
    if (!fact.link) {
        if (links_ == 0) return std::nullopt;
        return ChainFault::Unchained;
    }
    const ChainTip claimed{.number = fact.link->number, .link = fact.link->link};
    const ChainTip before{.number = claimed.number - 1, .link = fact.link->previous};
    const bool follows = before == tip_;
    tip_ = claimed;
    ++links_;
    if (next_link(before, fact.ended) != claimed) return ChainFault::Changed;
    if (!follows) return ChainFault::Gap;
    return std::nullopt;
}

std::optional<ChainFault> ChainWalk::finish(const ChainTip& remembered) const {
    if (remembered == tip_) return std::nullopt;
    return ChainFault::ShortTail;
}

std::optional<FileFinding> check_file(const std::string& path, const Ended& ended, Keyring* keys) {
    // Refused at once: there was never a file.
    if (ended.file == Digest{} && ended.bytes == 0) return std::nullopt;
    auto source = open_file(path);
    if (!source) return FileFinding{FileFault::Missing, {}};
    const auto layout = layout_of(*source.value());
    if (!layout) return finding_of(layout.error());
    const bool is_other = layout.value() && layout.value()->recording != ended.recording;
    if (is_other) return FileFinding{FileFault::Swapped, layout.value()->recording.to_string()};
    const auto digest = digest_of(*source.value());
    if (!digest) return finding_of(digest.error());
    const bool is_changed = digest.value() != ended.file;
    if (keys == nullptr && layout.value()) {
        return FileFinding{is_changed ? FileFault::Changed : FileFault::NoKey, {}};
    }
    if (keys != nullptr) {
        auto sound = open_sound(std::move(source).value(),
                                {.recording = ended.recording, .company = ended.company},
                                *keys);
        if (!sound) return finding_of(sound.error());
        if (auto finding = check_sound(*sound.value(), ended)) return finding;
    }
    if (is_changed) return FileFinding{FileFault::Changed, {}};
    return std::nullopt;
}

Result<bool> rewrap_file(const std::string& path, Keyring& keys) {
    ESC_TRY(auto source, open_file(path));
    ESC_TRY(const auto layout, layout_of(*source));
    if (!layout) return false;
    const RecordingId recording = layout->recording;
    ESC_TRY(const auto slots, slots_of(*source));
    ESC_TRY(const auto key, keys.unwrap(recording, slots));
    ESC_TRY(const KeySlot fresh, keys.wrap(key, recording));
    const bool is_done = std::ranges::all_of(slots, [&](const KeySlot& slot) {
        return is_empty(slot) || key_of(slot) == key_of(fresh);
    });
    if (is_done) return false;
    // The slot that opens stays until the other one is on the disk.
    const std::size_t opening = key_of(slots[0]) == key.by ? 0 : 1;
    const OpenFile file{path};
    if (file.fd() < 0) return fail(Errc::Io, std::generic_category().message(errno));
    ESC_TRY(file.write(1 - opening, fresh));
    ESC_TRY(file.write(opening, KeySlot{}));
    return true;
}

Result<std::vector<KeyId>> keys_of_file(const std::string& path) {
    ESC_TRY(auto source, open_file(path));
    ESC_TRY(const auto layout, layout_of(*source));
    std::vector<KeyId> keys;
    if (!layout) return keys;
    ESC_TRY(const auto slots, slots_of(*source));
    for (const KeySlot& slot : slots) {
        if (!is_empty(slot)) keys.push_back(key_of(slot));
    }
    return keys;
}

}  // namespace escucha::recording
