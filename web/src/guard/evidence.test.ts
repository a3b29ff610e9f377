import { expect, test } from 'vitest';
import { windowKey } from './evidence';

test('a window has the name of the least that holds it', () => {
  expect(windowKey(600)).toBe('burst');
  expect(windowKey(601)).toBe('hour');
  expect(windowKey(3600)).toBe('hour');
  expect(windowKey(86_400)).toBe('day');
  expect(windowKey(604_800)).toBe('week');
});
