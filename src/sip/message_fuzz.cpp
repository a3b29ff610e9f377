// Any datagram, and any TCP stream, into a Stack with trunks, phones and a live leg; and any
// challenge to a registration of ours.

#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "sip/detail/digest_client.h"
#include "sip/detail/harness.h"
#include "sip/framer.h"

using namespace escucha;
using namespace escucha::sip;
using namespace escucha::sip::detail;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    ESC_CHECK(parse_challenges(text).size() <= size);
    Harness h;
    h.stack.set_phones({credentials("ana", "x")}, h.now, h.effects);
    const Incoming call = h.incoming();
    if (size % 2 == 0) static_cast<void>(h.stack.answer(call.leg, kAnswer, h.now, h.effects));
    h.receive(text);
    for (const Incoming& other : h.take<Incoming>()) {
        static_cast<void>(h.stack.answer(other.leg, kAnswer, h.now, h.effects));
        if (const auto saved = h.stack.save_leg(other.leg)) {
            Harness after;
            ESC_CHECK(after.stack.restore_leg(other.leg, saved.value(), after.now).has_value());
        }
        static_cast<void>(h.stack.hang_up(other.leg, text.substr(0, 40), h.now, h.effects));
    }
    h.receive(text);
    StreamFramer framer{h.stack_settings.limits};
    if (framer.append(as_bytes(text), h.now)) {
        while (true) {
            const auto next = framer.next();
            if (!next || !next.value()) break;
            h.receive(as_text(*next.value()));
        }
    }
    h.advance(std::chrono::seconds{700});
    ESC_CHECK(h.stack.gauges().transactions == 0);
    return 0;
}
