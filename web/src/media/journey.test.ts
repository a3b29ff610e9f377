import { describe, expect, test } from 'vitest';
import type { Journey } from '@/api/client';
import { afterGap, partAt, partsOf } from './journey';

const segment = (id: string, from_ms: number, to_ms: number): Journey['segments'][number] => ({
  recording_id: id,
  kind: 'call',
  from_ms,
  to_ms,
  is_over: true,
  is_complete: true,
  end: 'stopped',
  agent: null,
  outside: null,
  queue: null,
  pauses: [],
  holds: [],
  others: [],
});

const journey: Journey = {
  contact_id: 't1',
  started_at: '2026-11-29T10:00:00Z',
  duration_ms: 100_000,
  caller: null,
  customer: null,
  segments: [segment('r1', 10_000, 40_000), segment('r2', 60_000, 100_000)],
  gaps: [
    { from_ms: 0, to_ms: 10_000, what: 'menu', queue: null },
    { from_ms: 40_000, to_ms: 60_000, what: 'transfer', queue: null },
  ],
};

describe('a journey', () => {
  test('is a row of parts, whatever the order they came in', () => {
    expect(partsOf(journey).map((part) => [part.kind, part.fromMs])).toEqual([
      ['gap', 0],
      ['segment', 10_000],
      ['gap', 40_000],
      ['segment', 60_000],
    ]);
  });
  test('knows what is heard at an instant, and an end belongs to what follows', () => {
    const parts = partsOf(journey);
    expect(partAt(parts, 9_999)?.kind).toBe('gap');
    expect(partAt(parts, 10_000)?.kind).toBe('segment');
    expect(partAt(parts, 40_000)?.kind).toBe('gap');
    expect(partAt(parts, 100_000)).toBeUndefined();
  });
  test('goes on after a gap, and stays where something was recorded', () => {
    const parts = partsOf(journey);
    expect(afterGap(parts, 0)).toBe(10_000);
    expect(afterGap(parts, 45_000)).toBe(60_000);
    expect(afterGap(parts, 61_000)).toBe(61_000);
  });
});
