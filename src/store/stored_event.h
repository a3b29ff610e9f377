#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <boost/json/object.hpp>

#include "base/event.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"

namespace escucha::store {

/// An event as it lies in the journal. `data` is its fields as a JSON object.
struct StoredEvent {
    std::int64_t seq = 0;
    WallTime at;
    CompanyId company;
    std::string type;
    std::optional<ContactId> contact;
    std::optional<CaseId> case_id;
    std::optional<CustomerId> customer;
    std::optional<AgentId> agent;
    std::optional<QueueId> queue;
    std::string data;

    bool operator==(const StoredEvent&) const = default;
};

/// The fields of an event; text that is not UTF-8 is mended as `clean_text` does.
boost::json::object fields_of(const Event& event);

/// The event with number `seq`; `fields` are its own.
StoredEvent encode(const Event& event, std::int64_t seq, const boost::json::object& fields);
inline StoredEvent encode(const Event& event, std::int64_t seq) {
    return encode(event, seq, fields_of(event));
}

}  // namespace escucha::store
