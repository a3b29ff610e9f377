#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/ids.h"
#include "base/time.h"

namespace escucha {

/// One fact of the journal: what happened, when, to whom. Cores build them; `store` commits them
/// before any effect that came with them is carried out; every figure is computed from them.
///
/// The types, and the fields of each, are listed in docs/journal.md. `type` and the field names
/// are literals: they must outlive the event.
struct Event {
    using Value = std::variant<std::string, std::int64_t, double, bool>;

    std::string_view type;
    WallTime at;
    CompanyId company;
    std::optional<ContactId> contact;
    std::optional<CaseId> case_id;
    std::optional<CustomerId> customer;
    std::optional<AgentId> agent;
    std::optional<QueueId> queue;
    std::vector<std::pair<std::string_view, Value>> data;

    Event& with(std::string_view name, std::string value) {
        data.emplace_back(name, std::move(value));
        return *this;
    }
    Event& with(std::string_view name, std::string_view value) {
        return with(name, std::string{value});
    }
    Event& with(std::string_view name, const char* value) { return with(name, std::string{value}); }
    Event& with(std::string_view name, std::int64_t value) {
        data.emplace_back(name, value);
        return *this;
    }
    Event& with(std::string_view name, double value) {
        data.emplace_back(name, value);
        return *this;
    }
    Event& with_flag(std::string_view name, bool value) {
        data.emplace_back(name, value);
        return *this;
    }
    /// The field's value, or nullptr.
    [[nodiscard]] const Value* find(std::string_view name) const {
        for (const auto& [key, value] : data) {
            if (key == name) return &value;
        }
        return nullptr;
    }
};

}  // namespace escucha
