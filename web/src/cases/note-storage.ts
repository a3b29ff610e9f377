import { type Note, newUuid } from '@/api/client';
import type { Draft } from '@/base/autosave';

/** The note an agent writes during one contact, as kept in this browser until the server has it. */
export interface KeptNote extends Draft {
  id: string;
}

const key = (contactId: string) => `escucha.note.${contactId}`;

export function readKept(
  contactId: string,
  storage: Pick<Storage, 'getItem'>,
): KeptNote | undefined {
  try {
    const kept = JSON.parse(storage.getItem(key(contactId)) ?? '') as Partial<KeptNote>;
    const isWhole =
      typeof kept.id === 'string' &&
      typeof kept.text === 'string' &&
      typeof kept.version === 'number' &&
      typeof kept.savedText === 'string';
    return isWhole ? (kept as KeptNote) : undefined;
  } catch {
    return undefined;
  }
}

export function writeKept(contactId: string, kept: KeptNote | undefined, storage: Storage): void {
  try {
    if (kept) storage.setItem(key(contactId), JSON.stringify(kept));
    else storage.removeItem(key(contactId));
  } catch {
    // A full or forbidden storage: the server's copy, two seconds later, is then the only one.
  }
}

/**
 * With which text and version the note begins. What this browser still holds wins over the server's
 * copy of the same note: it is what the person typed last here. Its version decides whether the
 * next save is accepted or shows both texts.
 */
export function beginNote(kept: KeptNote | undefined, stored: Note | undefined): KeptNote {
  if (kept && (!stored || kept.id === stored.id)) {
    if (stored && stored.text === kept.text) {
      return { id: kept.id, text: stored.text, savedText: stored.text, version: stored.version };
    }
    return kept;
  }
  if (stored) {
    return { id: stored.id, text: stored.text, savedText: stored.text, version: stored.version };
  }
  return { id: newUuid(), text: '', savedText: '', version: 0 };
}
