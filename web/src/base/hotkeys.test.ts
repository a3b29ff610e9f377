import { describe, expect, test } from 'vitest';
import { matches } from './hotkeys';

const press = (key: string, part = {}) => ({
  key,
  ctrlKey: false,
  altKey: false,
  metaKey: false,
  shiftKey: false,
  repeat: false,
  target: null,
  ...part,
});

describe('a key of the page', () => {
  test('is taken alone', () => {
    expect(matches(press('F2'), 'F2')).toBe(true);
    expect(matches(press('F4'), 'F2')).toBe(false);
  });
  test('is left alone with Control, Alt, Meta or Shift, so AltGr writes @ # €', () => {
    for (const part of [
      { ctrlKey: true },
      { altKey: true },
      { metaKey: true },
      { shiftKey: true },
    ]) {
      expect(matches(press('F4', part), 'F4')).toBe(false);
    }
    expect(matches(press('@', { ctrlKey: true, altKey: true }), '?')).toBe(false);
  });
  test('held down counts once', () => {
    expect(matches(press('F4', { repeat: true }), 'F4')).toBe(false);
  });
  test('the question mark may need Shift', () => {
    expect(matches(press('?', { shiftKey: true }), '?')).toBe(true);
  });
});
