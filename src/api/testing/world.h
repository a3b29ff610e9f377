#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/json/value.hpp>

#include "api/detail/contract.h"
#include "api/server.h"
#include "api/testing/fake_control_port.h"
#include "audit/log.h"
#include "base/rng.h"
#include "identity/roles.h"
#include "identity/secret_keys.h"
#include "net/testing/client.h"
#include "store/journal.h"
#include "store/testing/engines.h"

namespace escucha::api::testing {

/// An answer, already checked against the contract.
struct Got {
    unsigned status = 0;
    net::testing::Reply reply;
    boost::json::value body;

    [[nodiscard]] std::string text(const std::string& pointer) const;
    [[nodiscard]] std::int64_t number(const std::string& pointer) const;
    [[nodiscard]] std::size_t count(const std::string& pointer) const;
};

struct World;

/// Somebody at a browser (cookie and CSRF token) or a terminal (operator token).
class Person {
public:
    Person(World& world, std::string cookie, std::string csrf, std::string bearer = {})
        : world_{world},
          cookie_{std::move(cookie)},
          csrf_{std::move(csrf)},
          bearer_{std::move(bearer)} {}

    Got get(const std::string& target, std::vector<std::string> headers = {});
    Got post(const std::string& target,
             const std::string& body = {},
             std::vector<std::string> headers = {});
    Got send(const std::string& method,
             const std::string& target,
             const std::string& body = {},
             std::vector<std::string> headers = {});
    [[nodiscard]] std::vector<std::string> credentials() const;
    [[nodiscard]] const std::string& cookie() const { return cookie_; }

private:
    World& world_;
    std::string cookie_, csrf_, bearer_;
};

/// A database of each kind in turn: the test case that asks runs once for each.
store::testing::FreshDatabase each_engine();

/// A company with three people, a queue, a customer and a journal, served on a loopback port by the
/// real server in front of a centre that is not.
struct World {
    explicit World(store::testing::FreshDatabase database =
                       store::testing::sqlite_file(store::testing::Schema::Current));
    World(const World&) = delete;
    World& operator=(const World&) = delete;
    ~World();

    Person sign_in(const std::string& login, const std::string& password = "correcta-1234");
    Person operator_();
    /// Without a session.
    Person stranger();
    /// A program that bears a key.
    Person bearer(const std::string& key);

    /// Somebody more with that role, who signs in as the answer says.
    std::string add_person(std::string_view role, CompanyId of);

    /// An agent of that user's own, beside those that the centre has from the start.
    AgentId add_agent(UserId user, const std::string& name);

    /// Commits events now and here.
    store::Committed commit(std::vector<Event> events);
    Event event(std::string_view type) const;
    /// A contact of ours that talked with `by` on a new case; both ids.
    struct Talk {
        ContactId contact;
        CaseId case_id;
        std::string reference;
    };
    Talk talk(AgentId by);
    template <typename T>
    T make() {
        return T::make(now(), rng);
    }
    static WallTime now();

    Got call(const std::string& method,
             const std::string& target,
             const std::vector<std::string>& headers,
             const std::string& body);
    /// Starts the server anew on the same store.
    void restart();

    store::testing::FreshDatabase fresh;
    std::unique_ptr<store::Journal> journal;
    FakeControlPort port;
    Rng rng{7};
    CompanyId company, other_company;
    int people = 0;  ///< Added by add_person.
    UserId agent_user, supervisor_user;
    AgentId agent, colleague;
    QueueId queue;
    CustomerId customer;
    Contract contract{openapi_json()};
    store::testing::TemporaryFolder files;
    std::filesystem::path folder;  ///< The data folder; SQLite's file is in it.
    std::chrono::milliseconds heartbeat{10'000};
    Rates rates;  ///< Held from the next `restart`, as `fronts` is.
    net::Fronts fronts;
    int demo_resets = 0;
    std::size_t talks = 0;
    std::unique_ptr<recording::Keyring> recording_keys;
    std::optional<audit::SigningKeys> audit_keys;
    std::unique_ptr<audit::Log> audit;
    std::optional<identity::SecretKeys> account_keys;
    std::unique_ptr<ApiServer> server;
};

}  // namespace escucha::api::testing
