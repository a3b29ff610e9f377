import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { catalogue as en } from './en';
import { catalogue as es } from './es';
import { kNamespaces } from './index';

const root = new URL('../../', import.meta.url).pathname;

function flat(value: object, prefix = ''): Map<string, string> {
  const keys = new Map<string, string>();
  for (const [name, inner] of Object.entries(value)) {
    if (typeof inner === 'string') keys.set(prefix + name, inner);
    else for (const [key, text] of flat(inner, `${prefix}${name}.`)) keys.set(key, text);
  }
  return keys;
}

const spanish = flat(es);
const english = flat(en);
const plural = /_(one|many|other)$/;
const bare = (key: string) => key.replace(plural, '');
const placeholders = (text: string) => [...text.matchAll(/\{\{(\w+)\}\}/g)].map((m) => m[1]).sort();

function sources(folder = root): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter(
      (file) => file.isFile() && /\.tsx?$/.test(file.name) && !/\.test\.|\.d\.ts/.test(file.name),
    )
    .map((file) => readFileSync(join(file.parentPath, file.name), 'utf8'));
}

describe('the catalogues', () => {
  test('say the same things in both languages', () => {
    const names = (keys: Map<string, string>) => [...new Set([...keys.keys()].map(bare))].sort();
    expect(names(spanish)).toEqual(names(english));
  });

  test('are all loaded', () => {
    expect(Object.keys(es).sort()).toEqual([...kNamespaces].sort());
  });

  test('have no empty text', () => {
    const empty = [...spanish, ...english].filter(([, text]) => text.trim() === '');
    expect(empty).toEqual([]);
  });

  test('have every plural form of their language', () => {
    const missing: string[] = [];
    for (const [language, keys] of [
      ['es', spanish],
      ['en', english],
    ] as const) {
      const forms = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
      for (const key of keys.keys()) {
        if (!plural.test(key)) continue;
        for (const form of forms) {
          if (!keys.has(`${bare(key)}_${form}`)) missing.push(`${language}: ${bare(key)}_${form}`);
        }
      }
    }
    expect([...new Set(missing)]).toEqual([]);
  });

  test('use the same placeholders in both languages', () => {
    const differing = [...spanish].filter(([key, text]) => {
      const other = english.get(key);
      return other !== undefined && placeholders(text).join() !== placeholders(other).join();
    });
    expect(differing).toEqual([]);
  });

  test('have every key that the pages name, and no other', () => {
    const used = new Set<string>();
    const starts = new Set<string>();
    for (const text of sources()) {
      const first = /useTranslation\(\[?'(\w+)'/.exec(text)?.[1] ?? 'app';
      for (const match of text.matchAll(/\bt\(\s*([`'])((?:\\.|(?!\1).)*)\1/g)) {
        const key = match[2] ?? '';
        const whole = key.includes(':') ? key.replace(':', '.') : `${first}.${key}`;
        const hole = whole.indexOf('${');
        if (hole < 0) used.add(whole);
        else starts.add(whole.slice(0, hole));
      }
    }
    // Asked for with the catalogue's name as an option, in code that is not a component.
    for (const key of ['app.problem.title', 'app.action.close']) used.add(key);
    starts.add('app.problem.');
    const known = new Set([...spanish.keys()].map(bare));
    expect([...used].filter((key) => !known.has(key))).toEqual([]);
    const unused = [...known].filter(
      (key) => !used.has(key) && ![...starts].some((start) => key.startsWith(start)),
    );
    expect(unused).toEqual([]);
  });
});
