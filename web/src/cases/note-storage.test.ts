import { describe, expect, test } from 'vitest';
import type { Note } from '@/api/client';
import { beginNote, readKept } from './note-storage';

const stored: Note = {
  id: 'n1',
  case_id: 'm1',
  contact_id: 't1',
  author: null,
  version: 3,
  text: 'en el servidor',
  created_at: '2026-11-23T10:00:00Z',
  updated_at: '2026-11-23T10:00:00Z',
};

describe('a note begins', () => {
  test('with what this browser still holds of it', () => {
    const kept = { id: 'n1', text: 'sin enviar', savedText: 'en el servidor', version: 3 };
    expect(beginNote(kept, stored)).toEqual(kept);
  });
  test('clean when the server already has what the browser holds', () => {
    const kept = { id: 'n1', text: 'en el servidor', savedText: '', version: 2 };
    expect(beginNote(kept, stored)).toEqual({
      id: 'n1',
      text: 'en el servidor',
      savedText: 'en el servidor',
      version: 3,
    });
  });
  test('with the server’s when the browser holds nothing', () => {
    expect(beginNote(undefined, stored)).toMatchObject({ id: 'n1', version: 3 });
  });
  test('empty under a new id when nobody has it', () => {
    const note = beginNote(undefined, undefined);
    expect(note).toMatchObject({ text: '', version: 0 });
    expect(note.id).toMatch(
      /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
  });
  test('without regard for what is not a draft in storage', () => {
    for (const text of [null, 'no es json', '{}', '{"id":1}']) {
      expect(readKept('t1', { getItem: () => text })).toBeUndefined();
    }
  });
});
