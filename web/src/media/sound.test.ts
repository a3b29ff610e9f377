import { describe, expect, test } from 'vitest';
import { soundOf } from './sound';

const measured = (data: Record<string, unknown>) => ({ type: 'sound_measured', data });

describe('how a contact sounded', () => {
  test('is told leg by leg, with a verdict', () => {
    const events = [
      { type: 'contact_ended', data: {} },
      measured({ leg: 'agent', mos: 4.3, received: 980, lost: 20, one_way_ms: 0 }),
      measured({
        leg: 'caller',
        mos: 3.7,
        received: 100,
        lost: 0,
        one_way_ms: 6000,
        cipher: 'AEAD_AES_128_GCM',
      }),
    ];
    expect(soundOf(events)).toEqual([
      { leg: 'agent', mos: 4.3, verdict: 'good', lost: 0.02, oneWayMs: 0, cipher: null },
      {
        leg: 'caller',
        mos: 3.7,
        verdict: 'fair',
        lost: 0,
        oneWayMs: 6000,
        cipher: 'AEAD_AES_128_GCM',
      },
    ]);
  });
  test('is poor below 3.6, and unknown without a measure', () => {
    expect(soundOf([measured({ leg: 'caller', mos: 3.59 })])).toMatchObject([{ verdict: 'poor' }]);
    expect(soundOf([measured({ leg: 'caller' })])).toMatchObject([
      { mos: null, verdict: 'unknown', lost: 0 },
    ]);
  });
});
