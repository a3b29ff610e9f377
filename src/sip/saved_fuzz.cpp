// Any text as a saved leg and as saved registrations. What is accepted must work and save the same.

#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "sip/detail/harness.h"

using namespace escucha;
using namespace escucha::sip;
using namespace escucha::sip::detail;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    Harness h;
    h.stack.set_phones({credentials("ana", "x")}, h.now, h.effects);
    const LegId leg{Uuid{.high = 1, .low = 2}};
    if (h.stack.restore_leg(leg, text, h.now)) {
        const auto saved = h.stack.save_leg(leg);
        ESC_CHECK(saved.has_value());
        Harness again;
        ESC_CHECK(again.stack.restore_leg(leg, saved.value(), again.now).has_value());
        ESC_CHECK(again.stack.save_leg(leg).value() == saved.value());
        static_cast<void>(h.stack.reinvite(leg, kOffer, h.now, h.effects));
        static_cast<void>(h.stack.hang_up(leg, "", h.now, h.effects));
    }
    if (h.stack.restore_registrations(text, h.now)) {
        static_cast<void>(h.stack.save_registrations(h.now));
    }
    h.advance(std::chrono::hours{2});
    ESC_CHECK(h.stack.gauges().transactions == 0);
    ESC_CHECK(h.stack.gauges().bindings == 0);
    return 0;
}
