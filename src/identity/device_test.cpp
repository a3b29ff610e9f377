#include "identity/device.h"

#include <doctest/doctest.h>

using namespace escucha::identity;

TEST_CASE("a session's device is told in names people know") {
    struct Line {
        std::string_view header, browser, system;
    };
    constexpr Line kLines[] = {
        {"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0",
         "Firefox",
         "Windows"},
        {"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
         " Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
         "Edge",
         "Windows"},
        {"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)"
         " Version/18.0 Safari/605.1.15",
         "Safari",
         "macOS"},
        {"Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like"
         " Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
         "Safari",
         "iPhone"},
        {"Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko)"
         " Chrome/140.0.0.0 Mobile Safari/537.36",
         "Chrome",
         "Android"},
        {"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)"
         " HeadlessChrome/140.0.0.0 Safari/537.36",
         "Chrome",
         "Linux"},
        {"curl/7.88.1", "curl", ""},
        {"", "", ""},
    };
    for (const Line& line : kLines) {
        CAPTURE(line.header);
        CHECK(device_of(line.header).browser == line.browser);
        CHECK(device_of(line.header).system == line.system);
    }
}

TEST_CASE("an address is shown without its last part") {
    CHECK(mask_address("192.0.2.77") == "192.0.2.•");
    CHECK(mask_address("::ffff:192.0.2.77") == "192.0.2.•");
    CHECK(mask_address("2001:db8:7:1::9") == "2001:db8:7::•");
    CHECK(mask_address("2001:db8::9") == "2001:db8::•");
    CHECK(mask_address("::1") == "::•");
    CHECK(mask_address("") == "");
    CHECK(mask_address("nonsense") == "");
}
