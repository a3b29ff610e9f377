import type { Disposition, DispositionOutcome } from '@/api/client';

export const kOutcomes: DispositionOutcome[] = [
  'solved',
  'follow_up',
  'waiting_customer',
  'transferred',
  'no_answer_needed',
];

/** What the agent has chosen so far; empty strings are not chosen yet. */
export interface Choices {
  topic: string;
  outcome: DispositionOutcome | '';
  next_step: string;
  owner: string;
  due: string;
}

/** Whether something remains to be done; a solved matter has no next step. */
export function hasNextStep(outcome: Choices['outcome']): boolean {
  return outcome === 'follow_up' || outcome === 'waiting_customer' || outcome === 'transferred';
}

/** What is still needed. A follow-up without a step, an owner and a date is a promise nobody keeps. */
export function missingOf(choices: Choices, today: string): (keyof Choices)[] {
  const missing: (keyof Choices)[] = [];
  if (choices.topic === '') missing.push('topic');
  if (choices.outcome === '') missing.push('outcome');
  const isPromise = choices.outcome === 'follow_up' || choices.outcome === 'waiting_customer';
  if (isPromise && choices.next_step.trim() === '') missing.push('next_step');
  if (choices.outcome === 'follow_up' && choices.owner === '') missing.push('owner');
  const isPast = choices.due !== '' && choices.due < today;
  if (isPromise && (choices.due === '' || isPast)) missing.push('due');
  if (choices.outcome === 'transferred' && isPast) missing.push('due');
  return missing;
}

/** The reader's own calendar day, as YYYY-MM-DD. */
export function dayOf(milliseconds: number): string {
  const at = new Date(milliseconds);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

export function dispositionOf(choices: Choices, today: string): Disposition | undefined {
  if (missingOf(choices, today).length > 0 || choices.outcome === '') return undefined;
  const chosen = { topic: choices.topic, outcome: choices.outcome };
  if (!hasNextStep(choices.outcome)) return chosen;
  const nextStep = choices.next_step.trim();
  return {
    ...chosen,
    ...(nextStep !== '' && { next_step: nextStep }),
    ...(choices.owner !== '' && { owner: choices.owner }),
    ...(choices.due !== '' && { due: choices.due }),
  };
}

const key = (contactId: string) => `escucha.wrap_up.${contactId}`;

export function readChoices(contactId: string): Choices | undefined {
  try {
    const kept = JSON.parse(localStorage.getItem(key(contactId)) ?? '') as Choices;
    return typeof kept.topic === 'string' && typeof kept.next_step === 'string' ? kept : undefined;
  } catch {
    return undefined;
  }
}

export function keepChoices(contactId: string, choices: Choices | undefined): void {
  try {
    if (choices) localStorage.setItem(key(contactId), JSON.stringify(choices));
    else localStorage.removeItem(key(contactId));
  } catch {
    // Without storage the form lasts as long as the page.
  }
}
