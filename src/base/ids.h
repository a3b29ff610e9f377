#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/rng.h"
#include "base/time.h"

namespace escucha {

/// A 128-bit UUID (RFC 9562). The default value is the nil UUID; a valid entity never has it.
struct Uuid {
    std::uint64_t high = 0;
    std::uint64_t low = 0;

    /// Version 7: the wall clock in milliseconds, then random bits, so ids sort by creation.
    static Uuid v7(WallTime now, Rng& rng);
    /// Accepts the 36-character form in either case; anything else is nullopt.
    static std::optional<Uuid> parse(std::string_view text);

    /// The 36-character lower-case form.
    [[nodiscard]] std::string to_string() const;
    [[nodiscard]] bool is_nil() const { return high == 0 && low == 0; }
    auto operator<=>(const Uuid&) const = default;
};

/// An identity that cannot be confused with another kind's: `ContactId` does not convert to `CaseId`.
template <typename Tag>
class Id {
public:
    Id() = default;
    explicit Id(Uuid value) : value_{value} {}

    static Id make(WallTime now, Rng& rng) { return Id{Uuid::v7(now, rng)}; }
    static std::optional<Id> parse(std::string_view text) {
        const auto uuid = Uuid::parse(text);
        if (!uuid || uuid->is_nil()) return std::nullopt;
        return Id{*uuid};
    }

    [[nodiscard]] const Uuid& value() const { return value_; }
    [[nodiscard]] std::string to_string() const { return value_.to_string(); }
    [[nodiscard]] bool is_nil() const { return value_.is_nil(); }
    auto operator<=>(const Id&) const = default;

private:
    Uuid value_;
};

// Terms: docs/glossary.md.
using CompanyId = Id<struct CompanyTag>;
using LineId = Id<struct LineTag>;
using TrunkId = Id<struct TrunkTag>;
using FlowId = Id<struct FlowTag>;
using QueueId = Id<struct QueueTag>;
using TeamId = Id<struct TeamTag>;
using UserId = Id<struct UserTag>;
using AgentId = Id<struct AgentTag>;
using CustomerId = Id<struct CustomerTag>;
using ContactId = Id<struct ContactTag>;
using LegId = Id<struct LegTag>;
using OfferId = Id<struct OfferTag>;
using CaseId = Id<struct CaseTag>;
using NoteId = Id<struct NoteTag>;
using RecordingId = Id<struct RecordingTag>;

}  // namespace escucha

template <>
struct std::hash<escucha::Uuid> {
    std::size_t operator()(const escucha::Uuid& id) const noexcept {
        // Version 7 ids are random in the low half; the multiplication spreads the clock of the rest.
        return static_cast<std::size_t>(id.low ^ (id.high * 0x9E3779B97F4A7C15ULL));
    }
};

template <typename Tag>
struct std::hash<escucha::Id<Tag>> {
    std::size_t operator()(const escucha::Id<Tag>& id) const noexcept {
        return std::hash<escucha::Uuid>{}(id.value());
    }
};
