import { expect, test } from 'vitest';
import type { Prompt } from '@/api/client';
import { chosenOf } from './shelf';

const prompt = (language: Prompt['language'], name: string, title: string, text = '') =>
  ({ language, name, title, text }) as Prompt;
const all = [
  prompt('es', 'saludo', 'Bienvenida', 'Buenos días, ¿en qué le ayudamos?'),
  prompt('en', 'saludo', 'Welcome', 'Good morning'),
  prompt('none', 'calma', 'Música tranquila'),
];
const titles = (...chosen: Parameters<typeof chosenOf>) => chosenOf(...chosen).map((p) => p.title);

test('a shelf shows its own, and no shelf all', () => {
  expect(titles(all, 'en', '')).toEqual(['Welcome']);
  expect(titles(all, '', '')).toHaveLength(3);
});

test('a prompt is found by title, name and words, whatever the accents', () => {
  expect(titles(all, '', 'dias ayudamos')).toEqual(['Bienvenida']);
  expect(titles(all, '', 'MUSICA')).toEqual(['Música tranquila']);
  expect(titles(all, '', 'saludo good')).toEqual(['Welcome']);
  expect(titles(all, 'es', 'good')).toEqual([]);
});
