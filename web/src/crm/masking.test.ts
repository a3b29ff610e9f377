import { describe, expect, it } from 'vitest';
import { isMasked, staleByReveal } from './masking';

describe('what the server masked', () => {
  it('is named by the object that has it', () => {
    expect(isMasked({ masked: ['document'] }, 'document')).toBe(true);
    expect(isMasked({ masked: ['document'] }, 'address')).toBe(false);
    expect(isMasked({}, 'document')).toBe(false);
  });
});

describe('a reveal', () => {
  it('makes stale what shows that customer, and no other customer', () => {
    const keys = staleByReveal('k1');
    expect(keys).toContainEqual(['customer', 'k1']);
    expect(keys).toContainEqual(['accounts', 'k1']);
    expect(keys.some((key) => key[0] === 'customer' && key[1] !== 'k1')).toBe(false);
  });
});
