import { Button, Textarea } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { SaveState } from '@/base/autosave';
import { Panel, Pill, type Tone } from '@/base/view/parts';
import css from './cases.module.css';
import type { NoteHandle } from './use-note';

const kTone: Record<SaveState, Tone> = {
  clean: 'quiet',
  typing: 'quiet',
  saving: 'quiet',
  saved: 'good',
  waiting: 'warn',
  conflict: 'bad',
  refused: 'bad',
};

export function NoteEditor({ note }: { note: NoteHandle }) {
  const { t } = useTranslation('cases');
  const { view } = note;
  return (
    <Panel
      title={t('note.title')}
      testId="note-panel"
      aside={
        view.state !== 'clean' && (
          <span aria-live="polite">
            <Pill tone={kTone[view.state]} testId="note-state">
              {t(`note.${view.state}`)}
            </Pill>
          </span>
        )
      }
    >
      <Textarea
        aria-label={t('note.title')}
        placeholder={t('note.placeholder')}
        autosize
        minRows={5}
        maxRows={16}
        maxLength={10_000}
        value={view.text}
        onChange={(event) => note.type(event.currentTarget.value)}
        onBlur={() => void note.flush()}
        data-testid="note-text"
      />
      {view.state === 'conflict' && view.theirs !== undefined && (
        <Conflict note={note} theirs={view.theirs} />
      )}
    </Panel>
  );
}

function Conflict({ note, theirs }: { note: NoteHandle; theirs: string }) {
  const { t } = useTranslation('cases');
  const ours = note.view.text;
  return (
    <div className={css.conflict} role="alert" data-testid="note-conflict">
      <p>{t('note.conflict_text')}</p>
      <blockquote className={css.theirs}>{theirs}</blockquote>
      <div className={css.row}>
        <Button
          size="xs"
          onClick={() => void note.resolve(`${theirs}\n\n${ours}`)}
          data-testid="note-keep-both"
        >
          {t('note.keep_both')}
        </Button>
        <Button size="xs" variant="default" onClick={() => void note.resolve(ours)}>
          {t('note.keep_mine')}
        </Button>
        <Button size="xs" variant="default" onClick={() => void note.resolve(theirs)}>
          {t('note.keep_theirs')}
        </Button>
      </div>
    </div>
  );
}
