#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>
#include <boost/outcome/basic_result.hpp>
#include <boost/outcome/policy/terminate.hpp>

#include "base/result.h"
#include "net/http.h"

namespace escucha::api {

/// The `code` of an answer that is not a success; openapi.yaml's ProblemCode.
enum class Code {
    BadRequest,
    BadJson,
    BadField,
    BadCursor,
    BadReference,
    BadCredentials,
    SecondFactorRequired,
    BadSecondFactor,
    NotSignedIn,
    CsrfFailed,
    BadOrigin,
    Forbidden,
    PasswordChangeRequired,
    NotFound,
    MethodNotAllowed,
    Conflict,
    WrongState,
    OutsideRefused,
    NoteConflict,
    VersionConflict,
    VersionRequired,
    IdempotencyConflict,
    AlreadyExists,
    TooLarge,
    TooManyAttempts,
    TooManyRequests,
    RangeNotSatisfiable,
    UnsupportedMediaType,
    Timeout,
    Unavailable,
    Internal,
    ReadsBlocked,
};

enum class Language { Es, En };
/// "en-GB,es;q=0.5" -> En. Spanish unless English is preferred.
Language parse_accept_language(std::string_view header);

struct Text {
    std::string es;
    std::string en;
    [[nodiscard]] const std::string& in(Language language) const {
        return language == Language::En ? en : es;
    }
};

struct Fault {
    std::string pointer;
    Text detail;
};

/// What went wrong (RFC 9457), before it is written in a language.
struct Problem {
    Code code = Code::Internal;
    std::vector<Fault> faults;   ///< Fields at fault; the first gives pointer and detail.
    std::optional<Text> detail;  ///< Else the code's own sentence.
    std::optional<boost::json::object> stored;
    unsigned retry_after_s = 0;  ///< 0: not said.

    Problem() = default;
    Problem(Code given) : code{given} {}
    Problem(Code given, Text text) : code{given}, detail{std::move(text)} {}
    /// A field of the body, by its JSON pointer.
    static Problem field(std::string pointer, Text text);
    /// Failures of the store, the centre and the rest; what a user cannot mend becomes `Internal`
    /// and is logged.
    Problem(const Error& error);
};

/// A value, or the problem that is the answer instead. ESC_TRY works in both directions: a
/// `Result`'s error becomes a Problem.
template <typename T>
using Attempt = BOOST_OUTCOME_V2_NAMESPACE::
    basic_result<T, Problem, BOOST_OUTCOME_V2_NAMESPACE::policy::terminate>;
using Answer = Attempt<net::Response>;

unsigned status_of(Code code);
std::string_view word(Code code);
net::Response to_response(const Problem& problem, Language language);

}  // namespace escucha::api
