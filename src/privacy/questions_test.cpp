#include "privacy/questions.h"

#include <doctest/doctest.h>

using namespace escucha::privacy;

namespace {

const Known kKnown{.document = "12345678Z",
                   .born_on = "1980-05-07",
                   .address = "Calle Mayor 12345, 3.º B, 28013 Madrid"};

}  // namespace

TEST_CASE("a customer is asked what is known of them") {
    CHECK(questions_for(kKnown) ==
          std::vector{Question::Document, Question::BornOn, Question::Postcode});
    CHECK(questions_for({}).empty());
    CHECK(questions_for({.document = "678Z", .born_on = "", .address = "Calle Mayor 3"}).empty());
    for (const Question question : questions_for(kKnown)) {
        CHECK(parse_question(to_text(question)) == question);
    }
    CHECK_FALSE(parse_question("name"));
}

TEST_CASE("an answer is right however it is written, and only then") {
    struct Row {
        Question question;
        const char* given;
        bool is_right;
    };
    for (const Row& row : {Row{Question::Document, "678Z", true},
                           Row{Question::Document, " 6 7-8 z", true},
                           Row{Question::Document, "12.345.678-z", true},
                           Row{Question::Document, "78Z", false},
                           Row{Question::Document, "5678Z", false},
                           Row{Question::Document, "", false},
                           Row{Question::BornOn, "1980-05-07", true},
                           Row{Question::BornOn, "7/5/1980", true},
                           Row{Question::BornOn, "07.05.1980", true},
                           Row{Question::BornOn, "5/7/1980", false},
                           Row{Question::BornOn, "7/5/80", false},
                           Row{Question::BornOn, "1980", false},
                           Row{Question::Postcode, "28013", true},
                           Row{Question::Postcode, "28 013", true},
                           Row{Question::Postcode, "12345", false},
                           Row{Question::Postcode, "", false}}) {
        INFO(row.given);
        CHECK(is_right(row.question, kKnown, row.given) == row.is_right);
        CHECK_FALSE(is_right(row.question, {}, row.given));
    }
}

TEST_CASE("two different right answers verify, three wrong ones lock") {
    Progress progress;
    progress = after(progress, Question::Document, true);
    progress = after(progress, Question::Document, true);
    CHECK_FALSE(progress.is_verified());
    progress = after(progress, Question::BornOn, true);
    CHECK(progress.is_verified());
    CHECK_FALSE(progress.is_locked());
    for (unsigned i = 1; i <= kWrongAllowed; ++i) {
        progress = after(progress, Question::Postcode, false);
        CHECK(progress.is_locked() == (i >= kWrongAllowed));
    }
}
