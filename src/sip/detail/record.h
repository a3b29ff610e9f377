#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sip/address.h"

namespace escucha::sip::detail {

/// Saved state: printable text of length-prefixed fields, "4:abcd", after a version word. Fits a
/// text column, and a newer version can tell an older one's blob.
class RecordWriter {
public:
    explicit RecordWriter(std::string_view version) { out_.append(version).push_back(' '); }
    void add(std::string_view field) {
        out_.append(std::to_string(field.size())).append(":").append(field);
    }
    void add(std::uint64_t number) { add(std::to_string(number)); }
    void add_flow(const Flow& flow);
    [[nodiscard]] std::string take() { return std::move(out_); }

private:
    std::string out_;
};

/// The first bad field makes the reader fail, and every later read too.
class RecordReader {
public:
    RecordReader(std::string_view saved, std::string_view version);
    std::string_view text();
    /// A field that goes into the body of a message, where a line break is nobody's header.
    std::string_view body();
    std::uint64_t number(std::uint64_t max);
    Flow flow();
    [[nodiscard]] bool ok() const { return !failed_; }
    [[nodiscard]] bool at_end() const { return rest_.empty(); }

private:
    std::string_view field();

    std::string_view rest_;
    bool failed_ = false;
};

}  // namespace escucha::sip::detail
