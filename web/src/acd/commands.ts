import { useMutation } from '@tanstack/react-query';
import { api, ask, type Disposition, type SecureInputKind } from '@/api/client';
import { complain } from '@/base/view/notify';
import { refreshDesk } from '@/live/store';

/** What an agent can tell the centre. Every command is one press with its own idempotency key. */
export type AgentCommand =
  | { kind: 'sign_in' }
  | { kind: 'sign_out' }
  | { kind: 'ready' }
  | { kind: 'not_ready'; reason: string }
  | { kind: 'answer' }
  | { kind: 'decline' }
  | { kind: 'hang_up' }
  | { kind: 'hold' }
  | { kind: 'resume' }
  | { kind: 'transfer_agent'; to: string }
  | { kind: 'transfer_queue'; to: string }
  | { kind: 'transfer_number'; to: string }
  | { kind: 'consult'; with: string }
  | { kind: 'consult_number'; with: string }
  | { kind: 'complete_consultation' }
  | { kind: 'end_consultation' }
  | { kind: 'make_conference' }
  | { kind: 'add_to_conference'; with: string }
  | { kind: 'remove_from_conference'; with: string }
  | { kind: 'pause_recording'; reason: string }
  | { kind: 'resume_recording' }
  | { kind: 'begin_secure_input'; what: SecureInputKind }
  | { kind: 'end_secure_input' }
  | { kind: 'extend_wrap_up' }
  | { kind: 'finish_wrap_up'; disposition: Disposition };

function send(agentId: string, command: AgentCommand) {
  const params = { params: { path: { agent_id: agentId } } };
  switch (command.kind) {
    case 'sign_in':
      return ask(api.POST('/api/v1/agents/{agent_id}/sign-in', params));
    case 'sign_out':
      return ask(api.POST('/api/v1/agents/{agent_id}/sign-out', params));
    case 'ready':
      return ask(
        api.POST('/api/v1/agents/{agent_id}/status', { ...params, body: { state: 'ready' } }),
      );
    case 'not_ready':
      return ask(
        api.POST('/api/v1/agents/{agent_id}/status', {
          ...params,
          body: { state: 'not_ready', reason: command.reason },
        }),
      );
    case 'answer':
      return ask(api.POST('/api/v1/agents/{agent_id}/answer', params));
    case 'decline':
      return ask(api.POST('/api/v1/agents/{agent_id}/decline', params));
    case 'hang_up':
      return ask(api.POST('/api/v1/agents/{agent_id}/hang-up', params));
    case 'hold':
      return ask(api.POST('/api/v1/agents/{agent_id}/hold', params));
    case 'resume':
      return ask(api.POST('/api/v1/agents/{agent_id}/resume', params));
    case 'transfer_agent':
      return ask(
        api.POST('/api/v1/agents/{agent_id}/transfer', {
          ...params,
          body: { to_agent: command.to },
        }),
      );
    case 'transfer_queue':
      return ask(
        api.POST('/api/v1/agents/{agent_id}/transfer', {
          ...params,
          body: { to_queue: command.to },
        }),
      );
    case 'transfer_number':
      return ask(
        api.POST('/api/v1/agents/{agent_id}/transfer', {
          ...params,
          body: { to_number: command.to },
        }),
      );
    case 'consult':
      return ask(
        api.POST('/api/v1/agents/{agent_id}/consultation', {
          ...params,
          body: { with_agent: command.with },
        }),
      );
    case 'consult_number':
      return ask(
        api.POST('/api/v1/agents/{agent_id}/consultation', {
          ...params,
          body: { with_number: command.with },
        }),
      );
    case 'complete_consultation':
      return ask(api.POST('/api/v1/agents/{agent_id}/consultation/complete', params));
    case 'end_consultation':
      return ask(api.POST('/api/v1/agents/{agent_id}/consultation/end', params));
    case 'make_conference':
      return ask(api.POST('/api/v1/agents/{agent_id}/conference', params));
    case 'add_to_conference':
      return ask(
        api.POST('/api/v1/agents/{agent_id}/conference/add', {
          ...params,
          body: { with_agent: command.with },
        }),
      );
    case 'remove_from_conference':
      return ask(
        api.POST('/api/v1/agents/{agent_id}/conference/remove', {
          ...params,
          body: { with_agent: command.with },
        }),
      );
    case 'pause_recording':
      return ask(
        api.POST('/api/v1/agents/{agent_id}/recording/pause', {
          ...params,
          body: { reason: command.reason },
        }),
      );
    case 'resume_recording':
      return ask(api.POST('/api/v1/agents/{agent_id}/recording/resume', params));
    case 'begin_secure_input':
      return ask(
        api.POST('/api/v1/agents/{agent_id}/secure-input', {
          ...params,
          body: { kind: command.what },
        }),
      );
    case 'end_secure_input':
      return ask(api.POST('/api/v1/agents/{agent_id}/secure-input/end', params));
    case 'extend_wrap_up':
      return ask(api.POST('/api/v1/agents/{agent_id}/wrap-up/extend', params));
    case 'finish_wrap_up':
      return ask(
        api.POST('/api/v1/agents/{agent_id}/wrap-up/finish', {
          ...params,
          body: command.disposition,
        }),
      );
  }
}

export function useAgentCommand(agentId: string) {
  return useMutation({
    mutationFn: (command: AgentCommand) => send(agentId, command),
    onError: complain,
    onSettled: () => refreshDesk(),
  });
}
