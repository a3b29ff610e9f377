import { describe, expect, test } from 'vitest';
import { backOff, judge } from './stream';

describe('a frame of the stream', () => {
  test('is applied when it follows the last one', () => {
    expect(judge({ last: 7 }, { seq: 9, prev: 7 })).toBe('apply');
  });
  test('is applied when the page stands between it and the frame before, as after a snapshot', () => {
    expect(judge({ last: 8 }, { seq: 9, prev: 7 })).toBe('apply');
  });
  test('is a duplicate when the page has it already', () => {
    expect(judge({ last: 9 }, { seq: 9, prev: 7 })).toBe('duplicate');
    expect(judge({ last: 12 }, { seq: 9, prev: 7 })).toBe('duplicate');
  });
  test('shows a gap when a frame before it never came', () => {
    expect(judge({ last: 6 }, { seq: 9, prev: 7 })).toBe('gap');
  });
});

describe('waiting before the next attempt', () => {
  test('doubles from half a second to fifteen', () => {
    expect([0, 1, 2, 5, 50].map((attempt) => backOff(attempt, 0.5))).toEqual([
      500, 1000, 2000, 15_000, 15_000,
    ]);
  });
  test('is spread by a fifth to both sides', () => {
    expect(backOff(1, 0)).toBe(800);
    expect(backOff(1, 1)).toBe(1200);
  });
});
