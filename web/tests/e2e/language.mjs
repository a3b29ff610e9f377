// Finds texts of one catalogue on a page that is in the other language.
import { readdirSync, readFileSync } from 'node:fs';

const folder = (language) => new URL(`../../src/base/i18n/${language}/`, import.meta.url);

function catalogue(language) {
  const texts = new Map();
  const walk = (value, key) => {
    if (typeof value === 'string') texts.set(key, value);
    else for (const [name, inner] of Object.entries(value)) walk(inner, `${key}.${name}`);
  };
  for (const name of readdirSync(folder(language))) {
    if (name.endsWith('.json')) {
      walk(JSON.parse(readFileSync(new URL(name, folder(language)), 'utf8')), name);
    }
  }
  return texts;
}

/** Languages are offered under their own names. */
const kOwnNames = new Set(['Español', 'English']);
const catalogues = { es: catalogue('es'), en: catalogue('en') };

const literally = (text) => text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');

/** Every text of `other` that `language` says differently, as a pattern for a whole text. */
function patterns(language, other) {
  const own = new Set(catalogues[language].values());
  const found = new Set();
  for (const text of catalogues[other].values()) {
    if (own.has(text) || kOwnNames.has(text)) continue;
    // One letter or figure alone, or nothing but what is put in, could be anything.
    if (text.replaceAll(/\{\{\w+\}\}/g, '').trim().length < 3) continue;
    const literal = text.split(/\{\{\w+\}\}/).map(literally);
    found.add(`^${literal.join('.+')}$`);
  }
  return [...found];
}

const foreign = { es: patterns('es', 'en'), en: patterns('en', 'es') };

/** Texts, labels and hints on the page that the other language's catalogue says. */
export async function foreignTexts(page, language) {
  return page.evaluate((sources) => {
    const said = new Set();
    const add = (text) => {
      const words = text?.replaceAll(/\s+/g, ' ').trim();
      if (words) said.add(words);
    };
    // Names that somebody chose for something are in no language.
    const isName = (element) => element.closest('[translate=no]') !== null;
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const element = walker.currentNode.parentElement;
      if (!/^(SCRIPT|STYLE)$/.test(element.tagName) && !isName(element)) {
        add(walker.currentNode.textContent);
      }
    }
    for (const element of document.querySelectorAll('*')) {
      for (const name of ['aria-label', 'aria-description', 'placeholder', 'title', 'alt']) {
        add(element.getAttribute(name));
      }
    }
    add(document.title);
    const patterns = sources.map((source) => new RegExp(source));
    return [...said].filter((text) => patterns.some((pattern) => pattern.test(text)));
  }, foreign[language]);
}
