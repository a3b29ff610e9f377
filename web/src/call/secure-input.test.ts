import { describe, expect, test } from 'vitest';
import type { SecureInput } from '@/api/client';
import { contact } from '@/live/frames';
import { isSecureInputOpen, maskOf, wordsOf } from './secure-input';

const input = (part: Partial<SecureInput> = {}): SecureInput => ({
  kind: 'card',
  label: null,
  state: 'keying',
  digits: 0,
  attempt: 1,
  since: '2026-11-23T10:00:00Z',
  result: null,
  last_four: null,
  is_delivered: false,
  ...part,
});

describe('a secret that the caller keys', () => {
  test('is shown as dots, and the last four of a card at its end', () => {
    expect(maskOf(input())).toBe('');
    expect(maskOf(input({ digits: 4 }))).toBe('••••');
    expect(maskOf(input({ digits: 6 }))).toBe('•••• ••');
    expect(maskOf(input({ digits: 16, last_four: '1111' }))).toBe('•••• •••• •••• 1111');
  });

  test('has words for each of its states', () => {
    expect(wordsOf(input())).toBe('waiting');
    expect(wordsOf(input({ attempt: 2 }))).toBe('again');
    expect(wordsOf(input({ digits: 1, attempt: 2 }))).toBe('keying');
    expect(wordsOf(input({ state: 'checking', digits: 16 }))).toBe('checking');
    expect(wordsOf(input({ state: 'ended', result: 'timed_out' }))).toBe('result.timed_out');
    expect(wordsOf(input({ state: 'ended', result: 'complete' }))).toBe('result.complete');
    expect(wordsOf(input({ state: 'ended', result: 'complete', is_delivered: true }))).toBe(
      'delivered',
    );
  });

  test('is open until it has ended', () => {
    expect(isSecureInputOpen(contact('c'))).toBe(false);
    expect(isSecureInputOpen(contact('c', { secure_input: input() }))).toBe(true);
    const over = input({ state: 'ended', result: 'complete' });
    expect(isSecureInputOpen(contact('c', { secure_input: over }))).toBe(false);
  });
});
