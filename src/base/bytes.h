#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace escucha {

using Bytes = std::vector<std::byte>;
using ByteView = std::span<const std::byte>;

inline ByteView as_bytes(std::string_view text) {
    return std::as_bytes(std::span{text.data(), text.size()});
}
inline std::string_view as_text(ByteView bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Reads big-endian fields off wire input. The first read past the end makes the cursor fail, and
/// every later read too, so a codec can read a whole record and ask `ok()` once.
class ByteCursor {
public:
    explicit ByteCursor(ByteView bytes) : bytes_{bytes} {}

    template <std::unsigned_integral T>
    T read() {
        T value{};
        const ByteView field = take(sizeof(T));
        for (const std::byte b : field) {
            value = static_cast<T>((static_cast<std::uint64_t>(value) << 8U) |
                                   std::to_integer<std::uint64_t>(b));
        }
        return value;
    }
    /// The next `count` bytes; empty when there are fewer.
    ByteView take(std::size_t count) {
        if (failed_ || count > bytes_.size() - at_) {
            failed_ = true;
            return {};
        }
        const ByteView field = bytes_.subspan(at_, count);
        at_ += count;
        return field;
    }
    /// A 32-bit length, then that many bytes of text. Longer than `limit` fails the cursor.
    std::string_view read_text(std::size_t limit) {
        const auto length = read<std::uint32_t>();
        if (length > limit) failed_ = true;
        return as_text(take(length));
    }

    [[nodiscard]] bool ok() const { return !failed_; }
    [[nodiscard]] bool at_end() const { return !failed_ && at_ == bytes_.size(); }
    [[nodiscard]] std::size_t remaining() const { return bytes_.size() - at_; }

private:
    ByteView bytes_;
    std::size_t at_ = 0;
    bool failed_ = false;
};

/// Appends big-endian fields to a buffer it borrows.
class ByteWriter {
public:
    explicit ByteWriter(Bytes& out) : out_{out} {}

    template <std::unsigned_integral T>
    void write(T value) {
        for (std::size_t shift = sizeof(T) * 8; shift > 0; shift -= 8) {
            out_.push_back(static_cast<std::byte>((static_cast<std::uint64_t>(value) >> (shift - 8)) & 0xFFU));
        }
    }
    void write_bytes(ByteView bytes) { out_.insert(out_.end(), bytes.begin(), bytes.end()); }
    void write_text(std::string_view text) {
        write(static_cast<std::uint32_t>(text.size()));
        write_bytes(as_bytes(text));
    }

private:
    Bytes& out_;
};

}  // namespace escucha
