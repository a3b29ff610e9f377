#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "recording/keyring.h"
#include "recording/sealed.h"

namespace escucha::recording {

inline constexpr std::size_t kWavHeaderBytes = 44;
/// A header for `data_bytes` of 16-bit samples at 8 kHz. More than RIFF can say (4 GiB) says the
/// most it can.
std::array<std::byte, kWavHeaderBytes> wav_header(std::uint16_t channels, std::uint64_t data_bytes);

/// Samples that can be read at random, wherever they come from. Not for several threads at once.
class Sound {
public:
    virtual ~Sound() = default;
    [[nodiscard]] virtual std::uint16_t channels() const = 0;
    [[nodiscard]] virtual std::uint64_t data_bytes() const = 0;
    [[nodiscard]] virtual bool is_finished() const = 0;
    /// Fills `out` from byte `offset` of the samples; less at the end. `Errc::Damaged`, `Errc::Io`.
    virtual Result<std::size_t> read(std::uint64_t offset, std::span<std::byte> out) = 0;
};

/// What a recording's file must be, as the journal has it.
struct Expected {
    RecordingId recording;
    CompanyId company;
};

/// Opens a recording's file, sealed or, from before recordings were sealed, plain WAV: the file
/// begins with "ESCREC" or "RIFF". `Errc::UnknownKey`; `Errc::Damaged` when the file belongs to
/// another recording or company; `Errc::NotARecording`, `Errc::Io`.
Result<std::unique_ptr<Sound>> open_sound(std::unique_ptr<ByteSource> source,
                                          const Expected& expected,
                                          Keyring& keys);

/// The wrapped keys of a sealed file's header, for the keyring. `Errc::NotARecording`.
Result<std::array<KeySlot, kSlots>> slots_of(ByteSource& source);

/// A sound as a WAV file that is never written anywhere.
class WavView {
public:
    explicit WavView(std::unique_ptr<Sound> sound);
    [[nodiscard]] std::uint64_t size() const;
    Result<std::size_t> read(std::uint64_t offset, std::span<std::byte> out);

private:
    std::unique_ptr<Sound> sound_;
    std::array<std::byte, kWavHeaderBytes> header_;
};

/// One contact's recordings as one sound: each at its place on the contact's clock, caller left and
/// whoever spoke with them right, silence between. What cannot be read is silence too.
class JourneySound final : public Sound {
public:
    struct Segment {
        std::uint64_t start_ms = 0;
        std::unique_ptr<Sound> sound;
    };
    /// Where two overlap the later one is heard. Longer than `kMaxMs` is cut.
    static constexpr std::uint64_t kMaxMs = 12ULL * 3'600 * 1'000;
    explicit JourneySound(std::vector<Segment> segments);

    [[nodiscard]] std::uint16_t channels() const override { return 2; }
    [[nodiscard]] std::uint64_t data_bytes() const override { return frames_ * kFrame; }
    [[nodiscard]] bool is_finished() const override { return true; }
    Result<std::size_t> read(std::uint64_t offset, std::span<std::byte> out) override;

private:
    static constexpr std::size_t kFrame = 4;
    struct Placed {
        std::uint64_t first = 0;  ///< Frames.
        std::uint64_t count = 0;
        std::unique_ptr<Sound> sound;
    };
    static Result<void> copy(Placed& from, std::uint64_t frame, std::span<std::byte> out);

    std::vector<Placed> segments_;  ///< By `first`.
    std::uint64_t frames_ = 0;
};

}  // namespace escucha::recording
