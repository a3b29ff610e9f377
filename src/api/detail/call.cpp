#include "api/detail/call.h"

#include <algorithm>
#include <future>
#include <memory>
#include <random>

#include "base/errc.h"
#include "store/projections.h"

namespace escucha::api {

std::string Call::text(std::string_view name) const {
    const auto* value = body.if_contains({name.data(), name.size()});
    if (value == nullptr || !value->is_string()) return {};
    return std::string{value->get_string()};
}

bool Call::has(std::string_view name) const { return body.contains({name.data(), name.size()}); }

void Seen::add(CustomerId customer) {
    if (std::ranges::find(customers, customer) == customers.end()) customers.push_back(customer);
}

void Seen::add(const boost::json::value& customer) {
    if (!customer.is_object()) return;
    const auto id = CustomerId::parse(std::string{customer.at("id").as_string()});
    if (id) add(*id);
}

IdMaker::IdMaker()
    : rng_{(std::uint64_t{std::random_device{}()} << 32U) | std::random_device{}()} {}

Attempt<std::string> today(Call& call) {
    ESC_TRY(const auto row,
            call.db.query_one("SELECT zone FROM company WHERE id = ?", {call.company()}));
    if (!row) return Problem{Code::NotFound};
    ESC_TRY(const auto zone, row->get<std::string>(0));
    return store::local_day(call.now, zone);
}

Event fact(const Call& call, std::string_view type) {
    Event event;
    event.type = type;
    event.at = call.now;
    event.company = call.company();
    if (!call.who.agent.is_nil()) event.agent = call.who.agent;
    return event;
}

Attempt<void> commit(Call& call, std::vector<Event> events) {
    if (events.empty()) return BOOST_OUTCOME_V2_NAMESPACE::success();
    // Shared with the callback, which may come after the deadline.
    const auto outcome = std::make_shared<std::promise<Result<store::Committed>>>();
    auto future = outcome->get_future();
    ESC_TRY(call.services.journal.append(
        {.events = std::move(events), .live = {}},
        [outcome](Result<store::Committed> result) { outcome->set_value(std::move(result)); }));
    if (future.wait_for(kCommitDeadline) != std::future_status::ready) {
        return Problem{fail(escucha::Errc::Timeout, "journal")};
    }
    ESC_TRY(future.get());
    return BOOST_OUTCOME_V2_NAMESPACE::success();
}

}  // namespace escucha::api
