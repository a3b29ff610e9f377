#include "base/diversion.h"

#include <array>

namespace escucha {

std::string_view word(DiversionReason reason) {
    constexpr std::array<std::string_view, kDiversionReasons> kWords{"unknown",
                                                                     "busy",
                                                                     "no_answer",
                                                                     "unconditional",
                                                                     "unavailable",
                                                                     "deflection",
                                                                     "do_not_disturb"};
    return kWords.at(static_cast<std::size_t>(reason));
}

}  // namespace escucha
