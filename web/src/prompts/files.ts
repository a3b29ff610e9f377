import type { Language } from '@/base/format';

interface Document {
  prompts?: Record<string, Partial<Record<Language | 'file', string>>>;
}

/** The recordings that a flow plays in a language. A text with a placeholder is always spoken. */
export function filesOf(document: Document, language: Language): string[] {
  return Object.values(document.prompts ?? {}).flatMap((prompt) => {
    const text = prompt[language];
    return prompt.file && text !== undefined && !text.includes('{') ? [prompt.file] : [];
  });
}
