import { describe, expect, test } from 'vitest';
import { dayEdge } from './queries';

describe('the edges of a day', () => {
  test('are the midnights of the reader around it', () => {
    const start = new Date(dayEdge('2026-11-30', 'start') ?? '');
    const end = new Date(dayEdge('2026-11-30', 'end') ?? '');
    expect([start.getFullYear(), start.getMonth(), start.getDate()]).toEqual([2026, 10, 30]);
    expect([end.getMonth(), end.getDate(), end.getHours()]).toEqual([11, 1, 0]);
  });

  test('are nothing for what is no day', () => {
    expect(dayEdge(undefined, 'start')).toBeUndefined();
    expect(dayEdge('', 'end')).toBeUndefined();
    expect(dayEdge('30/11/2026', 'start')).toBeUndefined();
  });
});
