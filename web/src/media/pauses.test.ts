import { describe, expect, test } from 'vitest';
import { pausesOf } from './pauses';

const at = (seconds: number) => new Date(Date.UTC(2026, 10, 23, 10, 0, seconds)).toISOString();
const event = (type: string, seconds: number, recording = 'r1') => ({
  type,
  at: at(seconds),
  data: { recording, reason: 'card_data' },
});

describe('the pauses of a recording', () => {
  test('lie where its own events say', () => {
    const events = [
      event('recording_started', 5),
      event('recording_started', 0, 'other'),
      event('recording_paused', 15),
      event('recording_resumed', 25),
    ];
    expect(pausesOf(events, 'r1', 60_000)).toEqual([
      { fromMs: 10_000, toMs: 20_000, reason: 'card_data' },
    ]);
  });
  test('last until the end when nobody resumed it', () => {
    const events = [event('recording_started', 0), event('recording_paused', 50)];
    expect(pausesOf(events, 'r1', 60_000)).toMatchObject([{ fromMs: 50_000, toMs: 60_000 }]);
  });
  test('are none when the start is not known', () => {
    expect(pausesOf([event('recording_paused', 3)], 'r1', 60_000)).toEqual([]);
  });
});
