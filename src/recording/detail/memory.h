#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "recording/sealed.h"

// What the tests of the folder share: files that lie in memory, and sound to seal.

namespace escucha::recording::test {

class MemorySource final : public ByteSource {
public:
    explicit MemorySource(Bytes bytes) : bytes_{std::move(bytes)} {}

    [[nodiscard]] std::uint64_t size() const override { return bytes_.size(); }
    Result<std::size_t> read(std::uint64_t offset, std::span<std::byte> out) override {
        if (offset >= bytes_.size()) return std::size_t{0};
        const auto from = static_cast<std::size_t>(offset);
        const std::size_t count = std::min(out.size(), bytes_.size() - from);
        std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(from), count, out.begin());
        bytes_read_ += count;
        return count;
    }
    [[nodiscard]] std::size_t bytes_read() const { return bytes_read_; }

    static std::array<std::uint8_t, 32> digest(Bytes bytes) {
        MemorySource source{std::move(bytes)};
        return digest_of(source).value();
    }

private:
    Bytes bytes_;
    std::size_t bytes_read_ = 0;
};

inline Bytes sound(std::size_t bytes) {
    Bytes samples(bytes);
    std::uint32_t state = 1;
    for (std::byte& byte : samples) {
        state = state * 1'664'525U + 1'013'904'223U;
        byte = static_cast<std::byte>(state >> 24U);
    }
    return samples;
}

inline Bytes sealed(const Bytes& samples,
                    const DataKey& key,
                    RecordingId recording,
                    const KeySlot& slot = {},
                    std::uint16_t channels = 2) {
    const Layout layout = Layout::fresh(recording, channels);
    Bytes file;
    Sealer::begin(layout, slot, file);
    Sealer sealer{key, layout};
    sealer.append(samples, file);
    sealer.finish(file);
    return file;
}

}  // namespace escucha::recording::test
