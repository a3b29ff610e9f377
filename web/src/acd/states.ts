import type { AgentState, ContactState } from '@/api/client';
import type { Tone } from '@/base/view/parts';

export const kAgentTone: Record<AgentState, Tone> = {
  signed_out: 'quiet',
  not_ready: 'warn',
  ready: 'good',
  offered: 'offer',
  talking: 'busy',
  wrap_up: 'accent',
};

export const kContactTone: Record<ContactState, Tone> = {
  menu: 'quiet',
  waiting: 'warn',
  offered: 'offer',
  talking: 'busy',
  held: 'warn',
  voicemail: 'accent',
  ended: 'quiet',
};

/** Reasons the server itself gives; the others come with their label from /reasons. */
export const kSystemReasons = [
  'signed_in',
  'no_answer',
  'declined',
  'busy',
  'phone_unreachable',
  'consultation',
  'conference',
  'supervision',
  'elsewhere',
] as const;

/** Minutes in a state after which a supervisor should look: wrap-up and long calls, not lunch. */
const kLookAfterMs: Partial<Record<AgentState, number>> = {
  offered: 30_000,
  wrap_up: 3 * 60_000,
  talking: 15 * 60_000,
  not_ready: 30 * 60_000,
};

export function isOverdue(state: AgentState, spanMs: number): boolean {
  const limit = kLookAfterMs[state];
  return limit !== undefined && spanMs >= limit;
}

/** A caller's wait: fine, worth a look from 20 s (the answer target), bad from a minute. */
export function waitTone(spanMs: number): Tone {
  if (spanMs >= 60_000) return 'bad';
  return spanMs >= 20_000 ? 'warn' : 'good';
}
