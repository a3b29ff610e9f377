#pragma once

#include "net/http_server.h"

namespace escucha::net {

/// Sends everybody to the same address by HTTPS (308, so that a method stays what it is). The name
/// is the one that was asked for; a request without a usable one gets 400.
class HttpsRedirect final : public RequestHandler {
public:
    explicit HttpsRedirect(std::uint16_t https_port) : https_port_{https_port} {}

    Response handle(const Request& request) override;
    [[nodiscard]] bool is_slow(const Request&) const override { return false; }
    std::variant<Response, std::unique_ptr<FrameSource>> open_stream(
        const Request& request) override {
        return handle(request);
    }
    Response refuse(unsigned status) override { return Response{status, {}, {}}; }

private:
    const std::uint16_t https_port_;
};

}  // namespace escucha::net
