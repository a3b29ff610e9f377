#include <algorithm>

#include "api/detail/commands.h"
#include "api/detail/handlers.h"
#include "api/detail/json.h"
#include "api/detail/outside.h"
#include "server/control_port.h"

namespace escucha::api {

Attempt<AgentId> commanded_agent(Call& call) {
    ESC_TRY(const auto agent, call.id<AgentTag>(0));
    const bool is_own = !call.who.agent.is_nil() && agent == call.who.agent;
    if (is_own && call.may(identity::Permission::TakeContacts)) return agent;
    if (!call.may(identity::Permission::CommandAgents)) return Problem{Code::Forbidden};
    return agent;
}

Answer agent_after(Call& call, AgentId agent) {
    ESC_TRY(const auto view, call.services.port.agent(call.company(), agent));
    return json_response(encode(view));
}

namespace {

/// The commands that need nothing but the agent.
template <typename Command>
Answer run(Call& call) {
    ESC_TRY(const auto agent, commanded_agent(call));
    ESC_TRY(call.services.port.command(call.company(), Command{agent}));
    return agent_after(call, agent);
}

/// Nobody makes another one listen.
Attempt<AgentId> own_agent(Call& call) {
    ESC_TRY(const auto agent, call.id<AgentTag>(0));
    if (call.who.agent.is_nil() || agent != call.who.agent) return Problem{Code::Forbidden};
    return agent;
}

Attempt<void> check_reason(Call& call, const std::string& reason) {
    ESC_TRY(const auto row,
            call.db.query_one("SELECT key FROM not_ready_reason"
                              " WHERE company_id = ? AND key = ? AND is_active = 1",
                              {call.company(), reason}));
    if (row) return BOOST_OUTCOME_V2_NAMESPACE::success();
    return Problem::field("/reason",
                          {"Elija un motivo de la lista.", "Choose a reason of the list."});
}

/// TransferOutside or ConsultOutside: a rule that forbids the number is told by name.
Answer call_outside(Call& call, AgentId agent, server::Command command) {
    const auto done = call.services.port.command(call.company(), std::move(command));
    if (!done) {
        if (auto refused = outside_problem(done.error())) return std::move(*refused);
        return Problem{done.error()};
    }
    return agent_after(call, agent);
}

}  // namespace

Answer agent_sign_in(Call& call) { return run<server::SignIn>(call); }
Answer agent_sign_out(Call& call) { return run<server::SignOut>(call); }
Answer agent_answer(Call& call) { return run<server::AnswerOffer>(call); }
Answer agent_decline(Call& call) { return run<server::DeclineOffer>(call); }
Answer agent_hang_up(Call& call) { return run<server::HangUp>(call); }
Answer agent_hold(Call& call) { return run<server::Hold>(call); }
Answer agent_resume(Call& call) { return run<server::Resume>(call); }
Answer agent_resume_recording(Call& call) { return run<server::ResumeRecording>(call); }
Answer agent_complete_consultation(Call& call) { return run<server::CompleteConsultation>(call); }
Answer agent_end_consultation(Call& call) { return run<server::EndConsultation>(call); }
Answer agent_make_conference(Call& call) { return run<server::MakeConference>(call); }
Answer agent_end_secure_input(Call& call) { return run<server::EndSecureInput>(call); }
Answer agent_extend_wrap_up(Call& call) { return run<server::ExtendWrapUp>(call); }

Answer agent_set_status(Call& call) {
    ESC_TRY(const auto agent, commanded_agent(call));
    if (call.text("state") == "ready") {
        ESC_TRY(call.services.port.command(call.company(), server::SetReady{agent}));
        return agent_after(call, agent);
    }
    const std::string reason = call.text("reason");
    ESC_TRY(check_reason(call, reason));
    ESC_TRY(call.services.port.command(call.company(), server::SetNotReady{agent, reason}));
    return agent_after(call, agent);
}

Answer agent_transfer(Call& call) {
    ESC_TRY(const auto agent, commanded_agent(call));
    const auto to_agent = AgentId::parse(call.text("to_agent"));
    const auto to_queue = QueueId::parse(call.text("to_queue"));
    const int given =
        int{call.has("to_agent")} + int{call.has("to_queue")} + int{call.has("to_number")};
    if (given != 1) {
        return Problem::field("",
                              {"Elija un agente, una cola o un número, uno de los tres.",
                               "Choose an agent, a queue or a number, one of the three."});
    }
    if (call.has("to_number")) {
        return call_outside(call, agent, server::TransferOutside{agent, call.text("to_number")});
    }
    if (!to_agent && !to_queue) return Problem{Code::NotFound};
    if (to_agent) {
        ESC_TRY(
            call.services.port.command(call.company(), server::TransferToAgent{agent, *to_agent}));
    } else {
        ESC_TRY(
            call.services.port.command(call.company(), server::TransferToQueue{agent, *to_queue}));
    }
    return agent_after(call, agent);
}

Answer agent_consult(Call& call) {
    ESC_TRY(const auto agent, commanded_agent(call));
    if (call.has("with_agent") == call.has("with_number")) {
        return Problem::field("",
                              {"Elija un agente o un número, uno de los dos.",
                               "Choose an agent or a number, one of the two."});
    }
    if (call.has("with_number")) {
        return call_outside(call, agent, server::ConsultOutside{agent, call.text("with_number")});
    }
    const auto with = AgentId::parse(call.text("with_agent"));
    if (!with) return Problem{Code::NotFound};
    ESC_TRY(call.services.port.command(call.company(), server::ConsultAgent{agent, *with}));
    return agent_after(call, agent);
}

Answer agent_add_to_conference(Call& call) {
    ESC_TRY(const auto agent, commanded_agent(call));
    const auto with = AgentId::parse(call.text("with_agent"));
    if (!with) return Problem{Code::NotFound};
    ESC_TRY(call.services.port.command(call.company(), server::AddToConference{agent, *with}));
    return agent_after(call, agent);
}

Answer agent_remove_from_conference(Call& call) {
    ESC_TRY(const auto agent, commanded_agent(call));
    const auto with = AgentId::parse(call.text("with_agent"));
    if (!with) return Problem{Code::NotFound};
    ESC_TRY(call.services.port.command(call.company(), server::RemoveFromConference{agent, *with}));
    return agent_after(call, agent);
}

Answer agent_supervise(Call& call) {
    ESC_TRY(const auto agent, own_agent(call));
    const auto contact = ContactId::parse(call.text("contact_id"));
    if (!contact) return Problem{Code::NotFound};
    const auto word = call.text("mode");
    const auto mode = word == "join"      ? server::SupervisionMode::Join
                      : word == "whisper" ? server::SupervisionMode::Whisper
                                          : server::SupervisionMode::Listen;
    ESC_TRY(call.services.port.command(call.company(), server::Supervise{agent, *contact, mode}));
    return agent_after(call, agent);
}

Answer agent_end_supervision(Call& call) {
    ESC_TRY(const auto agent, own_agent(call));
    ESC_TRY(call.services.port.command(call.company(), server::EndSupervision{agent}));
    return agent_after(call, agent);
}

Answer agent_pause_recording(Call& call) {
    ESC_TRY(const auto agent, commanded_agent(call));
    ESC_TRY(call.services.port.command(call.company(),
                                       server::PauseRecording{agent, call.text("reason")}));
    return agent_after(call, agent);
}

Answer agent_begin_secure_input(Call& call) {
    ESC_TRY(const auto agent, commanded_agent(call));
    server::BeginSecureInput wanted{.agent = agent, .label = call.text("label")};
    wanted.kind =
        control::parse_secure_kind(call.text("kind")).value_or(control::SecureKind::Other);
    if (call.has("digits_max")) {
        const auto length = control::length_of(wanted.kind);
        const auto most = call.body.at("digits_max").to_number<std::size_t>();
        if (most < length.least || most > length.most) {
            return Problem::field("/digits_max",
                                  {"Ese dato no tiene tantas cifras, o tiene más.",
                                   "That has not so many digits, or has more."});
        }
        wanted.digits_max = most;
    }
    ESC_TRY(call.services.port.command(call.company(), std::move(wanted)));
    return agent_after(call, agent);
}

}  // namespace escucha::api
