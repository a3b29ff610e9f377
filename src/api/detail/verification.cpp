// Whether who calls is the customer: questions to which only the server knows the answers.

#include <algorithm>

#include <boost/json/array.hpp>

#include "api/detail/columns.h"
#include "api/detail/handlers.h"
#include "api/detail/json.h"
#include "api/detail/viewer.h"
#include "privacy/questions.h"

namespace escucha::api {

namespace json = boost::json;

namespace {

/// The contact's customer, what is known of them and how far the verification has come.
struct Verification {
    ContactId contact;
    CustomerId customer;
    std::string name;
    privacy::Known known;
    privacy::Progress progress;
    bool is_verified = false;  ///< By questions, or by the flow.
};

std::vector<privacy::Question> questions_in(std::string_view words) {
    std::vector<privacy::Question> questions;
    while (!words.empty()) {
        const std::size_t end = std::min(words.find(' '), words.size());
        if (const auto known = privacy::parse_question(words.substr(0, end))) {
            questions.push_back(*known);
        }
        words.remove_prefix(std::min(end + 1, words.size()));
    }
    return questions;
}

std::string words_of(const std::vector<privacy::Question>& questions) {
    std::string words;
    for (const privacy::Question question : questions) {
        if (!words.empty()) words += ' ';
        words += to_text(question);
    }
    return words;
}

/// Only whoever has the contact in hand asks.
Attempt<Verification> find_verification(Call& call) {
    ESC_TRY(const auto id, call.id<ContactTag>(0));
    const auto in_hand = contact_in_hand(call);
    if (!in_hand || in_hand->contact != id) return Problem{Code::Forbidden};
    ESC_TRY(const auto row,
            call.db.query_one("SELECT c.id, c.name, c.document_id, c.born_on, c.address,"
                              " COALESCE(v.right_questions, ''), COALESCE(v.wrong, 0),"
                              " v.verified_at_us FROM contact t"
                              " JOIN customer c ON c.id = t.customer_id"
                              " LEFT JOIN contact_verification v ON v.contact_id = t.id"
                              " WHERE t.company_id = ? AND t.id = ?",
                              {call.company(), id}));
    if (!row) {
        return Problem{Code::WrongState,
                       {"Antes hay que saber de qué cliente se trata.",
                        "First it must be known which customer this is."}};
    }
    Columns columns{*row};
    Verification found;
    found.contact = id;
    found.customer = columns.next<CustomerId>();
    found.name = columns.text();
    found.known.document = columns.text();
    found.known.born_on = columns.text();
    found.known.address = columns.text();
    found.progress.right = questions_in(columns.text());
    found.progress.wrong = static_cast<unsigned>(columns.next<std::int64_t>());
    found.is_verified = columns.next<std::optional<std::int64_t>>().has_value();
    ESC_TRY(columns.done());
    call.seen.add(found.customer);
    return found;
}

net::Response answer_of(const Verification& found, std::optional<bool> was_right) {
    json::array questions;
    for (const privacy::Question question : privacy::questions_for(found.known)) {
        const auto& right = found.progress.right;
        const auto key = to_text(question);
        questions.push_back(
            json::object{{"key", json::string_view{key.data(), key.size()}},
                         {"is_answered", std::ranges::find(right, question) != right.end()}});
    }
    const char* state = found.is_verified            ? "verified"
                        : found.progress.is_locked() ? "locked"
                                                     : "unverified";
    const unsigned wrong = std::min(found.progress.wrong, privacy::kWrongAllowed);
    return json_response(
        json::object{{"state", state},
                     {"customer", named_or_null(found.customer.to_string(), found.name)},
                     {"questions", std::move(questions)},
                     {"right_needed", privacy::kRightNeeded},
                     {"wrong_left", privacy::kWrongAllowed - wrong},
                     {"was_right", was_right ? json::value(*was_right) : json::value(nullptr)}});
}

}  // namespace

Answer get_verification(Call& call) {
    ESC_TRY(const auto found, find_verification(call));
    return answer_of(found, std::nullopt);
}

Answer check_identity(Call& call) {
    // Nor is a repeat of it kept.
    call.is_secret = true;
    // One at a time: answers sent at once must not all be the first wrong one.
    const std::scoped_lock lock{call.services.verifying};
    ESC_TRY(auto found, find_verification(call));
    if (found.is_verified) return answer_of(found, std::nullopt);
    if (found.progress.is_locked()) {
        return Problem{Code::WrongState,
                       {"Ha habido demasiadas respuestas equivocadas: en este contacto ya no se"
                        " puede comprobar quién es.",
                        "There were too many wrong answers: this contact can no longer be"
                        " verified."}};
    }
    const auto question = privacy::parse_question(call.text("question"));
    const auto asked = privacy::questions_for(found.known);
    if (!question || std::ranges::find(asked, *question) == asked.end()) {
        return Problem::field("/question",
                              {"A este cliente no se le puede preguntar eso.",
                               "This customer cannot be asked that."});
    }
    const bool was_right = privacy::is_right(*question, found.known, call.text("answer"));
    found.progress = privacy::after(std::move(found.progress), *question, was_right);
    found.is_verified = found.progress.is_verified();
    Event checked = fact(call, "identity_checked");
    checked.contact = found.contact;
    checked.customer = found.customer;
    checked.with("question", to_text(*question))
        .with_flag("right", was_right)
        .with("right_questions", words_of(found.progress.right))
        .with("wrong", std::int64_t{found.progress.wrong})
        .with_flag("verified", found.is_verified);
    ESC_TRY(commit(call, {std::move(checked)}));
    return answer_of(found, was_right);
}

}  // namespace escucha::api
