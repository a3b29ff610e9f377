#pragma once

#include <mutex>
#include <set>
#include <string>
#include <utility>

#include "api/detail/call.h"

namespace escucha::api {

/// Repeats of a POST: the first answer is stored under the user and the key, and given again.
class Idempotency {
public:
    static constexpr std::chrono::hours kKept{24};

    /// `run` answers the request, unless it was answered before. Answers of 500 and more, and those
    /// that say "try again", are not kept. Errors: `IdempotencyConflict` when the key came with
    /// another request, `Conflict` while the first is still being answered.
    Answer once(Call& call, const std::string& header, Answer (*run)(Call&));

private:
    using Name = std::pair<std::string, std::string>;
    class InWork;

    std::mutex mutex_;
    std::set<Name> in_work_;
};

}  // namespace escucha::api
