#include <array>

#include "api/detail/handlers.h"

namespace escucha::api {
namespace {

#define ESC_API "/api/v1"

constexpr std::array kRoutes{
    Route{"POST", ESC_API "/session", sign_in, Pace::Slow},
    Route{"GET", ESC_API "/session", get_session},
    Route{"DELETE", ESC_API "/session", sign_out},
    Route{"POST", ESC_API "/session/company", enter_company},
    Route{"GET", ESC_API "/companies", list_companies},
    Route{"GET", ESC_API "/me", get_me},
    Route{"POST", ESC_API "/me/password", change_own_password, Pace::Slow},
    Route{"GET", ESC_API "/me/sessions", list_own_sessions},
    Route{"DELETE", ESC_API "/me/sessions", end_other_sessions},
    Route{"DELETE", ESC_API "/me/sessions/{session_id}", end_own_session},
    Route{"GET", ESC_API "/me/second-factor", get_second_factor},
    Route{"POST", ESC_API "/me/second-factor", begin_second_factor, Pace::Slow},
    Route{"POST", ESC_API "/me/second-factor/confirm", confirm_second_factor},
    Route{"POST", ESC_API "/me/second-factor/drop", drop_second_factor, Pace::Slow},

    Route{"GET", ESC_API "/floor", get_floor},
    Route{"GET", ESC_API "/desk", get_desk},
    Route{"GET", ESC_API "/agents", list_agents},
    Route{"GET", ESC_API "/agents/{agent_id}", get_agent},

    // Each checks that the agent is the caller's own, or that the caller may command others.
    Route{"POST", ESC_API "/agents/{agent_id}/sign-in", agent_sign_in},
    Route{"POST", ESC_API "/agents/{agent_id}/sign-out", agent_sign_out},
    Route{"POST", ESC_API "/agents/{agent_id}/status", agent_set_status},
    Route{"POST", ESC_API "/agents/{agent_id}/answer", agent_answer},
    Route{"POST", ESC_API "/agents/{agent_id}/decline", agent_decline},
    Route{"POST", ESC_API "/agents/{agent_id}/hang-up", agent_hang_up},
    Route{"POST", ESC_API "/agents/{agent_id}/hold", agent_hold},
    Route{"POST", ESC_API "/agents/{agent_id}/resume", agent_resume},
    Route{"POST", ESC_API "/agents/{agent_id}/transfer", agent_transfer},
    Route{"POST", ESC_API "/agents/{agent_id}/consultation", agent_consult},
    Route{"POST", ESC_API "/agents/{agent_id}/consultation/complete", agent_complete_consultation},
    Route{"POST", ESC_API "/agents/{agent_id}/consultation/end", agent_end_consultation},
    Route{"POST", ESC_API "/agents/{agent_id}/conference", agent_make_conference},
    Route{"POST", ESC_API "/agents/{agent_id}/conference/add", agent_add_to_conference},
    Route{"POST", ESC_API "/agents/{agent_id}/conference/remove", agent_remove_from_conference},
    // The supervisor's own agent, whose phone rings.
    Route{"POST", ESC_API "/agents/{agent_id}/supervision", agent_supervise},
    Route{"POST", ESC_API "/agents/{agent_id}/supervision/end", agent_end_supervision},
    Route{"POST", ESC_API "/agents/{agent_id}/secure-input", agent_begin_secure_input},
    Route{"POST", ESC_API "/agents/{agent_id}/secure-input/end", agent_end_secure_input},
    Route{"POST", ESC_API "/agents/{agent_id}/recording/pause", agent_pause_recording},
    Route{"POST", ESC_API "/agents/{agent_id}/recording/resume", agent_resume_recording},
    Route{"POST", ESC_API "/agents/{agent_id}/wrap-up/extend", agent_extend_wrap_up},
    Route{"POST", ESC_API "/agents/{agent_id}/wrap-up/finish", agent_finish_wrap_up},

    Route{"GET", ESC_API "/contacts", list_contacts},
    Route{"GET", ESC_API "/contacts/{contact_id}", get_contact},
    Route{"GET", ESC_API "/contacts/{contact_id}/journey", get_journey},
    Route{"GET", ESC_API "/contacts/{contact_id}/journey/audio", get_journey_audio},
    Route{"GET", ESC_API "/contacts/{contact_id}/trace", get_contact_trace},
    Route{"PUT", ESC_API "/contacts/{contact_id}/case", link_contact_case},
    Route{"PUT", ESC_API "/contacts/{contact_id}/customer", link_contact_customer},

    Route{"GET", ESC_API "/cases", list_cases},
    Route{"POST", ESC_API "/cases", create_case},
    Route{"GET", ESC_API "/cases/by-reference/{reference}", get_case_by_reference},
    Route{"GET", ESC_API "/cases/{case_id}", get_case},
    Route{"PATCH", ESC_API "/cases/{case_id}", update_case},
    Route{"POST", ESC_API "/cases/{case_id}/close", close_case},
    Route{"GET", ESC_API "/cases/{case_id}/timeline", get_case_timeline},
    Route{"PUT", ESC_API "/notes/{note_id}", save_note},

    Route{"GET", ESC_API "/customers", search_customers},
    Route{"POST", ESC_API "/customers", create_customer},
    Route{"GET", ESC_API "/customers/{customer_id}", get_customer},
    Route{"PATCH", ESC_API "/customers/{customer_id}", update_customer},
    Route{"GET", ESC_API "/customers/{customer_id}/timeline", get_customer_timeline},

    Route{"POST", ESC_API "/customers/{customer_id}/reveal", reveal_customer},
    Route{"GET", ESC_API "/customers/{customer_id}/accounts", get_customer_accounts},
    // Only of the contact in hand; the handlers see to it.
    Route{"GET", ESC_API "/contacts/{contact_id}/verification", get_verification},
    Route{"POST", ESC_API "/contacts/{contact_id}/verification", check_identity},

    // An agent hears those of contacts he took; the queries see to it.
    Route{"GET", ESC_API "/recordings", list_recordings},
    Route{"GET", ESC_API "/recordings/{recording_id}", get_recording},
    Route{"GET", ESC_API "/recordings/{recording_id}/audio", get_recording_audio},

    Route{"GET", ESC_API "/queues", list_queues},
    Route{"PUT", ESC_API "/queues/{queue_id}/music", choose_queue_music},
    Route{"POST", ESC_API "/queues/{queue_id}/stop", stop_queue},
    Route{"POST", ESC_API "/queues/{queue_id}/resume", resume_queue},
    Route{"GET", ESC_API "/lines", list_lines},
    Route{"PATCH", ESC_API "/lines/{line_id}", update_line},
    Route{"GET", ESC_API "/hold-music/audio", get_hold_music_audio},
    Route{"GET", ESC_API "/prompts", list_prompts},
    Route{"GET", ESC_API "/prompts/{language}/{name}", get_prompt},
    Route{"PUT", ESC_API "/prompts/{language}/{name}", save_prompt, Pace::Slow, Body::Large},
    Route{"PATCH", ESC_API "/prompts/{language}/{name}", describe_prompt},
    Route{"DELETE", ESC_API "/prompts/{language}/{name}", delete_prompt},
    Route{"GET", ESC_API "/prompts/{language}/{name}/audio", get_prompt_audio},
    Route{"GET", ESC_API "/reasons", list_reasons},
    Route{"GET", ESC_API "/topics", list_topics},
    Route{"GET", ESC_API "/outcomes", list_outcomes},
    Route{"GET", ESC_API "/flows", list_flows},
    Route{"GET", ESC_API "/flows/{flow_id}/versions/{version}", get_flow_version},
    Route{"GET", ESC_API "/figures/today", get_figures_today},

    Route{"GET", ESC_API "/users", list_users},
    Route{"POST", ESC_API "/users", create_user, Pace::Slow},
    Route{"GET", ESC_API "/users/{user_id}", get_user},
    Route{"POST", ESC_API "/users/{user_id}/reset-password", reset_user_password, Pace::Slow},
    Route{"POST", ESC_API "/users/{user_id}/unlock", unlock_user},
    Route{"POST", ESC_API "/users/{user_id}/deactivate", deactivate_user},
    Route{"POST", ESC_API "/users/{user_id}/activate", activate_user},
    Route{"DELETE", ESC_API "/users/{user_id}/second-factor", drop_user_second_factor},
    Route{"GET", ESC_API "/users/{user_id}/sessions", list_user_sessions},
    Route{"DELETE", ESC_API "/users/{user_id}/sessions", end_user_sessions},
    Route{"DELETE", ESC_API "/users/{user_id}/sessions/{session_id}", end_user_session},
    Route{"GET", ESC_API "/users/{user_id}/memberships", list_user_memberships},
    Route{"POST", ESC_API "/users/{user_id}/memberships", add_user_membership},
    Route{"GET", ESC_API "/api-keys", list_api_keys},
    Route{"POST", ESC_API "/api-keys", create_api_key},
    Route{"DELETE", ESC_API "/api-keys/{api_key_id}", revoke_api_key},
    Route{"GET", ESC_API "/audit", list_audit},
    Route{"GET", ESC_API "/audit/verification", verify_audit, Pace::Slow},
    Route{"GET", ESC_API "/roles", list_roles},
    Route{"PUT", ESC_API "/roles/{role_key}", save_role},
    Route{"DELETE", ESC_API "/roles/{role_key}", delete_role},
    Route{"GET", ESC_API "/status", get_status},
    Route{"GET", ESC_API "/sip/bans", list_sip_bans},
    Route{"DELETE", ESC_API "/sip/bans/{source}", lift_sip_ban},
    Route{"GET", ESC_API "/trunks", list_trunks},
    Route{"POST", ESC_API "/backups", create_backup, Pace::Slow},
    Route{"GET", ESC_API "/backups/{name}", get_backup},
    Route{"POST", ESC_API "/demo/reset", reset_demo, Pace::Slow},

    Route{"GET", ESC_API "/exports", list_exports},
    Route{"POST", ESC_API "/exports", ask_export},
    Route{"GET", ESC_API "/exports/columns", list_export_columns},
    Route{"GET", ESC_API "/exports/{export_id}", get_export},
    Route{"DELETE", ESC_API "/exports/{export_id}", withdraw_export},
    Route{"POST", ESC_API "/exports/{export_id}/approve", approve_export},
    Route{"POST", ESC_API "/exports/{export_id}/refuse", refuse_export},
    Route{"POST", ESC_API "/exports/{export_id}/file", make_export},
    Route{"GET", ESC_API "/exports/{export_id}/file", get_export_file},
    Route{"GET", ESC_API "/alerts", list_alerts},
    Route{"GET", ESC_API "/alerts/{alert_id}", get_alert},
    Route{"POST", ESC_API "/alerts/{alert_id}/acknowledge", acknowledge_alert},
    Route{"POST", ESC_API "/alerts/{alert_id}/lift", lift_read_block},
    Route{"GET", ESC_API "/canaries", list_canaries},
    Route{"POST", ESC_API "/canaries", plant_canary},
    Route{"DELETE", ESC_API "/canaries/{canary_id}", remove_canary},
};

#undef ESC_API

}  // namespace

std::span<const Route> routes() { return kRoutes; }

}  // namespace escucha::api
