#include "api/detail/problem.h"

#include <array>
#include <charconv>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "base/errc.h"
#include "base/log.h"
#include "cases/errc.h"
#include "identity/errc.h"
#include "store/errc.h"

namespace escucha::api {
namespace {

namespace json = boost::json;

struct CodeText {
    Code code;
    unsigned status;
    std::string_view word;
    std::string_view title;
    std::string_view es;
    std::string_view en;
};

constexpr std::array kCodes{
    CodeText{Code::BadRequest,
             400,
             "bad_request",
             "Bad request",
             "La petición no se entiende.",
             "The request cannot be understood."},
    CodeText{Code::BadJson,
             400,
             "bad_json",
             "Bad JSON",
             "El contenido no es JSON correcto.",
             "The content is not correct JSON."},
    CodeText{Code::BadField,
             422,
             "bad_field",
             "Bad field",
             "Revise los datos: hay alguno que no es válido.",
             "Please check the data: something in them is not valid."},
    CodeText{Code::BadCursor,
             422,
             "bad_cursor",
             "Bad cursor",
             "Esta página de la lista ya no existe; empiece por la primera.",
             "This page of the list is gone; start from the first."},
    CodeText{Code::BadReference,
             422,
             "bad_reference",
             "Bad reference",
             "Esa referencia no existe: compruebe los dígitos.",
             "There is no such reference: check the digits."},
    CodeText{Code::BadCredentials,
             401,
             "bad_credentials",
             "Bad credentials",
             "El usuario o la contraseña no son correctos.",
             "The user or the password is not correct."},
    CodeText{Code::SecondFactorRequired,
             401,
             "second_factor_required",
             "Second factor required",
             "Falta el código de su segundo factor.",
             "The code of your second factor is missing."},
    CodeText{Code::BadSecondFactor,
             401,
             "bad_second_factor",
             "Bad second factor",
             "El código no es correcto o ya se usó: espere al siguiente.",
             "The code is not correct or was used before: wait for the next one."},
    CodeText{Code::NotSignedIn,
             401,
             "not_signed_in",
             "Not signed in",
             "Inicie sesión para continuar.",
             "Sign in to go on."},
    CodeText{Code::CsrfFailed,
             403,
             "csrf_failed",
             "CSRF token missing or wrong",
             "La página ha caducado; vuelva a cargarla.",
             "The page is out of date; load it again."},
    CodeText{Code::BadOrigin,
             403,
             "bad_origin",
             "Bad origin",
             "La petición viene de otro sitio web.",
             "The request comes from another web site."},
    CodeText{Code::Forbidden,
             403,
             "forbidden",
             "Forbidden",
             "Su perfil no permite hacer esto.",
             "Your role does not allow this."},
    CodeText{Code::PasswordChangeRequired,
             403,
             "password_change_required",
             "Password change required",
             "Su contraseña es de un solo uso: elija una propia para continuar.",
             "Your password is for one use: choose one of your own to go on."},
    CodeText{Code::NotFound, 404, "not_found", "Not found", "No se ha encontrado.", "Not found."},
    CodeText{Code::MethodNotAllowed,
             405,
             "method_not_allowed",
             "Method not allowed",
             "Aquí no se puede hacer eso.",
             "That cannot be done here."},
    CodeText{Code::Conflict,
             409,
             "conflict",
             "Conflict",
             "Otra petición igual está en curso.",
             "The same request is being worked on."},
    CodeText{Code::WrongState,
             409,
             "wrong_state",
             "Wrong state",
             "Ahora mismo no se puede hacer eso.",
             "That cannot be done right now."},
    CodeText{Code::OutsideRefused,
             403,
             "outside_refused",
             "Outside call refused",
             "Ese número no se puede llamar.",
             "That number cannot be called."},
    CodeText{Code::NoteConflict,
             409,
             "note_conflict",
             "The note has changed",
             "La nota se cambió en otra ventana.",
             "The note was changed in another window."},
    CodeText{Code::VersionConflict,
             412,
             "version_conflict",
             "It has changed",
             "Otra persona lo cambió entretanto; vuelva a cargarlo.",
             "Somebody changed it meanwhile; load it again."},
    CodeText{Code::VersionRequired,
             428,
             "version_required",
             "If-Match is required",
             "Falta decir qué versión se cambia (If-Match).",
             "Say which version is being changed (If-Match)."},
    CodeText{Code::IdempotencyConflict,
             422,
             "idempotency_conflict",
             "Key used before",
             "Esa clave de repetición ya se usó con otros datos.",
             "That Idempotency-Key was used with other data."},
    CodeText{Code::AlreadyExists,
             409,
             "already_exists",
             "Already exists",
             "Ya existe.",
             "It exists already."},
    CodeText{
        Code::TooLarge, 413, "too_large", "Too large", "Es demasiado grande.", "It is too large."},
    CodeText{Code::TooManyAttempts,
             429,
             "too_many_attempts",
             "Too many attempts",
             "Demasiados intentos; espere un momento.",
             "Too many attempts; wait a moment."},
    CodeText{Code::TooManyRequests,
             429,
             "too_many_requests",
             "Too many requests",
             "Demasiadas peticiones; espere un momento.",
             "Too many requests; wait a moment."},
    CodeText{Code::RangeNotSatisfiable,
             416,
             "range_not_satisfiable",
             "Range not satisfiable",
             "Esa parte no existe.",
             "There is no such part."},
    CodeText{Code::UnsupportedMediaType,
             415,
             "unsupported_media_type",
             "Unsupported media type",
             "El contenido debe ser application/json.",
             "The content must be application/json."},
    CodeText{Code::Timeout,
             504,
             "timeout",
             "Timeout",
             "La centralita tarda en contestar; inténtelo de nuevo.",
             "The contact centre is slow to answer; try again."},
    CodeText{Code::Unavailable,
             503,
             "unavailable",
             "Unavailable",
             "El servicio no está disponible en este momento.",
             "The service is not available right now."},
    CodeText{Code::Internal,
             500,
             "internal",
             "Internal error",
             "Algo ha fallado por nuestra parte.",
             "Something failed on our side."},
    CodeText{Code::ReadsBlocked,
             403,
             "reads_blocked",
             "Reading is blocked",
             "Ha consultado más clientes de los que explica su trabajo, y por ahora solo puede ver al"
             " cliente del contacto que atiende. Pida a quien le supervisa que levante el bloqueo.",
             "You have read more customers than your work explains, and for now you can only see the"
             " customer of the contact in hand. Ask your supervisor to lift the block."},
};

const CodeText& text_of(Code code) { return kCodes[static_cast<std::size_t>(code)]; }

consteval bool is_in_order() {
    for (std::size_t i = 0; i < kCodes.size(); ++i) {
        if (kCodes[i].code != static_cast<Code>(i)) return false;
    }
    return true;
}
static_assert(is_in_order());

Code code_of(const std::error_code& code) {
    if (code == escucha::Errc::NotFound) return Code::NotFound;
    if (code == escucha::Errc::Conflict) return Code::WrongState;
    if (code == escucha::Errc::Forbidden) return Code::Forbidden;
    if (code == escucha::Errc::InvalidArgument) return Code::BadField;
    if (code == escucha::Errc::TooLarge) return Code::TooLarge;
    if (code == escucha::Errc::Timeout) return Code::Timeout;
    if (code == escucha::Errc::Unavailable) return Code::Unavailable;
    if (code == store::Errc::Busy || code == store::Errc::Full || code == store::Errc::Closed) {
        return Code::Unavailable;
    }
    if (code == store::Errc::Unique) return Code::AlreadyExists;
    if (code == identity::Errc::WrongCredentials) return Code::BadCredentials;
    if (code == identity::Errc::Locked) return Code::TooManyAttempts;
    if (code == identity::Errc::NoSession) return Code::NotSignedIn;
    if (code == identity::Errc::WrongCsrfToken) return Code::CsrfFailed;
    if (code == identity::Errc::WeakPassword) return Code::BadField;
    if (code == identity::Errc::SecondFactorRequired) return Code::SecondFactorRequired;
    if (code == identity::Errc::WrongSecondFactor) return Code::BadSecondFactor;
    if (code == identity::Errc::SecondFactorState) return Code::WrongState;
    if (code == cases::Errc::IllegalTransition) return Code::WrongState;
    if (code.category() == cases::cases_category()) return Code::BadReference;
    return Code::Internal;
}

}  // namespace

Language parse_accept_language(std::string_view header) {
    const std::size_t en = header.find("en");
    const std::size_t es = header.find("es");
    return en < es ? Language::En : Language::Es;
}

Problem Problem::field(std::string pointer, Text text) {
    Problem problem{Code::BadField};
    problem.faults.push_back({std::move(pointer), std::move(text)});
    return problem;
}

Problem::Problem(const Error& error) : code{code_of(error.code)} {
    if (code == Code::TooManyAttempts) {
        std::from_chars(
            error.detail.data(), error.detail.data() + error.detail.size(), retry_after_s);
    }
    if (status_of(code) >= 500) {
        log::warn("api_request_failed", {{"code", error.code.message()}, {"detail", error.detail}});
    }
}

unsigned status_of(Code code) { return text_of(code).status; }
std::string_view word(Code code) { return text_of(code).word; }

net::Response to_response(const Problem& problem, Language language) {
    const CodeText& text = text_of(problem.code);
    json::object body{{"type", "about:blank"},
                      {"title", text.title},
                      {"status", text.status},
                      {"code", text.word},
                      {"detail", language == Language::En ? text.en : text.es}};
    if (!problem.faults.empty()) {
        body["detail"] = problem.faults.front().detail.in(language);
        body["pointer"] = problem.faults.front().pointer;
        json::array errors;
        for (const Fault& fault : problem.faults) {
            errors.push_back(
                json::object{{"pointer", fault.pointer}, {"detail", fault.detail.in(language)}});
        }
        body["errors"] = std::move(errors);
    }
    if (problem.detail) body["detail"] = problem.detail->in(language);
    if (problem.stored) body["stored"] = *problem.stored;
    net::Response response{text.status, {}, json::serialize(body)};
    response.with("Content-Type", "application/problem+json");
    response.with("Content-Language", language == Language::En ? "en" : "es");
    if (problem.retry_after_s > 0) {
        response.with("Retry-After", std::to_string(problem.retry_after_s));
    }
    return response;
}

}  // namespace escucha::api
