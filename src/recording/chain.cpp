#include "recording/chain.h"

#include <openssl/evp.h>

#include <charconv>

#include "base/bytes.h"
#include "base/check.h"
#include "base/hex.h"

namespace escucha::recording {
namespace {

constexpr std::string_view kChainPurpose = "escucha recording chain 1";

void write_id(ByteWriter& out, const Uuid& id) {
    out.write(id.high);
    out.write(id.low);
}

}  // namespace

std::optional<Digest> digest_from_hex(std::string_view text) {
    Digest digest{};
    return from_hex(text, digest) ? std::optional{digest} : std::nullopt;
}

std::string ChainTip::print() const { return std::to_string(number) + ' ' + to_hex(link); }

std::optional<ChainTip> ChainTip::parse(std::string_view text) {
    const std::size_t space = text.find(' ');
    if (space == std::string_view::npos) return std::nullopt;
    ChainTip tip;
    const auto [end, error] = std::from_chars(text.data(), text.data() + space, tip.number);
    const auto link = digest_from_hex(text.substr(space + 1));
    if (error != std::errc{} || end != text.data() + space || tip.number < 0 || !link) {
        return std::nullopt;
    }
    tip.link = *link;
    return tip;
}

ChainTip next_link(const ChainTip& before, const Ended& ended) {
    Bytes bytes;
    ByteWriter out{bytes};
    out.write_text(kChainPurpose);
    out.write(static_cast<std::uint64_t>(before.number + 1));
    out.write_bytes(std::as_bytes(std::span{before.link}));
    write_id(out, ended.company.value());
    write_id(out, ended.recording.value());
    write_id(out, ended.contact.value());
    out.write_bytes(std::as_bytes(std::span{ended.file}));
    out.write(static_cast<std::uint64_t>(ended.duration_ms));
    out.write(static_cast<std::uint64_t>(ended.bytes));
    out.write(static_cast<std::uint8_t>(ended.is_complete ? 1 : 0));
    out.write_text(ended.reason);
    ChainTip tip{.number = before.number + 1};
    ESC_CHECK(
        EVP_Digest(bytes.data(), bytes.size(), tip.link.data(), nullptr, EVP_sha256(), nullptr) ==
        1);
    return tip;
}

}  // namespace escucha::recording
