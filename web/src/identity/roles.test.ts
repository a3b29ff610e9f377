import { describe, expect, it } from 'vitest';
import { roleKey } from './roles';

describe('roleKey', () => {
  it('is made of the name', () => {
    expect(roleKey('Turno de tarde', [])).toBe('turno_de_tarde');
    expect(roleKey('  Atención, Señoría 2 ', [])).toBe('atencion_senoria_2');
  });
  it('is never one that is taken', () => {
    expect(roleKey('Agent', ['agent'])).toBe('agent_2');
    expect(roleKey('Agent', ['agent', 'agent_2'])).toBe('agent_3');
  });
  it('is empty when there is nothing to make one of', () => {
    expect(roleKey(' ¿? ', [])).toBe('');
  });
  it('is at most as long as the server takes', () => {
    const long = 'a'.repeat(80);
    expect(roleKey(long, [])).toHaveLength(37);
    expect(roleKey(long, ['a'.repeat(37)]).length).toBeLessThanOrEqual(40);
  });
});
