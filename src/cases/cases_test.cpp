#include <array>

#include <doctest/doctest.h>

#include "cases/errc.h"
#include "cases/matter.h"
#include "cases/status.h"

namespace escucha::cases {

namespace {

constexpr std::string_view kToday = "2026-11-23";
const WallTime kNow = from_micros(1'790'000'000'000'000);

CustomerId customer(std::uint64_t n) { return CustomerId{Uuid{1, n}}; }

KnownCase known(std::uint64_t n, Matter matter, std::chrono::hours ago = std::chrono::hours{1}) {
    return {.id = CaseId{Uuid{2, n}},
            .reference = "4821905" + std::to_string(n),
            .status = Status::Open,
            .matter = std::move(matter),
            .last_contact = kNow - ago};
}

Matter claim(std::optional<CustomerId> who, std::string caller, std::string topic = "invoice") {
    return {
        .customer = who, .caller = std::move(caller), .kind = "claim", .topic = std::move(topic)};
}

/// The last digit of the reused case's reference, or '-' for a new case.
char reused(const Matter& matter, const std::vector<KnownCase>& cases) {
    const Decision decision = open_or_reuse(matter, cases, kNow);
    const auto* reuse = std::get_if<ReuseCase>(&decision);
    return reuse == nullptr ? '-' : reuse->reference.back();
}

std::string fields_of(const std::vector<DispositionError>& errors) {
    std::string text;
    for (const auto& error : errors) {
        CHECK_FALSE(error.message_es.empty());
        CHECK_FALSE(error.message_en.empty());
        text += std::string{error.field} + " ";
    }
    return text;
}

}  // namespace

TEST_CASE("one matter of one customer is one case") {
    const auto ana = customer(1);
    const auto luis = customer(2);
    CHECK(reused(claim(ana, "+341"), {}) == '-');
    CHECK(reused(claim(ana, "+341"), {known(1, claim(ana, "+349"))}) == '1');
    CHECK(reused(claim(ana, "+341"), {known(1, claim(ana, "+341", "line_fault"))}) == '-');
    Matter request = claim(ana, "+341");
    request.kind = "request";
    CHECK(reused(request, {known(1, claim(ana, "+341"))}) == '-');
    // A number is evidence, not identity.
    CHECK(reused(claim(ana, "+341"), {known(1, claim(luis, "+341"))}) == '-');
}

TEST_CASE(
    "while nobody is identified, the number stands for the person; withheld matches nothing") {
    const auto ana = customer(1);
    CHECK(reused(claim({}, "+341"), {known(1, claim({}, "+341"))}) == '1');
    CHECK(reused(claim(ana, "+341"), {known(1, claim({}, "+341"))}) == '1');
    CHECK(reused(claim({}, "+341"), {known(1, claim(ana, "+341"))}) == '1');
    CHECK(reused(claim({}, "+342"), {known(1, claim({}, "+341"))}) == '-');
    CHECK(reused(claim({}, ""), {known(1, claim({}, ""))}) == '-');
}

TEST_CASE("a topic that is still empty matches its kind") {
    const auto ana = customer(1);
    CHECK(reused(claim(ana, "", ""), {known(1, claim(ana, ""))}) == '1');
    CHECK(reused(claim(ana, ""), {known(1, claim(ana, "", ""))}) == '1');
}

TEST_CASE("of several cases the one with the latest contact goes on") {
    const auto ana = customer(1);
    const auto matter = claim(ana, "");
    CHECK(reused(matter, {known(1, matter, std::chrono::hours{5}), known(2, matter)}) == '2');
    CHECK(reused(matter, {known(3, matter), known(2, matter)}) == '2');
}

TEST_CASE("only live cases within the window take new contacts") {
    const auto matter = claim(customer(1), "");
    CHECK(reused(matter, {known(1, matter, kMatterWindow)}) == '1');
    KnownCase late = known(1, matter, kMatterWindow);
    late.last_contact -= std::chrono::microseconds{1};
    CHECK(reused(matter, {late}) == '-');
    for (const Status status : {Status::Open, Status::InProgress, Status::WaitingCustomer}) {
        KnownCase live = known(1, matter);
        live.status = status;
        CHECK(reused(matter, {live}) == '1');
    }
    for (const Status status : {Status::Resolved, Status::Closed}) {
        KnownCase done = known(1, matter);
        done.status = status;
        CHECK(reused(matter, {done}) == '-');
    }
}

TEST_CASE("every pair of statuses is allowed or refused as the diagram says") {
    constexpr std::array kAll{Status::Open,
                              Status::InProgress,
                              Status::WaitingCustomer,
                              Status::Resolved,
                              Status::Closed};
    constexpr std::array<std::string_view, 5> kAllowed{"yyyyy", "yyyyy", "yyyyy", "yynyy", "nnnny"};
    for (std::size_t from = 0; from < kAll.size(); ++from) {
        for (std::size_t to = 0; to < kAll.size(); ++to) {
            CAPTURE(word(kAll[from]));
            CAPTURE(word(kAll[to]));
            const auto result = check_transition(kAll[from], kAll[to]);
            CHECK(static_cast<bool>(result) == (kAllowed[from][to] == 'y'));
            if (!result) CHECK(result.error().code == Errc::IllegalTransition);
        }
        CHECK(parse_status(word(kAll[from])) == kAll[from]);
        CHECK(is_live(kAll[from]) == (from < 3));
    }
    CHECK_FALSE(parse_status("Open"));
}

TEST_CASE("wrap-up asks for exactly what the outcome promises") {
    const auto check = [](Disposition d) { return fields_of(check_disposition(d, kToday)); };
    CHECK(check({}) == "topic outcome ");
    CHECK(check({"invoice", "made_up", "", "", ""}) == "outcome ");
    CHECK(check({"invoice", "solved", "", "", ""}) == "");
    CHECK(check({"invoice", "solved", "llamar", "ana", "2026-11-30"}) == "next_step owner due ");
    CHECK(check({"invoice", "no_answer_needed", "", "", ""}) == "");
    CHECK(check({"invoice", "follow_up", "", "", ""}) == "next_step owner due ");
    CHECK(check({"invoice", "follow_up", "llamar", "ana", "2026-11-30"}) == "");
    CHECK(check({"invoice", "waiting_customer", "", "", ""}) == "next_step due ");
    CHECK(check({"invoice", "waiting_customer", "enviar factura", "", "2026-11-30"}) == "");
    CHECK(check({"invoice", "transferred", "", "", ""}) == "");
}

TEST_CASE("a due date is a real date, today or later") {
    const auto problem = [](std::string due) {
        const auto errors = check_disposition({"t", "follow_up", "n", "o", std::move(due)}, kToday);
        return errors.empty() ? std::nullopt : std::optional{errors[0].problem};
    };
    using Problem = DispositionError::Problem;
    CHECK(problem("2026-11-23") == std::nullopt);
    CHECK(problem("2026-11-22") == Problem::InThePast);
    CHECK(problem("2028-02-29") == std::nullopt);
    CHECK(problem("2027-02-29") == Problem::Invalid);
    CHECK(problem("2026-13-01") == Problem::Invalid);
    CHECK(problem("2026-00-10") == Problem::Invalid);
    CHECK(problem("2026-1-010") == Problem::Invalid);
    CHECK(problem("mañana") == Problem::Invalid);
    CHECK(problem("") == Problem::Missing);
}

TEST_CASE("the outcome leads the case to its next status") {
    CHECK(status_after(Outcome::Solved, Status::Open) == Status::Resolved);
    CHECK(status_after(Outcome::Solved, Status::Closed) == Status::Closed);
    CHECK(status_after(Outcome::FollowUp, Status::Resolved) == Status::InProgress);
    CHECK(status_after(Outcome::WaitingCustomer, Status::Open) == Status::WaitingCustomer);
    CHECK(status_after(Outcome::Transferred, Status::Open) == Status::InProgress);
    CHECK(status_after(Outcome::NoAnswerNeeded, Status::Open) == Status::Resolved);
    for (const std::string_view text :
         {"solved", "follow_up", "waiting_customer", "no_answer_needed", "transferred"}) {
        REQUIRE(parse_outcome(text));
        CHECK(word(*parse_outcome(text)) == text);
    }
}

}  // namespace escucha::cases
