#pragma once

#include <optional>
#include <string>
#include <utility>

#include "base/time.h"
#include "sip/detail/message.h"
#include "sip/detail/writer.h"
#include "sip/effects.h"

namespace escucha::sip::detail {

/// The present, and where wishes go: what every handler gets along with its event.
struct Io {
    Now now;
    Effects& effects;
};

/// Host and port that peers are told (Via, Contact) for this flow.
inline std::string own_host_of(const Settings& settings, const Flow& flow) {
    if (settings.advertised_host.empty()) return flow.local.to_string();
    return settings.advertised_host + ":" + std::to_string(flow.local.port);
}
/// What a URI of ours says about the transport.
constexpr std::string_view transport_param(Transport transport) {
    switch (transport) {
        case Transport::Udp:
            return {};
        case Transport::Tcp:
            return ";transport=tcp";
        case Transport::Tls:
            return ";transport=tls";
    }
    return {};
}

/// The only place that sends: counts and traces.
class Wire {
public:
    Wire(Counters& counters, const Settings& settings) : counters_{counters}, settings_{settings} {}

    void request(const Flow& flow,
                 std::string bytes,
                 Counters::Method method,
                 const std::optional<LegId>& leg,
                 Io& io) {
        ++counters_.requests_out[method];
        send(flow, std::move(bytes), leg, io);
    }
    void response(
        const Flow& flow, std::string bytes, int status, const std::optional<LegId>& leg, Io& io) {
        ++counters_.responses_out[static_cast<std::size_t>(status) / 100];
        send(flow, std::move(bytes), leg, io);
    }
    void again(const Flow& flow, const std::string& bytes, Io& io) {
        if (flow.remote.is_unusable()) return;
        ++counters_.retransmissions_out;
        io.effects.push_back(Send{.flow = flow, .bytes = bytes});
    }

private:
    void send(const Flow& flow, std::string bytes, const std::optional<LegId>& leg, Io& io) {
        // A Contact or Via may name a group or broadcast address; nothing is ever sent there.
        if (flow.remote.is_unusable()) return;
        if (settings_.is_tracing) {
            io.effects.push_back(
                Trace{.leg = leg, .direction = Direction::Out, .line = trace_line(bytes)});
        }
        io.effects.push_back(Send{.flow = flow, .bytes = std::move(bytes)});
    }

    Counters& counters_;
    const Settings& settings_;
};

}  // namespace escucha::sip::detail
