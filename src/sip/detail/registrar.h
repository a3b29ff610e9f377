#pragma once

#include <cstdint>
#include <optional>
#include <queue>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "sip/detail/message.h"
#include "sip/effects.h"
#include "sip/settings.h"

namespace escucha::sip::detail {

/// One address a phone can be called at, and the path to it.
struct Binding {
    std::string uri;
    Flow flow;
    Instant expires;
    std::string call_id;
    std::uint32_t cseq = 0;
    std::uint64_t order = 0;  ///< Grows with every refresh: the largest is the most recent.
};

/// Phones and their bindings (RFC 3261 §10.3). Authentication is done before a request comes here.
class Registrar {
public:
    Registrar(const Limits& limits, const Timing& timing) : limits_{limits}, timing_{timing} {}

    void set_phones(std::vector<Phone> phones, Effects& effects);
    [[nodiscard]] const Phone* phone(std::string_view username) const;
    [[nodiscard]] bool serves_realm(std::string_view realm) const;
    [[nodiscard]] bool has_phones() const { return !phones_.empty(); }

    struct Reply {
        int status = 200;
        std::string headers;  ///< Contact lines, or Min-Expires.
    };
    /// A REGISTER of the authenticated phone.
    Reply handle(const std::string& username,
                 const Message& request,
                 const Flow& flow,
                 Now now,
                 Effects& effects);

    /// All live bindings, the most recent first.
    [[nodiscard]] std::vector<Binding> find_all(std::string_view username, Instant now) const;
    /// The most recent live binding, or nullptr.
    [[nodiscard]] const Binding* find(std::string_view username, Instant now) const;
    /// Does any phone's binding come from this machine? Such a source may be challenged.
    [[nodiscard]] bool has_source(const Address& source) const;

    /// Did this phone register by this very flow?
    [[nodiscard]] bool is_bound(std::string_view username, const Flow& flow) const;

    void connection_closed(std::uint64_t connection, Effects& effects);
    [[nodiscard]] std::optional<Instant> next_wakeup() const;
    void wake(Instant now, Effects& effects);
    [[nodiscard]] std::size_t bindings() const { return binding_count_; }

    [[nodiscard]] std::string save(Now now) const;
    Result<std::vector<std::string>> restore(std::string_view saved, Now now);

private:
    struct Account {
        Phone phone;
        std::vector<Binding> bindings;
    };
    struct Change {
        std::string uri;
        std::chrono::seconds expires{0};
    };
    struct Due {
        Instant at;
        std::string username;
        bool operator>(const Due& other) const { return at > other.at; }
    };
    struct TextHash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const {
            return std::hash<std::string_view>{}(text);
        }
    };

    [[nodiscard]] std::optional<Reply> read_changes(const Message& request,
                                                    std::vector<Change>& changes) const;
    Reply remove_all(const std::string& username,
                     Account& account,
                     const Message& request,
                     Effects& effects);
    void apply(Account& account,
               const Change& change,
               const Message& request,
               const Flow& flow,
               Instant now);
    template <typename Predicate>
    std::size_t drop(Account& account, Predicate is_gone);
    void add_source(const Flow& flow);
    void remove_source(const Flow& flow);

    Limits limits_;
    Timing timing_;
    std::unordered_map<std::string, Account, TextHash, std::equal_to<>> phones_;
    std::unordered_map<std::string, std::size_t, TextHash, std::equal_to<>> realms_;
    std::unordered_map<Address, std::size_t> sources_;  ///< By address with port 0.
    std::priority_queue<Due, std::vector<Due>, std::greater<>> due_;
    std::size_t binding_count_ = 0;
    std::uint64_t order_ = 0;
};

}  // namespace escucha::sip::detail
