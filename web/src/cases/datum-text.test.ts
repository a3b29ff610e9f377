import { describe, expect, it } from 'vitest';
import { datumText } from './datum-text';

describe('what a caller gave', () => {
  it('is a day in words', () => {
    expect(datumText({ type: 'date', value: '2026-11-23' }, 'en')).toMatch(/^Mon,? 23 Nov 2026$/);
  });

  it('is money in its currency', () => {
    expect(datumText({ type: 'money', value: '5000 EUR' }, 'en')).toBe('€50.00');
    expect(datumText({ type: 'money', value: '-5 EUR' }, 'en')).toBe('-€0.05');
  });

  it('is as it came when it is masked or anything else', () => {
    expect(datumText({ type: 'money', value: '•••' }, 'es')).toBe('•••');
    expect(datumText({ type: 'time', value: '15:20' }, 'es')).toBe('15:20');
  });
});
