import type { Prompt } from '@/api/client';

/** A language of the library, `none` for music, or all of them. */
export type Shelf = Prompt['language'] | '';

const plain = (text: string) => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();

/** Those of a shelf in which every word of `text` occurs: in title, name or what is said. */
export function chosenOf(all: readonly Prompt[], shelf: Shelf, text: string): Prompt[] {
  const words = plain(text).split(/\s+/).filter(Boolean);
  return all.filter((prompt) => {
    const said = plain(`${prompt.title} ${prompt.name} ${prompt.text}`);
    return (
      (shelf === '' || prompt.language === shelf) && words.every((word) => said.includes(word))
    );
  });
}
