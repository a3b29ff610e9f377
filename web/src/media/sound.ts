import type { EventFrame } from '@/api/client';

export interface LegSound {
  leg: 'caller' | 'agent';
  /** 1 to 4.5, as an average listener would judge it; null when it was not measured. */
  mos: number | null;
  verdict: 'good' | 'fair' | 'poor' | 'unknown';
  /** 0 to 1. */
  lost: number;
  oneWayMs: number;
  /** The cipher between us and this party; null when it went in clear. */
  cipher: string | null;
}

type Measured = Pick<EventFrame, 'type' | 'data'>;

/** ITU-T G.107, annex B: from 4.0 on users are satisfied, below 3.6 many are not. */
const GOOD = 4.0;
const FAIR = 3.6;

/** How the legs of a contact sounded, in the order in which they ended. */
export function soundOf(events: readonly Measured[]): LegSound[] {
  const legs: LegSound[] = [];
  for (const { type, data } of events) {
    if (type !== 'sound_measured') continue;
    const figure = (name: string) => (typeof data[name] === 'number' ? data[name] : 0);
    const mos = typeof data.mos === 'number' ? data.mos : null;
    const due = figure('received') + figure('lost');
    legs.push({
      leg: data.leg === 'agent' ? 'agent' : 'caller',
      mos,
      verdict: mos === null ? 'unknown' : mos >= GOOD ? 'good' : mos >= FAIR ? 'fair' : 'poor',
      lost: due > 0 ? figure('lost') / due : 0,
      oneWayMs: figure('one_way_ms'),
      cipher: typeof data.cipher === 'string' ? data.cipher : null,
    });
  }
  return legs;
}
