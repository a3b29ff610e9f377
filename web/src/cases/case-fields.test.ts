import { describe, expect, test } from 'vitest';
import { changesOf, contested, type Fields, rebased } from './case-fields';

const before: Fields = { status: 'open', next_step: 'Llamar', owner: 'u1', due: '2026-11-30' };

describe('a case that is being edited', () => {
  test('sends only what was changed', () => {
    expect(changesOf(before, before)).toEqual({});
    expect(changesOf(before, { ...before, next_step: ' ', due: '2026-12-01' })).toEqual({
      next_step: null,
      due: '2026-12-01',
    });
  });
  test('takes what somebody else saved, except where something was typed', () => {
    const typed = { ...before, next_step: 'Enviar el desglose' };
    const now = { ...before, next_step: 'Llamar el lunes', due: '2026-12-04' };
    expect(rebased(before, typed, now)).toEqual({
      ...before,
      next_step: 'Enviar el desglose',
      due: '2026-12-04',
    });
    expect(contested(before, typed, now)).toEqual(['next_step']);
  });
  test('is not contested when both wrote the same', () => {
    const typed = { ...before, owner: 'u2' };
    expect(contested(before, typed, typed)).toEqual([]);
  });
});
