import { create } from 'zustand';
import type { Language } from './format';

export type ThemeChoice = 'light' | 'dark' | 'auto';

export interface Preferences {
  language: Language;
  theme: ThemeChoice;
  /** The page rings when an offer arrives. */
  sound: boolean;
}

const kKey = 'escucha.preferences';
const kDefaults: Preferences = { language: 'es', theme: 'auto', sound: true };

/** What was chosen on this computer. Unreadable storage means the defaults. */
export function parsePreferences(text: string | null): Preferences & { chosen: boolean } {
  try {
    const saved = JSON.parse(text ?? '') as Partial<Preferences>;
    return {
      language: saved.language === 'en' ? 'en' : 'es',
      theme: saved.theme === 'light' || saved.theme === 'dark' ? saved.theme : 'auto',
      sound: saved.sound !== false,
      chosen: saved.language !== undefined,
    };
  } catch {
    return { ...kDefaults, chosen: false };
  }
}

function read(): Preferences & { chosen: boolean } {
  try {
    return parsePreferences(localStorage.getItem(kKey));
  } catch {
    return { ...kDefaults, chosen: false };
  }
}

interface Store extends Preferences {
  /** False until the person has chosen a language here; until then the user's own one is taken. */
  chosen: boolean;
  change(part: Partial<Preferences>): void;
}

export const usePreferences = create<Store>((set, get) => ({
  ...read(),
  change(part) {
    set({ ...part, chosen: get().chosen || part.language !== undefined });
    const { language, theme, sound, chosen } = get();
    try {
      localStorage.setItem(
        kKey,
        JSON.stringify(chosen ? { language, theme, sound } : { theme, sound }),
      );
    } catch {
      // Without storage the choice lasts as long as the page.
    }
  },
}));

export const useLanguage = (): Language => usePreferences((store) => store.language);
