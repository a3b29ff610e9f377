#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "acd/acd.h"
#include "base/ids.h"
#include "calendar/opening_hours.h"
#include "cases/reference.h"
#include "control/outside_rules.h"
#include "flow/document.h"
#include "sdp/sdp.h"
#include "speech/utterance.h"

namespace escucha::control {

// What the shell read from the store. Immutable once handed over; a call keeps the line, the
// company and the flow version it started with, hence the shared pointers.

struct Company {
    CompanyId id;
    std::string name;
    std::string calling_code;  ///< "34"
    std::string zone;          ///< "Europe/Madrid"
    cases::ReferenceKey reference_key{};
    /// By key ("atencion"), as flows name them.
    std::map<std::string, std::shared_ptr<const calendar::OpeningHours>> calendars;
};

struct Line {
    LineId id;
    std::shared_ptr<const Company> company;
    std::string name;
    std::string dialled;  ///< "100", or E.164.
    FlowId flow;
    std::int64_t flow_version = 0;
    std::shared_ptr<const flow::Document> document;
    speech::Language language = speech::Language::Es;
    bool is_recorded = true;
};

struct Queue {
    acd::QueueConfig acd;
    std::string key;                                      ///< As flows name it.
    std::shared_ptr<const calendar::OpeningHours> hours;  ///< Null is always open.
    /// Played in turn to who waits here or is put on hold; empty is `Config::hold_music`. Paths as
    /// there.
    std::vector<std::string> music{};
    /// By somebody of the company: closed for who comes now. Who waits already is served.
    bool is_stopped = false;
};

struct Agent {
    acd::AgentProfile profile;
    UserId user;
    std::string name;
    std::string phone;  ///< User name of the telephone; empty when none.
};

struct Trunk {
    TrunkId id;
    CompanyId company;                            ///< Whose agents call out through it.
    std::optional<sdp::Encryption> encryption{};  ///< Unset: as everybody's.
    std::vector<CompanyId> others{};              ///< Whose lines are dialled through it as well.
};

/// What a company lets its agents call outside, and by whom.
struct Outside {
    CompanyId company;
    std::string calling_code;  ///< "34": of numbers written without a country.
    std::string zone;          ///< Whose midnight begins the day of the caps.
    OutsideRules rules{};
    std::vector<TrunkId> trunks{};  ///< In the order in which they are tried.
    bool is_number_withheld = false;
    std::chrono::seconds ring_time{30};  ///< Then it has not answered.
};

/// Where a company wants what its callers key in secret (control/secure_input.h).
struct SecureSink {
    CompanyId company;
    std::string connector;
    std::string operation;
};

struct Config {
    std::vector<std::shared_ptr<const Line>> lines;
    std::vector<Queue> queues;
    std::vector<Agent> agents;
    std::vector<Trunk> trunks;
    std::vector<Outside> outside;            ///< A company without one calls nobody outside.
    std::vector<SecureSink> secure_sinks{};  ///< Of a company without one a value is only checked.
    /// Relative to the prompts folder, as the media process wants it.
    std::string hold_music = "music/hold.wav";
    std::uint32_t max_live_contacts = 5000;
    /// What is offered and preferred, in this order. A caller who has none of them is heard all the
    /// same, and the agent's phone is offered the caller's codec first.
    std::vector<sdp::Codec> codecs{sdp::Codec::Pcmu, sdp::Codec::Pcma};
    /// Of telephones, and of trunks that have no rule of their own.
    sdp::Encryption encryption = sdp::Encryption::WhenOffered;
};

}  // namespace escucha::control
