#pragma once

#include <charconv>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/json/object.hpp>

#include "api/detail/problem.h"
#include "api/server.h"
#include "base/rng.h"
#include "base/time.h"
#include "identity/sessions.h"
#include "net/http.h"
#include "server/control_port.h"
#include "store/journal.h"
#include "store/sql.h"

namespace escucha::exports {
class Desk;
}

namespace escucha::api {

class Contract;
class EventFeed;
class Reveals;
class ReadGuard;
template <typename Key>
class Remembered;
/// Who is listening to what: a player asks for one recording in many parts, and that is one
/// listening in the journal while the parts come close together.
using Listening = Remembered<std::pair<UserId, RecordingId>>;

/// Makes ids on any thread.
class IdMaker {
public:
    IdMaker();
    template <typename T>
    T make(WallTime now) {
        const std::scoped_lock lock{mutex_};
        return T::make(now, rng_);
    }

private:
    std::mutex mutex_;
    Rng rng_;
};

/// What handlers work with; shared by all API threads.
struct Services {
    const Config& config;
    server::ControlPort& port;
    const store::Database& database;
    store::Journal& journal;
    const Contract& contract;
    Listening& listening;
    IdMaker& ids;
    EventFeed& feed;
    Reveals& reveals;
    std::mutex& verifying;  ///< Held by whoever checks an answer to an identity question.
    exports::Desk& exports;
    ReadGuard& reads;
};

/// Whom and what an answer tells about, for the audit log (audit_trail.h).
struct Seen {
    std::vector<CustomerId> customers{};
    std::optional<ContactId> contact{};
    std::string made{};  ///< The id of what the request made.
    /// What a change gave or took, for who must judge it later; never a secret.
    boost::json::object changed{};

    void add(CustomerId customer);
    /// `customer` as answers have it: {"id", "name"}, or null.
    void add(const boost::json::value& customer);
};

/// One request being answered, already authenticated, allowed and checked against the contract.
struct Call {
    Services& services;
    const net::Request& request;
    store::Connection& db;  ///< For reading.
    WallTime now;
    Language language = Language::Es;
    identity::Principal who;
    std::string session_token;      ///< Empty for the operator.
    std::vector<std::string> path;  ///< The values of the template's {names}, in order.
    std::map<std::string, std::string> query;
    boost::json::object body;
    Seen seen = {};
    /// Set by a handler that was given a secret or tells one: nothing of it may be kept for a
    /// repeat.
    bool is_secret = false;

    [[nodiscard]] CompanyId company() const { return who.company; }
    [[nodiscard]] bool may(identity::Permission permission) const {
        return who.permissions.has(permission);
    }
    /// Nobody gives a permission that he lacks; taking contacts is work and not power.
    [[nodiscard]] bool may_give(identity::Permissions permissions) const {
        identity::Permissions own = who.permissions;
        own.add(identity::Permission::TakeContacts);
        return own.has_all_of(permissions);
    }
    [[nodiscard]] std::optional<std::string> query_text(const std::string& name) const {
        const auto found = query.find(name);
        if (found == query.end() || found->second.empty()) return std::nullopt;
        return found->second;
    }
    [[nodiscard]] std::int64_t limit() const {
        std::int64_t value = 50;
        const auto found = query.find("limit");
        if (found == query.end()) return value;
        std::from_chars(found->second.data(), found->second.data() + found->second.size(), value);
        return value;
    }
    /// The id in the path's `index`th {name}; `NotFound` when it is none, as for one of another
    /// company.
    template <typename Tag>
    [[nodiscard]] Attempt<Id<Tag>> id(std::size_t index) const {
        const auto parsed = Id<Tag>::parse(path.at(index));
        if (!parsed) return Problem{Code::NotFound};
        return *parsed;
    }
    /// A string member of the body; empty when absent or null.
    [[nodiscard]] std::string text(std::string_view name) const;
    [[nodiscard]] bool has(std::string_view name) const;
};

/// The company's day, "2026-11-23".
Attempt<std::string> today(Call& call);

/// A fact of this call's company and moment, by its agent when it has one.
Event fact(const Call& call, std::string_view type);

/// Appends to the journal and waits for the commit, at most `kCommitDeadline`.
Attempt<void> commit(Call& call, std::vector<Event> events);
inline constexpr std::chrono::seconds kCommitDeadline{5};

}  // namespace escucha::api
