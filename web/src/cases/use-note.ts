import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError, api, ask, type Note } from '@/api/client';
import { Autosave, type SaveOutcome, type View } from '@/base/autosave';
import { tell } from '@/base/view/notify';
import { beginNote, readKept, writeKept } from './note-storage';

export interface NoteHandle {
  view: View;
  type(text: string): void;
  flush(): Promise<void>;
  resolve(text: string): Promise<void>;
}

interface Subject {
  contactId: string;
  caseId: string;
  /** The signed-in author's stored note of this contact, when there is one. */
  stored: Note | undefined;
}

async function save(
  id: string,
  subject: Subject,
  text: string,
  version: number,
  onMasked: () => void,
): Promise<SaveOutcome> {
  try {
    const note = await ask(
      api.PUT('/api/v1/notes/{note_id}', {
        params: { path: { note_id: id } },
        body: { case_id: subject.caseId, contact_id: subject.contactId, version, text },
      }),
    );
    if (note.text !== text) onMasked();
    return { kind: 'saved', version: note.version, text: note.text };
  } catch (error) {
    if (!(error instanceof ApiError)) return { kind: 'refused' };
    if (error.code === 'note_conflict' && error.stored) {
      return { kind: 'conflict', version: error.stored.version, text: error.stored.text };
    }
    const isPassing = error.status === 0 || error.status >= 500 || error.code === 'not_signed_in';
    return { kind: isPassing ? 'unreachable' : 'refused' };
  }
}

/** The autosaved note of one contact. Mount it with `key={contactId}`: a note belongs to one. */
export function useNote(subject: Subject): NoteHandle {
  const latest = useRef(subject);
  latest.current = subject;
  const { t } = useTranslation('cases');
  const words = useRef(t);
  words.current = t;
  const [, redraw] = useState(0);
  const machine = useRef<ReturnType<typeof start> | undefined>(undefined);
  machine.current ??= start(
    latest,
    () => redraw((count) => count + 1),
    () => tell(words.current('note.masked')),
  );
  const { autosave, follow } = machine.current;
  const { stored } = subject;
  useEffect(() => {
    if (stored) follow(stored);
  }, [stored, follow]);

  useEffect(() => {
    const leave = () => void autosave.flush();
    window.addEventListener('pagehide', leave);
    window.addEventListener('online', leave);
    return () => {
      window.removeEventListener('pagehide', leave);
      window.removeEventListener('online', leave);
      void autosave.flush();
    };
  }, [autosave]);

  return {
    view: autosave.view(),
    type: (text) => autosave.type(text),
    flush: () => autosave.flush(),
    resolve: (text) => autosave.resolve(text),
  };
}

function start(subject: { current: Subject }, redraw: () => void, onMasked: () => void) {
  const { contactId, stored } = subject.current;
  const begun = beginNote(readKept(contactId, localStorage), stored);
  let id = begun.id;
  const autosave = new Autosave(begun, {
    save: (text, version) => save(id, subject.current, text, version, onMasked),
    keep: (draft) => writeKept(contactId, draft ? { ...draft, id } : undefined, localStorage),
    changed: redraw,
  });
  /** The same note, written in another window of this agent. */
  const follow = (note: Note) => {
    const { version } = autosave.view();
    const isNews = note.id === id ? note.version > version : version === 0;
    const draft = { text: note.text, savedText: note.text, version: note.version };
    if (isNews && autosave.adopt(draft)) id = note.id;
  };
  return { autosave, follow };
}
