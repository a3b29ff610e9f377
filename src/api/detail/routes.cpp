#include <array>

#include "api/detail/handlers.h"

namespace escucha::api {
namespace {

using enum identity::Permission;
using enum Access;

#define ESC_API "/api/v1"

constexpr std::array kRoutes{
    Route{"POST", ESC_API "/session", Public, Operate, sign_in, Pace::Slow},
    Route{"GET", ESC_API "/session", SignedIn, Operate, get_session},
    Route{"DELETE", ESC_API "/session", SignedIn, Operate, sign_out},
    Route{"GET", ESC_API "/me", SignedIn, Operate, get_me},

    Route{"GET", ESC_API "/floor", Allowed, WatchFloor, get_floor},
    Route{"GET", ESC_API "/desk", Allowed, TakeContacts, get_desk},
    Route{"GET", ESC_API "/agents", SignedIn, Operate, list_agents},
    Route{"GET", ESC_API "/agents/{agent_id}", SignedIn, Operate, get_agent},

    // Each checks that the agent is the caller's own, or that the caller may command others.
    Route{"POST", ESC_API "/agents/{agent_id}/sign-in", SignedIn, Operate, agent_sign_in},
    Route{"POST", ESC_API "/agents/{agent_id}/sign-out", SignedIn, Operate, agent_sign_out},
    Route{"POST", ESC_API "/agents/{agent_id}/status", SignedIn, Operate, agent_set_status},
    Route{"POST", ESC_API "/agents/{agent_id}/answer", SignedIn, Operate, agent_answer},
    Route{"POST", ESC_API "/agents/{agent_id}/decline", SignedIn, Operate, agent_decline},
    Route{"POST", ESC_API "/agents/{agent_id}/hang-up", SignedIn, Operate, agent_hang_up},
    Route{"POST", ESC_API "/agents/{agent_id}/hold", SignedIn, Operate, agent_hold},
    Route{"POST", ESC_API "/agents/{agent_id}/resume", SignedIn, Operate, agent_resume},
    Route{"POST", ESC_API "/agents/{agent_id}/transfer", SignedIn, Operate, agent_transfer},
    Route{"POST", ESC_API "/agents/{agent_id}/consultation", SignedIn, Operate, agent_consult},
    Route{"POST",
          ESC_API "/agents/{agent_id}/consultation/complete",
          SignedIn,
          Operate,
          agent_complete_consultation},
    Route{"POST",
          ESC_API "/agents/{agent_id}/consultation/end",
          SignedIn,
          Operate,
          agent_end_consultation},
    Route{
        "POST", ESC_API "/agents/{agent_id}/conference", SignedIn, Operate, agent_make_conference},
    Route{"POST",
          ESC_API "/agents/{agent_id}/conference/add",
          SignedIn,
          Operate,
          agent_add_to_conference},
    Route{"POST",
          ESC_API "/agents/{agent_id}/conference/remove",
          SignedIn,
          Operate,
          agent_remove_from_conference},
    // The supervisor's own agent, whose phone rings.
    Route{"POST", ESC_API "/agents/{agent_id}/supervision", Allowed, Supervise, agent_supervise},
    Route{"POST",
          ESC_API "/agents/{agent_id}/supervision/end",
          Allowed,
          Supervise,
          agent_end_supervision},
    Route{"POST",
          ESC_API "/agents/{agent_id}/recording/pause",
          SignedIn,
          Operate,
          agent_pause_recording},
    Route{"POST",
          ESC_API "/agents/{agent_id}/recording/resume",
          SignedIn,
          Operate,
          agent_resume_recording},
    Route{"POST",
          ESC_API "/agents/{agent_id}/wrap-up/extend",
          SignedIn,
          Operate,
          agent_extend_wrap_up},
    Route{"POST",
          ESC_API "/agents/{agent_id}/wrap-up/finish",
          SignedIn,
          Operate,
          agent_finish_wrap_up},

    Route{"GET", ESC_API "/contacts", Allowed, ReadCustomers, list_contacts},
    Route{"GET", ESC_API "/contacts/{contact_id}", Allowed, ReadCustomers, get_contact},
    Route{"GET", ESC_API "/contacts/{contact_id}/journey", Allowed, ListenToOwn, get_journey},
    Route{"GET",
          ESC_API "/contacts/{contact_id}/journey/audio",
          Allowed,
          ListenToOwn,
          get_journey_audio},
    Route{"GET", ESC_API "/contacts/{contact_id}/trace", Allowed, ReadTraces, get_contact_trace},
    Route{"PUT", ESC_API "/contacts/{contact_id}/case", Allowed, TakeContacts, link_contact_case},
    Route{"PUT",
          ESC_API "/contacts/{contact_id}/customer",
          Allowed,
          TakeContacts,
          link_contact_customer},

    Route{"GET", ESC_API "/cases", Allowed, ReadCustomers, list_cases},
    Route{"POST", ESC_API "/cases", Allowed, WriteCustomers, create_case},
    Route{"GET",
          ESC_API "/cases/by-reference/{reference}",
          Allowed,
          ReadCustomers,
          get_case_by_reference},
    Route{"GET", ESC_API "/cases/{case_id}", Allowed, ReadCustomers, get_case},
    Route{"PATCH", ESC_API "/cases/{case_id}", Allowed, WriteCustomers, update_case},
    Route{"POST", ESC_API "/cases/{case_id}/close", Allowed, WriteCustomers, close_case},
    Route{"GET", ESC_API "/cases/{case_id}/timeline", Allowed, ReadCustomers, get_case_timeline},
    Route{"PUT", ESC_API "/notes/{note_id}", Allowed, WriteCustomers, save_note},

    Route{"GET", ESC_API "/customers", Allowed, ReadCustomers, search_customers},
    Route{"POST", ESC_API "/customers", Allowed, WriteCustomers, create_customer},
    Route{"GET", ESC_API "/customers/{customer_id}", Allowed, ReadCustomers, get_customer},
    Route{"PATCH", ESC_API "/customers/{customer_id}", Allowed, WriteCustomers, update_customer},
    Route{"GET",
          ESC_API "/customers/{customer_id}/timeline",
          Allowed,
          ReadCustomers,
          get_customer_timeline},

    // An agent hears those of contacts he took; the queries see to it.
    Route{"GET", ESC_API "/recordings", Allowed, ListenToOwn, list_recordings},
    Route{"GET", ESC_API "/recordings/{recording_id}", Allowed, ListenToOwn, get_recording},
    Route{"GET",
          ESC_API "/recordings/{recording_id}/audio",
          Allowed,
          ListenToOwn,
          get_recording_audio},

    Route{"GET", ESC_API "/queues", SignedIn, Operate, list_queues},
    Route{"PUT", ESC_API "/queues/{queue_id}/music", Allowed, ManageDirectory, choose_queue_music},
    Route{"GET", ESC_API "/hold-music/audio", Allowed, ReadFlows, get_hold_music_audio},
    Route{"GET", ESC_API "/prompts", Allowed, ReadFlows, list_prompts},
    Route{"GET", ESC_API "/prompts/{language}/{name}", Allowed, ReadFlows, get_prompt},
    Route{"PUT",
          ESC_API "/prompts/{language}/{name}",
          Allowed,
          WriteFlows,
          save_prompt,
          Pace::Slow,
          Body::Large},
    Route{"PATCH", ESC_API "/prompts/{language}/{name}", Allowed, WriteFlows, describe_prompt},
    Route{"DELETE", ESC_API "/prompts/{language}/{name}", Allowed, WriteFlows, delete_prompt},
    Route{"GET", ESC_API "/prompts/{language}/{name}/audio", Allowed, ReadFlows, get_prompt_audio},
    Route{"GET", ESC_API "/reasons", SignedIn, Operate, list_reasons},
    Route{"GET", ESC_API "/topics", SignedIn, Operate, list_topics},
    Route{"GET", ESC_API "/outcomes", SignedIn, Operate, list_outcomes},
    Route{"GET", ESC_API "/flows", Allowed, ReadFlows, list_flows},
    Route{
        "GET", ESC_API "/flows/{flow_id}/versions/{version}", Allowed, ReadFlows, get_flow_version},
    Route{"GET", ESC_API "/figures/today", Allowed, ReadFigures, get_figures_today},

    Route{"GET", ESC_API "/users", Allowed, ManageUsers, list_users},
    Route{"POST", ESC_API "/users", Allowed, ManageUsers, create_user, Pace::Slow},
    Route{"GET", ESC_API "/status", Allowed, WatchFloor, get_status},
    Route{"GET", ESC_API "/sip/bans", Allowed, Operate, list_sip_bans},
    Route{"DELETE", ESC_API "/sip/bans/{source}", Allowed, Operate, lift_sip_ban},
    Route{"GET", ESC_API "/trunks", Allowed, Operate, list_trunks},
    Route{"POST", ESC_API "/backups", Allowed, Operate, create_backup, Pace::Slow},
    Route{"GET", ESC_API "/backups/{name}", Allowed, Operate, get_backup},
    Route{"POST", ESC_API "/demo/reset", Allowed, Operate, reset_demo, Pace::Slow},
};

#undef ESC_API

}  // namespace

std::span<const Route> routes() { return kRoutes; }

}  // namespace escucha::api
