#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"

namespace escucha::recording {

/// Recordings as they lie on disk, byte by byte in docs/recordings.md. A header of 256 bytes, then
/// the samples in chunks of one size, each sealed with AES-256-GCM under a key that no other file
/// has, and one last, shorter chunk that says it is the last. So any second is read without those
/// before it, a writer that dies leaves a file that is good up to its last whole chunk, and a
/// change, a swap or a cut does not go unseen.

inline constexpr std::size_t kHeaderBytes = 256;      ///< The chunks begin here.
inline constexpr std::size_t kFixedHeaderBytes = 64;  ///< What every seal answers for.
inline constexpr std::size_t kSlotBytes = 68;         ///< The data key, wrapped.
inline constexpr std::size_t kSlots = 2;              ///< So that one is good while one is written.
inline constexpr std::size_t kTagBytes = 16;
inline constexpr std::size_t kMaxChunkBytes = 64 * 1'024;
inline constexpr std::uint32_t kSampleRateHz = 8'000;
inline constexpr std::size_t kBytesPerSample = 2;
/// 125 ms: what a kill can cost beside what the recorder holds back.
inline constexpr std::uint32_t kChunkFrames = 1'000;

/// The key of one recording. Wiped when it goes; never logged, never journalled.
class DataKey {
public:
    static constexpr std::size_t kBytes = 32;
    DataKey() = default;
    explicit DataKey(std::span<const std::uint8_t, kBytes> bytes);
    static DataKey random();
    ~DataKey();
    DataKey(const DataKey&) = default;
    DataKey& operator=(const DataKey&) = default;
    [[nodiscard]] const std::array<std::uint8_t, kBytes>& bytes() const { return bytes_; }

private:
    std::array<std::uint8_t, kBytes> bytes_{};
};

using KeySlot = std::array<std::uint8_t, kSlotBytes>;  ///< All zeros: empty.

/// The part of the header that never changes.
struct Layout {
    RecordingId recording;
    std::uint16_t channels = 2;
    std::uint32_t chunk_bytes = 0;  ///< Of samples in a chunk; a multiple of a frame.
    std::array<std::uint8_t, 8> nonce_prefix{};

    /// For a new file: chunks of `kChunkFrames`, a fresh prefix.
    static Layout fresh(RecordingId recording, std::uint16_t channels);
    [[nodiscard]] std::array<std::byte, kFixedHeaderBytes> encode() const;
    /// `Errc::NotARecording` says what is wrong.
    static Result<Layout> decode(ByteView header);

    [[nodiscard]] std::size_t frame_bytes() const { return channels * kBytesPerSample; }
    [[nodiscard]] std::size_t sealed_chunk_bytes() const { return chunk_bytes + kTagBytes; }
};
/// Whether a file that begins like this is sealed; others are plain WAV of before.
bool is_sealed(ByteView beginning);

enum class Place : std::uint8_t { Within, Last };

/// Seals and opens the chunks of one file. Allocates nothing after it is made.
class ChunkCipher {
public:
    ChunkCipher(const DataKey& key, const Layout& layout);
    ~ChunkCipher();
    ChunkCipher(ChunkCipher&&) noexcept;
    ChunkCipher& operator=(ChunkCipher&&) noexcept;

    /// Appends the sealed chunk. A number is sealed once in the life of a file.
    void seal(std::uint32_t number, Place place, ByteView samples, Bytes& out);
    /// `out` holds `sealed.size() - kTagBytes`. False when the seal does not hold.
    [[nodiscard]] bool open(std::uint32_t number,
                            Place place,
                            ByteView sealed,
                            std::span<std::byte> out);

private:
    struct Contexts;
    std::unique_ptr<Contexts> contexts_;
};

/// Makes the bytes of a file, front to back; whoever owns it writes them.
class Sealer {
public:
    Sealer(const DataKey& key, const Layout& layout);
    /// The header, with the wrapped key in its first slot.
    static void begin(const Layout& layout, const KeySlot& slot, Bytes& out);
    /// Appends the chunks that these samples fill; less than a chunk waits for the next call.
    void append(ByteView samples, Bytes& out);
    /// The last chunk, with what waited. Nothing may follow.
    void finish(Bytes& out);

private:
    ChunkCipher cipher_;
    std::size_t chunk_bytes_;
    Bytes waiting_;
    std::uint32_t next_ = 0;
};

/// Where bytes are read from: a file, or memory in tests.
class ByteSource {
public:
    virtual ~ByteSource() = default;
    [[nodiscard]] virtual std::uint64_t size() const = 0;
    /// Fills `out` from `offset`; less at the end. `Errc::Io`.
    virtual Result<std::size_t> read(std::uint64_t offset, std::span<std::byte> out) = 0;
};
Result<std::unique_ptr<ByteSource>> open_file(const std::string& path);
/// Of a file that is open; the descriptor stays the caller's.
Result<std::unique_ptr<ByteSource>> read_from(int fd);

/// Reads a sealed file at random. Only what is asked for is read and opened, and it is whole or an
/// error. Not for several threads at once.
class SealedReader {
public:
    /// Reads the header and the end. `Errc::Damaged` when nothing opens with this key.
    static Result<SealedReader> open(std::unique_ptr<ByteSource> source,
                                     const DataKey& key,
                                     const Layout& layout);

    [[nodiscard]] const Layout& layout() const { return layout_; }
    [[nodiscard]] std::uint64_t data_bytes() const { return data_bytes_; }
    /// Closed by its writer. False: being written, or its writer died, or its end was cut off.
    [[nodiscard]] bool is_finished() const { return is_finished_; }
    /// Fills `out` with samples from `offset`; less at the end. `Errc::Damaged` names the second.
    Result<std::size_t> read(std::uint64_t offset, std::span<std::byte> out);

private:
    SealedReader(std::unique_ptr<ByteSource> source, ChunkCipher cipher, Layout layout);
    Result<void> find_end();
    Result<void> open_chunk(std::uint64_t number, std::span<std::byte> out, std::size_t size);

    std::unique_ptr<ByteSource> source_;
    ChunkCipher cipher_;
    Layout layout_;
    std::uint64_t whole_chunks_ = 0;
    std::uint64_t data_bytes_ = 0;
    bool is_finished_ = false;
    Bytes sealed_;
    Bytes opened_;
    std::uint64_t opened_number_ = ~std::uint64_t{0};  ///< Which chunk `opened_` holds.
};

/// SHA-256 of what never changes in the file: the fixed header and the chunks, not the key slots.
/// Of a plain file, of all of it.
Result<std::array<std::uint8_t, 32>> digest_of(ByteSource& source);

}  // namespace escucha::recording
