#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "control/commands.h"
#include "control/config.h"
#include "control/effects.h"
#include "control/legs.h"
#include "control/look_ups.h"
#include "control/views.h"
#include "media/protocol.h"

namespace escucha::control {

/// A saved contact and its agent rows, as the store gives them back after a restart.
struct SavedContact {
    ContactId contact;
    std::string state;
    std::vector<LegId> living_legs;  ///< Legs whose dialog could be restored.
};
struct SavedRows {
    std::vector<SavedContact> contacts;
    std::vector<std::pair<std::string, std::string>> states;  ///< StateRow by name.
};

/// Fills the span with bytes that nobody can guess; in simulations, with those of the seed.
using KeySource = std::function<void(std::span<std::uint8_t>)>;

/// Counts since the start, for /metrics.
struct Counters {
    std::uint64_t contacts_arrived = 0;
    std::uint64_t contacts_refused = 0;
    std::uint64_t contacts_ended = 0;
    std::uint64_t contacts_recovered = 0;
    std::uint64_t contacts_lost_in_restart = 0;
    std::uint64_t offers_made = 0;
    std::uint64_t offers_returned = 0;
    std::uint64_t legs_revived = 0;
    std::uint64_t states_repaired = 0;
    std::uint64_t connector_failures = 0;  ///< Questions without a proper answer in time.
    std::uint64_t connector_rests = 0;     ///< Times a connector was given a rest.
    std::uint64_t connector_refusals = 0;  ///< Questions not asked because of it.
    std::uint64_t outside_started = 0;
    std::uint64_t outside_answered = 0;
    std::uint64_t outside_returned = 0;  ///< Not answered: the caller came back.
    std::array<std::uint64_t, kOutsideRefusals> outside_refused{};  ///< By OutsideRefusal.
    std::uint64_t secure_inputs_started = 0;
    std::array<std::uint64_t, kSecureResults> secure_inputs_ended{};  ///< By SecureResult.
    std::uint64_t media_failures = 0;
    std::uint64_t legs_encrypted = 0;       ///< Legs that ended and had carried encrypted sound.
    std::uint64_t packets_unauthentic = 0;  ///< Of those legs: forged, damaged or repeated.
    std::uint64_t encryption_refusals = 0;  ///< Offers with another encryption than we may have.
    std::uint64_t bugs = 0;
};

/// The whole contact centre as one pure core: who talks to whom and why.
///
/// Joins telephones (`legs.h`), sound (`media/protocol.h`), flows, queues and cases. Lives on the
/// control strand; reads no clock, takes no lock, does no I/O, so the simulator runs it unchanged.
/// Every event may come late, twice or for something that has ended; then it changes nothing.
///
/// Guarantees: every contact that arrived ends, once, with an outcome and a case; a waiting caller
/// keeps the place of its arrival whatever happens to offers and agents; an answered caller is
/// never without sound for want of a decision here.
class Centre {
public:
    /// `keys` makes the keys of encrypted sound.
    Centre(std::uint64_t seed, KeySource keys);
    ~Centre();
    Centre(const Centre&) = delete;
    Centre& operator=(const Centre&) = delete;

    /// First before anything else; later to change. Live calls keep the line and flow they began
    /// with; queues and agents in use stay until they are free. Errors of the parts are logged as
    /// `configuration` trace and skipped.
    void configure(Config config, Now now, Effects& out);
    /// Case numbers `first` to `first + count - 1` are the centre's to give.
    void add_references(CompanyId company, std::int64_t first, std::int64_t count);

    void on(const LegEvent& event, Now now, Effects& out);
    void on(const media::Event& event, Now now, Effects& out);
    /// The prompts of a PrepareSpeech; absent when they could not be made.
    void on_speech(ContactId contact,
                   media::PlayId play,
                   std::optional<std::vector<std::string>> prompts,
                   Now now,
                   Effects& out);
    void on_answer(Ticket ticket, const Answer& answer, Now now, Effects& out);
    /// `signalling`: how every address of the phone is reached.
    void on_phone(std::string_view username,
                  acd::Reachability reach,
                  Signalling signalling,
                  Now now,
                  Effects& out);
    void on_command(
        CommandToken token, CompanyId company, const Command& command, Now now, Effects& out);
    /// The answer to WantLivingLegs: every leg that signalling has, in any order. A leg that a call
    /// counts on and that is not there is ended with a written reason; one that no call has, twice
    /// in a row, is hung up.
    void on_living_legs(const std::vector<LegId>& living, Now now, Effects& out);
    /// A line of the flight recorder that the shell wrote (SIP messages). False: no such call.
    bool trace(LegId leg, std::string_view kind, std::string text, Now now);

    /// The media process is gone: nothing can be heard until `media_ready`.
    void media_lost(Now now, Effects& out);
    /// Media is there and has these endpoints; what is missing is made anew and re-invited.
    void media_ready(const media::Listing& listing, Now now, Effects& out);

    [[nodiscard]] std::optional<Instant> next_wakeup() const;
    void wake(Now now, Effects& out);

    /// After `configure`, before anything else: what was live when the process died.
    void restore(const SavedRows& rows, Now now, Effects& out);
    /// Ends what is live, politely, when the process is asked to stop for good.
    void drain(Now now, Effects& out);

    [[nodiscard]] std::vector<ContactView> contacts(CompanyId company) const;
    [[nodiscard]] std::vector<AgentView> agents(CompanyId company) const;
    [[nodiscard]] std::vector<QueueView> queues(CompanyId company) const;
    [[nodiscard]] std::optional<ContactView> contact(CompanyId company, ContactId contact) const;
    [[nodiscard]] std::optional<AgentView> agent(CompanyId company, AgentId agent) const;
    /// Live contacts and the last kEndedTraces that ended.
    [[nodiscard]] std::optional<std::vector<TraceLine>> trace_of(CompanyId company,
                                                                 ContactId contact) const;
    [[nodiscard]] std::size_t live_contacts() const;
    [[nodiscard]] const Counters& counters() const;
    /// Every invariant, checked in full; the first broken one. For tests and the simulator.
    [[nodiscard]] std::optional<std::string> broken_invariant() const;

    static constexpr std::size_t kEndedTraces = 500;
    static constexpr std::size_t kTraceLines = 300;

    class Impl;

private:
    std::unique_ptr<Impl> impl_;
};

}  // namespace escucha::control
