#pragma once

#include <string>

#include "control/look_ups.h"
#include "net/http_client.h"

namespace escucha::server {

/// A question to a connector as docs/flows.md describes it, by POST.
net::HttpCall http_question(const std::string& url, const control::AskConnector& question);

/// What came back, as the centre takes it. `NotAvailable` when the connector did not answer as it
/// should; what it itself calls a failure is an answer. Logs what a person must mend.
control::Answer http_answer(const std::string& connector, const Result<net::HttpReply>& reply);

}  // namespace escucha::server
