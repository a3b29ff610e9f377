// Certificates: one that ends at night is found by every browser and telephone in the morning.

#include "base/time.h"
#include "detail/examination.h"

namespace escucha::ctl {

namespace {

/// Who renews by hand has to be told in time; who has ACME renew does so a month before.
constexpr std::chrono::days kSoon{14};

std::string day_of(std::chrono::sys_seconds time) {
    return to_rfc3339(WallTime{time.time_since_epoch()})
        .substr(0, std::string{"2026-11-30"}.size());
}

}  // namespace

void Examination::check_certificates() {
    if (config_.http.has_tls()) {
        check_certificate("https", {config_.http.tls_certificate, config_.http.tls_key});
    }
    if (config_.has_tls()) check_certificate("sips", {config_.tls_certificate, config_.tls_key});
}

void Examination::check_certificate(const std::string& what, const net::TlsFiles& files) {
    const auto read = net::read_certificate(files);
    if (!read) {
        return add(Level::Bad,
                   what,
                   read.error().detail,
                   options_.say("El certificado y su clave, en PEM, van juntos y escuchad debe "
                                "poder leerlos.",
                                "Certificate and key, in PEM, belong together, and escuchad must "
                                "be able to read them."));
    }
    const auto now = std::chrono::floor<std::chrono::seconds>(read_clocks().wall);
    const auto& [from, until] = read.value();
    const std::string name = files.certificate.string();
    const char* renew =
        options_.say("Renuévelo y envíe SIGHUP a escuchad: no hace falta reiniciar.",
                     "Renew it and send SIGHUP to escuchad: no restart is needed.");
    if (now < from) {
        return add(Level::Bad,
                   what,
                   name + options_.say(" no vale hasta el ", " is not good before ") + day_of(from),
                   options_.say("¿Está en hora el reloj?", "Is the clock right?"));
    }
    const Level level = now >= until           ? Level::Bad
                        : until - now <= kSoon ? Level::Doubt
                                               : Level::Fine;
    add(level,
        what,
        name +
            (level == Level::Bad ? options_.say(" venció el ", " ended on ")
                                 : options_.say(" vale hasta el ", " is good until ")) +
            day_of(until),
        level == Level::Fine ? "" : renew);
}

}  // namespace escucha::ctl
