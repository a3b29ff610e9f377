#include "identity/device.h"

#include <algorithm>
#include <array>

namespace escucha::identity {
namespace {

struct Mark {
    std::string_view in_header;
    std::string_view name;
};

// In this order: Edge and Opera call themselves Chrome too, and Chrome calls itself Safari.
constexpr std::array kBrowsers{Mark{"Edg/", "Edge"},
                               Mark{"EdgA/", "Edge"},
                               Mark{"OPR/", "Opera"},
                               Mark{"SamsungBrowser/", "Samsung Internet"},
                               Mark{"Firefox/", "Firefox"},
                               Mark{"FxiOS/", "Firefox"},
                               Mark{"CriOS/", "Chrome"},
                               Mark{"Chrome/", "Chrome"},
                               Mark{"Safari/", "Safari"},
                               Mark{"curl/", "curl"}};
// A telephone with Android calls itself Linux, and an iPhone "like Mac OS X".
constexpr std::array kSystems{Mark{"Windows NT", "Windows"},
                              Mark{"iPhone", "iPhone"},
                              Mark{"iPad", "iPad"},
                              Mark{"Android", "Android"},
                              Mark{"CrOS", "ChromeOS"},
                              Mark{"Mac OS X", "macOS"},
                              Mark{"Linux", "Linux"}};

template <std::size_t N>
std::string_view name_of(const std::array<Mark, N>& marks, std::string_view header) {
    const auto found = std::ranges::find_if(
        marks, [&](const Mark& mark) { return header.find(mark.in_header) != header.npos; });
    return found == marks.end() ? std::string_view{} : found->name;
}

}  // namespace

Device device_of(std::string_view user_agent) {
    return {.browser = name_of(kBrowsers, user_agent), .system = name_of(kSystems, user_agent)};
}

std::string mask_address(std::string_view address) {
    constexpr std::string_view kMask = "•";
    constexpr std::string_view kMapped = "::ffff:";
    if (address.starts_with(kMapped) && address.find('.') != address.npos) {
        address.remove_prefix(kMapped.size());
    }
    if (const std::size_t dot = address.rfind('.'); dot != address.npos) {
        return std::string{address.substr(0, dot + 1)}.append(kMask);
    }
    if (address.find(':') == address.npos) return {};
    // The first three of the eight parts, those that a provider gives to a customer; fewer where
    // zeros are left out earlier.
    constexpr int kShown = 3;
    std::size_t end = 0;
    for (int part = 0; part < kShown; ++part) {
        const std::size_t colon = address.find(':', end);
        if (colon == address.npos || colon == end) break;
        end = colon + 1;
    }
    std::string shown{address.substr(0, end)};
    return shown.append(shown.empty() ? "::" : ":").append(kMask);
}

}  // namespace escucha::identity
