#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "control/legs.h"
#include "media/protocol.h"
#include "sim/detail/world.h"

namespace escucha::sim {

/// Everybody who calls: patience, keys, and hang-ups at any instant.
class Callers {
public:
    explicit Callers(World& world) : world_{world} {}

    /// Spreads the day's calls over the clock.
    void schedule_day();
    /// False when the leg is not a caller's.
    bool act(const control::LegAction& action);
    /// A prompt of this length began at the endpoint.
    void heard(media::EndpointId endpoint, Duration length);
    void bridged(media::EndpointId a, media::EndpointId b);
    void control_died();
    [[nodiscard]] bool is_living(LegId leg) const;
    [[nodiscard]] std::uint64_t refused() const { return refused_; }
    /// Fails the ledger when an answered caller hears nothing.
    void check_silence();
    [[nodiscard]] std::size_t on_the_line() const { return callers_.size(); }

private:
    struct Caller {
        LegId leg;
        bool is_answered = false;
        bool is_offerless = false;
        bool is_vanished = false;
        std::optional<media::EndpointId> endpoint;
        std::uint32_t talks = 0;
    };

    void dial();
    void answered(Caller& caller, const std::string& sdp);
    void give_up(LegId leg);
    void hang_up(LegId leg);
    void press_keys(LegId leg, Duration length);
    Caller* find(LegId leg);
    Caller* find(media::EndpointId endpoint);

    World& world_;
    std::map<LegId, Caller> callers_;
    std::map<media::EndpointId, LegId> by_endpoint_;
    std::set<LegId> confirmed_;  ///< Their dialogs are in the store.
    std::uint64_t refused_ = 0;
};

/// The agents at their desks: telephones and pages.
class Desks {
public:
    explicit Desks(World& world);

    void schedule_day();
    void act(const control::LegAction& action);
    /// What the page shows: committed events.
    void read(const Event& event);
    void control_died();
    [[nodiscard]] bool is_living(LegId leg) const;
    [[nodiscard]] bool is_registered(std::uint32_t number) const;

private:
    struct Desk {
        std::uint32_t number = 0;
        bool is_registered = false;
        bool is_on_shift = false;
        std::optional<LegId> leg;
        std::optional<media::EndpointId> endpoint;
        bool is_answered = false;     ///< The phone was lifted.
        std::optional<LegId> second;  ///< To a colleague who is asked: hold and dial.
        bool is_second_answered = false;
        bool is_talking = false;           ///< The page says so.
        std::optional<ContactId> contact;  ///< The last of their own.
        std::string state = "signed_out";
        std::uint64_t calls = 0;  ///< Numbers what was planned, so that it is dropped when stale.
    };

    void start_shift(Desk& desk);
    void end_shift(Desk& desk);
    void ring(Desk& desk, const control::RingPhone& ring);
    void lift(Desk& desk, const std::string& offer);
    void refuse(Desk& desk, int status, Duration after);
    void vanish(Desk& desk);
    void set_registered(Desk& desk, bool is_registered);
    void plan_talk(Desk& desk);
    [[nodiscard]] std::uint32_t colleague_of(const Desk& desk);
    void dial(Desk& desk, std::uint32_t other);
    void act_on_second(Desk& desk, const control::LegAction& action);
    void plan_second(Desk& desk);
    void hang_up_second(Desk& desk);
    void asked(const Event& event);
    void during_talk(Desk& desk);
    void confer(Desk& desk, Duration when);
    void supervise(Desk& desk, Duration when);
    void state_changed(Desk& desk, const std::string& state, const std::string& reason);
    Desk* find(LegId leg);
    Desk* find(AgentId agent);
    /// Runs later unless the desk has gone on to another call.
    void later(Desk& desk, Duration delay, std::function<void(Desk&)> what);

    World& world_;
    std::vector<Desk> desks_;
    std::map<AgentId, std::size_t> by_agent_;
    std::set<LegId> connected_;  ///< Their dialogs are in the store.
};

/// The numbers of the outside world, to which agents pass callers on.
class Outsiders {
public:
    explicit Outsiders(World& world) : world_{world} {}

    /// True when the action was for one of them.
    bool act(const control::LegAction& action);
    /// What rang is forgotten; who talks goes on.
    void control_died();
    [[nodiscard]] bool is_living(LegId leg) const { return talking_.contains(leg); }

private:
    void ring(const control::CallOutside& call);
    void answer(LegId leg, const std::string& offer);
    void hang_up(LegId leg);

    World& world_;
    std::map<LegId, std::optional<media::EndpointId>> ringing_;
    std::map<LegId, std::optional<media::EndpointId>> talking_;
};

}  // namespace escucha::sim
