import { describe, expect, test } from 'vitest';
import {
  clockSpan,
  day,
  initials,
  percent,
  phone,
  reference,
  relative,
  since,
  spokenSpan,
  until,
} from './format';

describe('spans', () => {
  test('read as minutes and seconds, with hours when there are some', () => {
    expect([0, 999, 1000, 61_000, 3_599_999, 3_600_000, -5].map(clockSpan)).toEqual([
      '0:00',
      '0:00',
      '0:01',
      '1:01',
      '59:59',
      '1:00:00',
      '0:00',
    ]);
  });
  test('are said in units', () => {
    expect([5000, 125_000, 3_660_000].map(spokenSpan)).toEqual(['5 s', '2 min 5 s', '1 h 1 min']);
  });
  test('never go below zero, whatever the clocks say', () => {
    const now = Date.parse('2026-11-23T10:00:00Z');
    expect(since('2026-11-23T09:59:00Z', now)).toBe(60_000);
    expect(since('2026-11-23T10:01:00Z', now)).toBe(0);
    expect(until('2026-11-23T10:01:00Z', now)).toBe(60_000);
    expect(until('2026-11-23T09:59:00Z', now)).toBe(0);
    expect([since(null, now), until('ayer', now)]).toEqual([0, 0]);
  });
});

describe('figures and names', () => {
  test('a reference is grouped as it is spoken', () => {
    expect(['48219053', '4821 9053', '482190537', '4821905371', ''].map(reference)).toEqual([
      '4821 9053',
      '4821 9053',
      '482 190 537',
      '482 190 5371',
      '',
    ]);
  });
  test('a number is grouped by country, and left alone when it is not one', () => {
    expect(phone('+525512345678')).toBe('+52 55 1234 5678');
    expect(phone('+34600111222')).toBe('+34 600 111 222');
    expect(phone('+12125550123')).toBe('+1 212 555 0123');
    expect(phone('+59171234567')).toBe('+591 7123 4567');
    expect(phone('anónimo')).toBe('anónimo');
  });
  test('a share of nothing is a dash', () => {
    expect([percent(0, 0, 'es'), percent(1, 3, 'en'), percent(5, 5, 'en')]).toEqual([
      '–',
      '33%',
      '100%',
    ]);
  });
  test('a day stays the same day in every time zone', () => {
    expect(day('2026-11-23', 'en')).toContain('23');
    expect(day('2026-11-23', 'es')).toContain('23');
    expect(day('mañana', 'es')).toBe('mañana');
  });
  test('the past and the future are told in words of the language', () => {
    const now = Date.parse('2026-11-23T10:00:00Z');
    expect(relative('2026-11-23T09:55:00Z', now, 'es')).toBe('hace 5 minutos');
    expect(relative('2026-11-25T10:00:00Z', now, 'en')).toBe('in 2 days');
  });
  test('initials are the first of the first and of the last name', () => {
    expect([initials('Ana Robles'), initials('María F. Quiroga Peña'), initials('  ')]).toEqual([
      'AR',
      'MP',
      '',
    ]);
  });
});
