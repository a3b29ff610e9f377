import { expect, test } from 'vitest';
import { menuSteps } from './MenuPath';

const entered = (node: string, kind: string) => ({
  type: 'flow_node_entered',
  data: { node, kind },
});

test('the way through the menu tells where the caller chose or gave something, once each', () => {
  const events = [
    entered('saludo', 'say'),
    entered('menu_principal', 'menu'),
    entered('menu_principal', 'menu'),
    { type: 'datum_given', data: { name: 'tema' } },
    entered('abrir_reclamacion', 'open_case'),
    entered('cola', 'queue'),
  ];
  expect(menuSteps(events)).toEqual(['Menu principal', 'Abrir reclamacion']);
});
