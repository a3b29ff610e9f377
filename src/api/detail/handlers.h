#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "api/detail/call.h"
#include "identity/roles.h"

namespace escucha::api {

using Handler = Answer (*)(Call&);

enum class Pace {
    Quick,
    Slow,  ///< Hashes a password or copies the store: kept off the threads of the others.
};

/// How long a request's body may be.
enum class Body {
    Usual,
    Large,  ///< A sound, up to speech_engine::IntakeLimits::kMaxBytes.
};

struct Route {
    std::string_view method;  ///< "GET"
    std::string_view path;    ///< The template in openapi.yaml.
    Handler handler;
    Pace pace = Pace::Quick;
    Body body = Body::Usual;
};

/// Who may, openapi.yaml says (access.h). Every operation of the contract but the WebSocket, the
/// document and the probes.
std::span<const Route> routes();

// session.cpp
Answer sign_in(Call& call);
Answer get_session(Call& call);
Answer sign_out(Call& call);
Answer get_me(Call& call);
Answer enter_company(Call& call);
// companies.cpp
Answer list_companies(Call& call);
Answer list_user_memberships(Call& call);
Answer add_user_membership(Call& call);
Answer list_lines(Call& call);
Answer update_line(Call& call);
Answer stop_queue(Call& call);
Answer resume_queue(Call& call);
/// {"id", "key", "name", "role"} of where the account may act, its own company first.
Attempt<boost::json::array> companies_of_session(Call& call, UserId account);
// account.cpp
Answer change_own_password(Call& call);
Answer list_own_sessions(Call& call);
Answer end_other_sessions(Call& call);
Answer end_own_session(Call& call);
Answer get_second_factor(Call& call);
Answer begin_second_factor(Call& call);
Answer confirm_second_factor(Call& call);
Answer drop_second_factor(Call& call);
// live.cpp
Answer get_floor(Call& call);
Answer get_desk(Call& call);
Answer list_agents(Call& call);
Answer get_agent(Call& call);
// commands.cpp
Answer agent_sign_in(Call& call);
Answer agent_sign_out(Call& call);
Answer agent_set_status(Call& call);
Answer agent_answer(Call& call);
Answer agent_decline(Call& call);
Answer agent_hang_up(Call& call);
Answer agent_hold(Call& call);
Answer agent_resume(Call& call);
Answer agent_transfer(Call& call);
Answer agent_consult(Call& call);
Answer agent_complete_consultation(Call& call);
Answer agent_end_consultation(Call& call);
Answer agent_make_conference(Call& call);
Answer agent_add_to_conference(Call& call);
Answer agent_remove_from_conference(Call& call);
Answer agent_supervise(Call& call);
Answer agent_end_supervision(Call& call);
Answer agent_pause_recording(Call& call);
Answer agent_resume_recording(Call& call);
Answer agent_begin_secure_input(Call& call);
Answer agent_end_secure_input(Call& call);
Answer agent_extend_wrap_up(Call& call);
// wrap_up.cpp
Answer agent_finish_wrap_up(Call& call);
// contacts.cpp
Answer list_contacts(Call& call);
Answer get_contact(Call& call);
Answer get_contact_trace(Call& call);
Answer link_contact_case(Call& call);
Answer link_contact_customer(Call& call);
// cases.cpp, case_changes.cpp
Answer list_cases(Call& call);
Answer get_case(Call& call);
Answer get_case_by_reference(Call& call);
Answer create_case(Call& call);
Answer update_case(Call& call);
Answer close_case(Call& call);
// notes.cpp
Answer save_note(Call& call);
// customers.cpp
Answer search_customers(Call& call);
Answer get_customer(Call& call);
Answer create_customer(Call& call);
Answer update_customer(Call& call);
// reveal.cpp
Answer reveal_customer(Call& call);
// accounts.cpp
Answer get_customer_accounts(Call& call);
// verification.cpp
Answer get_verification(Call& call);
Answer check_identity(Call& call);
// timeline.cpp
Answer get_case_timeline(Call& call);
Answer get_customer_timeline(Call& call);
// recordings.cpp
Answer list_recordings(Call& call);
Answer get_recording(Call& call);
Answer get_recording_audio(Call& call);
// journeys.cpp
Answer get_journey(Call& call);
Answer get_journey_audio(Call& call);
// prompts.cpp
Answer list_prompts(Call& call);
Answer get_prompt(Call& call);
Answer save_prompt(Call& call);
Answer describe_prompt(Call& call);
Answer delete_prompt(Call& call);
Answer get_prompt_audio(Call& call);
Answer get_hold_music_audio(Call& call);
Answer choose_queue_music(Call& call);
// settings.cpp
Answer list_queues(Call& call);
Answer list_reasons(Call& call);
Answer list_topics(Call& call);
Answer list_outcomes(Call& call);
Answer list_flows(Call& call);
Answer get_flow_version(Call& call);
// figures.cpp
Answer get_figures_today(Call& call);
// audit.cpp
Answer list_audit(Call& call);
Answer verify_audit(Call& call);
// roles.cpp
Answer list_roles(Call& call);
Answer save_role(Call& call);
Answer delete_role(Call& call);
// people.cpp
Answer list_users(Call& call);
Answer create_user(Call& call);
Answer get_user(Call& call);
Answer reset_user_password(Call& call);
Answer unlock_user(Call& call);
Answer deactivate_user(Call& call);
Answer activate_user(Call& call);
Answer drop_user_second_factor(Call& call);
Answer list_user_sessions(Call& call);
Answer end_user_sessions(Call& call);
Answer end_user_session(Call& call);
// keys.cpp
Answer list_api_keys(Call& call);
Answer create_api_key(Call& call);
Answer revoke_api_key(Call& call);
// operation.cpp
Answer get_status(Call& call);
Answer list_sip_bans(Call& call);
Answer lift_sip_ban(Call& call);
Answer list_trunks(Call& call);
Answer create_backup(Call& call);
Answer get_backup(Call& call);
Answer reset_demo(Call& call);
// exports.cpp
Answer list_export_columns(Call& call);
Answer list_exports(Call& call);
Answer ask_export(Call& call);
Answer get_export(Call& call);
Answer approve_export(Call& call);
Answer refuse_export(Call& call);
Answer make_export(Call& call);
Answer get_export_file(Call& call);
Answer withdraw_export(Call& call);
// alerts.cpp
Answer list_alerts(Call& call);
Answer get_alert(Call& call);
Answer acknowledge_alert(Call& call);
Answer lift_read_block(Call& call);
// canaries.cpp
Answer list_canaries(Call& call);
Answer plant_canary(Call& call);
Answer remove_canary(Call& call);

}  // namespace escucha::api
