import { expect, test } from 'vitest';
import { filesOf } from './files';

test('a flow plays the recordings of its fixed texts, in the languages they are written in', () => {
  const document = {
    prompts: {
      saludo: { es: 'Hola.', en: 'Hello.', file: 'saludo.wav' },
      saldo: { es: 'Son {saldo}.', file: 'saldo.wav' },
      cierre: { es: 'Cerrado.', file: 'cierre.wav' },
      adios: { es: 'Adiós.' },
    },
  };
  expect(filesOf(document, 'es')).toEqual(['saludo.wav', 'cierre.wav']);
  expect(filesOf(document, 'en')).toEqual(['saludo.wav']);
  expect(filesOf({}, 'es')).toEqual([]);
});
