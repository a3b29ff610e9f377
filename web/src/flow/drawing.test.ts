import { describe, expect, test } from 'vitest';
import { draw } from './drawing';
import { place } from './layout';

const flow = {
  start: 'hola',
  human: 'persona',
  nodes: {
    hola: { type: 'say', prompt: ['bienvenida', 'aviso'], next: 'menu' },
    menu: {
      type: 'menu',
      prompt: 'opciones',
      options: { 1: 'persona', 2: { next: 'fin' } },
      no_input: 'persona',
      no_match: 'nadie',
    },
    persona: { type: 'queue', queue: 'servicio', closed: 'fin' },
    fin: { type: 'end' },
  },
  prompts: {
    bienvenida: { es: 'Bienvenido.', en: 'Welcome.' },
    aviso: { es: 'Esta llamada se graba.' },
  },
};

describe('the drawing of a flow', () => {
  test('says what callers hear in the chosen language, or in the other when it is missing', () => {
    expect(draw(flow, 'en').nodes[0]).toMatchObject({
      kind: 'say',
      text: 'Welcome. Esta llamada se graba.',
      isStart: true,
    });
  });
  test('joins the ways between two nodes and leaves out those that lead nowhere', () => {
    const edges = draw(flow, 'es').edges.filter((edge) => edge.from === 'menu');
    expect(edges).toEqual([
      { id: 'menu→persona', from: 'menu', to: 'persona', labels: ['1', 'no_input'], isMain: true },
      { id: 'menu→fin', from: 'menu', to: 'fin', labels: ['2'], isMain: true },
    ]);
  });
  test('keeps the author’s places, and finds places when any is missing', () => {
    const canvas = { hola: { x: 1, y: 2 }, menu: {}, persona: { x: 5, y: 6 }, fin: { x: 7, y: 8 } };
    expect(place(draw({ ...flow, canvas }, 'es')).hola).toEqual({ x: 1, y: 2 });
    const found = place(draw(flow, 'es'));
    expect(found.menu?.x).toBeGreaterThan(found.hola?.x ?? Number.POSITIVE_INFINITY);
  });
  test('of something that is not a flow is empty', () => {
    expect(draw(null, 'es')).toEqual({ nodes: [], edges: [], positions: undefined });
  });
});
