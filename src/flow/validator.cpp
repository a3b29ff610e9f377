#include "flow/validator.h"

#include <algorithm>

#include "flow/detail/findings.h"

namespace escucha::flow {

std::vector<Problem> validate(const Document& document) {
    detail::Findings findings;
    detail::check_ways(document, findings);
    detail::check_words(document, findings);
    return findings.take();
}

bool has_errors(const std::vector<Problem>& problems) {
    return std::any_of(problems.begin(), problems.end(), [](const Problem& problem) {
        return problem.severity == Severity::Error;
    });
}

}  // namespace escucha::flow
