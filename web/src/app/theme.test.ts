import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { themeCss } from './theme';

test('the style sheet says what the theme says', () => {
  const file = new URL('./theme.css', import.meta.url);
  if (process.env.UPDATE_GOLDEN) writeFileSync(file, themeCss());
  expect(readFileSync(file, 'utf8')).toBe(themeCss());
});
