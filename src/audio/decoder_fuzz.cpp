#include "audio/decoder.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace {

using escucha::audio::Codec;
using escucha::audio::Decoder;

}  // namespace

// Three payloads, one after another, to decoders that remember the ones before.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static auto opus = Decoder::make(Codec::Opus).value();
    static auto g722 = Decoder::make(Codec::G722).value();
    std::array<std::int16_t, escucha::audio::kMaxPacketSamples> out{};
    const auto bytes = std::as_bytes(std::span{data, size});
    const std::size_t third = size / 3;
    for (const auto payload :
         {bytes.first(third), bytes.subspan(third, third), bytes.subspan(2 * third)}) {
        for (Decoder* decoder : {&opus, &g722}) {
            decoder->recover(payload, std::span{out}.first(320));
            decoder->decode(payload, out);
            decoder->conceal(std::span{out}.first(320));
        }
    }
    return 0;
}
