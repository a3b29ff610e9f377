import type { CasePatch, CaseRow } from '@/api/client';

/** Closing has its own button: it asks how the matter ended. */
export const kEditable = ['open', 'in_progress', 'waiting_customer', 'resolved'] as const;

export interface Fields {
  status: (typeof kEditable)[number];
  next_step: string;
  owner: string;
  due: string;
}

export const kFieldNames = ['next_step', 'owner', 'due', 'status'] as const;

export const fieldsOf = (row: CaseRow): Fields => ({
  status: row.status === 'closed' ? 'resolved' : row.status,
  next_step: row.next_step ?? '',
  owner: row.owner?.id ?? '',
  due: row.due ?? '',
});

/** Only what was changed is sent, so an untouched field cannot undo somebody else's work. */
export function changesOf(before: Fields, after: Fields): CasePatch {
  return {
    ...(after.status !== before.status && { status: after.status }),
    ...(after.next_step.trim() !== before.next_step && {
      next_step: after.next_step.trim() || null,
    }),
    ...(after.owner !== before.owner && { owner: after.owner || null }),
    ...(after.due !== before.due && { due: after.due || null }),
  };
}

/** What is typed here, on top of what somebody else saved meanwhile. */
export function rebased(before: Fields, typed: Fields, now: Fields): Fields {
  const next = { ...now };
  for (const name of kFieldNames) {
    if (typed[name] !== before[name]) Object.assign(next, { [name]: typed[name] });
  }
  return next;
}

/** Fields in which what was typed here and what somebody else saved meanwhile differ. */
export function contested(before: Fields, typed: Fields, now: Fields): (keyof Fields)[] {
  return kFieldNames.filter(
    (name) =>
      typed[name] !== before[name] && now[name] !== before[name] && typed[name] !== now[name],
  );
}
