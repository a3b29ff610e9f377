#pragma once

#include <cstdint>
#include <optional>
#include <string>

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

/// The event with number `seq`; text that is not UTF-8 is mended as `clean_text` does.
StoredEvent encode(const Event& event, std::int64_t seq);

}  // namespace escucha::store
