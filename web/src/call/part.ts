import type { ContactLive, Desk } from '@/api/client';

/** Is anybody in the conversation beside the caller and the agent, or rung for it? */
export function hasConference(contact: ContactLive | null): boolean {
  return contact !== null && contact.conference.length > 0;
}

export interface Part {
  kind: 'consultation' | 'conference' | 'supervision';
  /** Whose contact it is. */
  by: string;
  isThere: boolean;
  since: string;
}

/** What this desk's agent has to do with a contact that is not theirs; null: it is theirs. */
export function partOf(desk: Desk, contact: ContactLive | null): Part | null {
  if (contact === null) return null;
  const own = desk.agent.id;
  const asked = contact.consultation;
  if (asked?.with_agent_id === own) {
    const { by_agent_id: by, is_answered: isThere, since } = asked;
    return { kind: 'consultation', by, isThere, since };
  }
  const by = contact.agent_id ?? '';
  const member = contact.conference.find((each) => each.agent_id === own);
  if (member) return { kind: 'conference', by, isThere: member.is_joined, since: member.since };
  const watching = contact.supervised_by.find((each) => each.agent_id === own);
  if (!watching) return null;
  return { kind: 'supervision', by, isThere: watching.is_joined, since: watching.since };
}
