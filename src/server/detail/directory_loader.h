#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "control/config.h"
#include "server/detail/speech_desk.h"
#include "server/detail/trunk_desk.h"
#include "sip/settings.h"
#include "store/sql.h"

namespace escucha::server {

/// Everything people configured, read in one go: for the centre, for the SIP stack, and for
/// telling whose a telephone is.
struct Directory {
    control::Config centre;
    std::vector<sip::Trunk> trunks;
    std::vector<NamedTrunk> trunk_names;                                       ///< Of `trunks`.
    std::map<std::string, std::shared_ptr<const control::Company>> companies;  ///< By key.
    std::vector<sip::Phone> phones;
    std::unordered_map<std::string, AgentId> agent_by_phone;
    SpeechDesk::Library prompts;  ///< Those whose files are there.
    /// What could not be used and why, one sentence each, for the log and the doctor.
    std::vector<std::string> problems;
};

/// Reads one consistent snapshot. A calendar or flow that cannot be read is a problem, not an
/// error: the other lines must still be answered; so is a prompt whose file below `prompts_dir` is
/// gone: the engine says its text.
Result<Directory> load_directory(store::Connection& connection,
                                 const std::filesystem::path& prompts_dir);

}  // namespace escucha::server
