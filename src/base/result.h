#pragma once

#include <string>
#include <system_error>
#include <utility>

#include <boost/outcome/basic_result.hpp>
#include <boost/outcome/policy/terminate.hpp>
#include <boost/outcome/try.hpp>

namespace escucha {

/// An expected failure: a stable code and, for people, a short detail without personal data.
struct Error {
    std::error_code code;
    std::string detail;

    [[nodiscard]] std::string message() const {
        return detail.empty() ? code.message() : code.message() + ": " + detail;
    }
};

/// The value or why there is none. Reading the wrong side is a bug and ends the process.
template <typename T>
using Result = BOOST_OUTCOME_V2_NAMESPACE::basic_result<T,
                                                        Error,
                                                        BOOST_OUTCOME_V2_NAMESPACE::policy::terminate>;

/// `return fail(Errc::OfferClosed, "answer");` for any enum registered as an error code.
template <typename Enum>
[[nodiscard]] Error fail(Enum code, std::string detail = {}) {
    return Error{.code = make_error_code(code), .detail = std::move(detail)};
}

inline BOOST_OUTCOME_V2_NAMESPACE::success_type<void> ok() {
    return BOOST_OUTCOME_V2_NAMESPACE::success();
}

}  // namespace escucha

#define ESC_TRY(...) BOOST_OUTCOME_TRY(__VA_ARGS__)
#define ESC_CO_TRY(...) BOOST_OUTCOME_CO_TRY(__VA_ARGS__)
