#include "exports/request.h"

#include <array>
#include <utility>

namespace escucha::exports {
namespace {

constexpr std::array<std::pair<State, std::string_view>, 6> kStateWords{{
    {State::Asked, "asked"},
    {State::Refused, "refused"},
    {State::Approved, "approved"},
    {State::Making, "making"},
    {State::Ready, "ready"},
    {State::Gone, "gone"},
}};

}  // namespace

std::string_view word(State state) { return kStateWords[static_cast<std::size_t>(state)].second; }

std::optional<State> parse_state(std::string_view word) {
    for (const auto& [state, known] : kStateWords) {
        if (known == word) return state;
    }
    return std::nullopt;
}

std::string file_name(const Request& request) {
    constexpr std::size_t kDay = 10;
    return std::string{word(request.what)} + '-' + to_rfc3339(request.asked_at).substr(0, kDay) +
           '-' + request.id.to_string();
}

}  // namespace escucha::exports
