import type { EventFrame } from '@/api/client';

/**
 * Where this page stands in the company's stream of events. Pure.
 *
 * `prev` of each frame is the sequence number of the frame before it in the stream. A page that has
 * everything up to `last` may take a frame when its `prev` is not beyond `last` (a snapshot's number
 * can lie between two frames); a `prev` beyond `last` means that frames were lost on the way.
 */
export interface Position {
  /** Everything up to and including this number is on the page. */
  readonly last: number;
}

export type Verdict = 'apply' | 'duplicate' | 'gap';

export function judge(position: Position, frame: Pick<EventFrame, 'seq' | 'prev'>): Verdict {
  if (frame.seq <= position.last) return 'duplicate';
  return frame.prev <= position.last ? 'apply' : 'gap';
}

/** Milliseconds until the next attempt: 0.5 s doubling to 15 s, spread by ±20 % so that two hundred
 * pages do not knock at the same instant after a restart. `chance` is 0 to 1. */
export function backOff(attempt: number, chance: number): number {
  const base = Math.min(500 * 2 ** Math.min(attempt, 10), 15_000);
  return Math.round(base * (0.8 + 0.4 * chance));
}
