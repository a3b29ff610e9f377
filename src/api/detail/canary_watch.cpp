#include "api/detail/canary_watch.h"

#include <algorithm>

#include <boost/json/parse.hpp>

#include "api/detail/columns.h"
#include "base/log.h"
#include "base/redact.h"
#include "guard/guard.h"

namespace escucha::api {

namespace json = boost::json;

namespace {

std::string digits_of(std::string_view number) {
    std::string digits;
    for (const char c : number) {
        if (c >= '0' && c <= '9') digits.push_back(c);
    }
    return digits;
}

/// A line may have the number without its country.
bool is_same_number(std::string_view a, std::string_view b) {
    if (std::min(a.size(), b.size()) < CanaryWatch::kLeastDigits) return false;
    return a.ends_with(b) || b.ends_with(a);
}

std::string text_in(const json::object& data, const char* name) {
    const auto* value = data.if_contains(name);
    if (value == nullptr || !value->is_string()) return {};
    return std::string{value->get_string()};
}

}  // namespace

CanaryWatch::CanaryWatch(store::Journal& journal, IdMaker& ids, const store::Database& database)
    : journal_{journal},
      ids_{ids},
      subscription_{
          journal.subscribe([this](const store::CommittedEvents& events) { take(events); })} {
    if (const auto loaded = load(database); !loaded) {
        log::error("canaries_not_loaded", {{"why", loaded.error().message()}});
    }
}

CanaryWatch::~CanaryWatch() { journal_.unsubscribe(subscription_); }

Result<void> CanaryWatch::load(const store::Database& database) {
    ESC_TRY(auto connection, database.connect(store::Access::ReadOnly));
    ESC_TRY(const auto rows,
            connection.query("SELECT company_id, id, customer_id, number FROM canary"));
    const std::scoped_lock lock{mutex_};
    for (const store::Row& row : rows) {
        ESC_TRY(auto fields, (row.as<CompanyId, std::string, CustomerId, std::string>()));
        auto& [company, id, customer, number] = fields;
        auto& known = canaries_[company];
        if (std::ranges::find(known, id, &Canary::id) != known.end()) continue;
        known.push_back({std::move(id), customer, digits_of(number)});
    }
    return ok();
}

void CanaryWatch::take(const store::CommittedEvents& events) {
    const std::scoped_lock lock{mutex_};
    for (const store::StoredEvent& event : *events) look_at(event);
}

void CanaryWatch::look_at(const store::StoredEvent& event) {
    const bool is_planted = event.type == "canary_planted";
    const bool is_call = event.type == "contact_arrived" || event.type == "outside_started" ||
                         event.type == "outside_redirected";
    if (!is_planted && !is_call && event.type != "canary_removed") return;
    auto& known = canaries_[event.company];
    if (is_call && known.empty()) return;
    json::error_code error;
    const json::value parsed = json::parse(event.data, error);
    if (error || !parsed.is_object()) return;
    const json::object& data = parsed.get_object();
    if (is_planted) {
        const auto customer = CustomerId::parse(text_in(data, "planted"));
        if (!customer) return;
        known.push_back({text_in(data, "canary"), *customer, digits_of(text_in(data, "number"))});
    } else if (is_call) {
        const std::string caller = text_in(data, "caller");
        // Of whom is called, the number; of a call that was diverted to us, whom it was meant for.
        const std::pair<const char*, const char*> kSides[] = {{"caller", "called_from"},
                                                              {"dialled", "dialled"},
                                                              {"diverted_from", "dialled"},
                                                              {"number", "called_out"}};
        for (const Canary& canary : known) {
            for (const auto& [name, how] : kSides) {
                if (!is_same_number(canary.number, digits_of(text_in(data, name)))) continue;
                raise(event, canary, how, caller);
                break;
            }
        }
    } else {
        const std::string gone = text_in(data, "canary");
        std::erase_if(known, [&](const Canary& canary) { return canary.id == gone; });
    }
}

void CanaryWatch::raise(const store::StoredEvent& stored,
                        const Canary& canary,
                        std::string_view how,
                        std::string_view other_number) {
    const std::string contact = stored.contact ? stored.contact->to_string() : std::string{};
    if (!raised_.is_new(contact + canary.id, stored.at)) return;
    Event event;
    event.type = "canary_alert_raised";
    event.at = stored.at;
    event.company = stored.company;
    event.with("alert", ids_.make<Id<struct AlertTag>>(stored.at).to_string())
        .with("signal", guard::word(guard::Signal::CanaryContacted))
        .with("severity", guard::word(guard::Severity::Critical))
        .with("reader_kind", "nobody")
        .with("reader", "")
        .with("count", std::int64_t{1})
        .with_flag("blocks", false)
        .with("customers", canary.customer.to_string())
        .with("met_in", contact)
        .with("number", redact_number(other_number))
        .with("how", how);
    const auto queued = journal_.append(
        {.events = {std::move(event)}, .live = {}}, [](Result<store::Committed> committed) {
            if (!committed) {
                log::error("alert_not_written", {{"why", committed.error().message()}});
            }
        });
    if (!queued) log::error("alert_not_written", {{"why", queued.error().message()}});
}

}  // namespace escucha::api
