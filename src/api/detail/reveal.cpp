// Masked fields, shown for a while to the session that says why.

#include <algorithm>
#include <array>

#include <boost/json/array.hpp>

#include "api/detail/handlers.h"
#include "api/detail/json.h"
#include "api/detail/records.h"
#include "api/detail/viewer.h"

namespace escucha::api {

namespace json = boost::json;

namespace {

constexpr std::string_view kBalance = "balance";

/// What callers are asked for to prove who they are.
constexpr std::array<std::string_view, 3> kAskedFor{"document", "address", "born_on"};

bool is_asked_for(std::string_view field) {
    return std::ranges::find(kAskedFor, field) != kAskedFor.end();
}

Attempt<void> check_permissions(const Call& call, const std::vector<std::string>& fields) {
    for (const std::string& field : fields) {
        const auto needed = field == kBalance ? identity::Permission::RevealFinancial
                                              : identity::Permission::Reveal;
        if (!call.may(needed)) return Problem{Code::Forbidden};
    }
    return BOOST_OUTCOME_V2_NAMESPACE::success();
}

/// While the agent's caller has not proved who they are, the agent is not told what to ask for.
Attempt<void> check_questions(Call& call,
                              CustomerId customer,
                              const std::vector<std::string>& fields) {
    if (std::ranges::none_of(fields, is_asked_for)) return BOOST_OUTCOME_V2_NAMESPACE::success();
    const auto in_hand = contact_in_hand(call);
    if (!in_hand || in_hand->customer != customer || in_hand->is_verified) {
        return BOOST_OUTCOME_V2_NAMESPACE::success();
    }
    return Problem{Code::WrongState,
                   {"Quien llama aún no ha demostrado quién es: se le pregunta, y no se enseña.",
                    "The caller has not proved yet who they are: ask them; it is not shown."}};
}

std::string trimmed(std::string text) {
    const auto is_space = [](char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; };
    text.erase(text.begin(), std::ranges::find_if_not(text, is_space));
    while (!text.empty() && is_space(text.back())) text.pop_back();
    return text;
}

}  // namespace

Answer reveal_customer(Call& call) {
    // A kept answer would be a second copy of what it shows; a repeat reveals again.
    call.is_secret = true;
    ESC_TRY(const auto id, call.id<CustomerTag>(0));
    std::vector<std::string> fields;
    for (const json::value& field : call.body.at("fields").as_array()) {
        fields.emplace_back(field.as_string());
    }
    // A key and the operator have no session that a reveal could be of.
    if (call.session_token.empty()) return Problem{Code::Forbidden};
    ESC_TRY(check_permissions(call, fields));
    constexpr std::size_t kShortestReason = 10;
    if (trimmed(call.text("reason")).size() < kShortestReason) {
        return Problem::field("/reason",
                              {"Diga para qué lo necesita, con algunas palabras.",
                               "Say what you need it for, in some words."});
    }
    ESC_TRY(auto customer, customer_record(call, id));
    ESC_TRY(check_questions(call, id, fields));
    const WallTime until = call.now + call.services.config.reveal_for;
    for (const std::string& field : fields) {
        if (!call.services.reveals.add(call.session_token, {id, field, until}, call.now)) {
            return Problem{Code::TooManyAttempts,
                           {"Tiene demasiados datos a la vista: espere a que se vuelvan a ocultar.",
                            "You have too many fields in view: wait until some are hidden again."}};
        }
    }
    // Whole here; what was revealed stays so on its way out (masking.h).
    return json_response(
        json::object{{"until", to_rfc3339(until)}, {"customer", std::move(customer)}});
}

}  // namespace escucha::api
