#pragma once

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "control/centre.h"
#include "sim/detail/world.h"

namespace escucha::sim {

/// What escuchad's shell does around the centre: commits first, then acts, in order; asks the store
/// and the speech engine; wakes the centre; dies and comes back with what was committed.
class Shell {
public:
    explicit Shell(World& world);
    ~Shell();

    void start();
    void deliver(const control::LegEvent& event);
    void deliver(const media::Event& event);
    void command(const control::Command& command);
    void phone(const std::string& username, acd::Reachability reach);

    /// The process dies with everything that is not committed, and another starts.
    void kill();
    /// The same, between the next commit and the actions that wait for it.
    void kill_at_commit() { dies_at_commit_ = true; }
    void kill_media();
    [[nodiscard]] bool is_up() const { return centre_ != nullptr; }
    [[nodiscard]] const control::Centre* centre() const { return centre_.get(); }
    [[nodiscard]] std::uint64_t restarts() const { return restarts_; }
    /// Legs that ended without a word; the centre has to find out.
    [[nodiscard]] std::uint64_t ends_lost() const { return ends_lost_; }
    void drain();

private:
    template <typename Body>
    void turn(Body body);
    void dispatch(control::Effects effects);
    void commit(control::Effects effects);
    void carry_out(const control::Action& action);
    void prepare_speech(const control::PrepareSpeech& wanted);
    void ask_store(const control::AskStore& wanted);
    [[nodiscard]] control::Answer answer(const control::Question& question);
    void want_references(const control::WantReferences& wanted);
    /// False when the event is lost on its way.
    bool follow(const control::LegEvent& event);
    void follow(const control::LegAction& action);
    void tell_living_legs();
    void check();
    void arm();
    void restart();

    World& world_;
    std::unique_ptr<control::Centre> centre_;
    std::uint64_t life_ = 0;  ///< Of the process; what an earlier one scheduled is dropped.
    std::uint64_t restarts_ = 0;
    std::uint64_t tokens_ = 0;
    bool dies_at_commit_ = false;
    std::uint64_t turns_ = 0;
    Instant last_commit_;
    std::optional<Instant> armed_;
    std::int64_t next_reference_ = 0;
    std::map<ContactId, control::LiveRow> rows_;
    std::map<std::string, std::string> states_;
    std::vector<media::Event> media_backlog_;
    std::set<LegId> dialogs_;  ///< What a SIP stack would have.
    std::uint64_t ends_lost_ = 0;
};

}  // namespace escucha::sim
