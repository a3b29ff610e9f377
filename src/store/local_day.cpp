// The only file of this folder that includes the time zone library: it costs seconds to compile.
#include <stdexcept>
#include <string>

#include <date/tz.h>

#include "store/projections.h"

namespace escucha::store {

std::string local_day(WallTime at, std::string_view zone) {
    try {
        const auto* found = date::locate_zone(std::string{zone});
        return date::format("%F", date::floor<date::days>(found->to_local(at)));
    } catch (const std::runtime_error&) {
        return date::format("%F", date::floor<date::days>(at));
    }
}

}  // namespace escucha::store
