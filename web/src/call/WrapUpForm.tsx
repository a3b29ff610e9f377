import { Button, NativeSelect, TextInput } from '@mantine/core';
import { IconClockPlus } from '@tabler/icons-react';
import { type FormEvent, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAgentCommand } from '@/acd/commands';
import { useTopics } from '@/acd/settings';
import type { CaseRow, ContactLive, Desk } from '@/api/client';
import { serverNow, useNow } from '@/base/clock';
import { until } from '@/base/format';
import { Panel, Until } from '@/base/view/parts';
import { useOwners } from '@/cases/owners';
import type { NoteHandle } from '@/cases/use-note';
import { useSignedIn } from '@/identity/session';
import css from './call.module.css';
import {
  type Choices,
  dayOf,
  dispositionOf,
  hasNextStep,
  keepChoices,
  kOutcomes,
  missingOf,
  readChoices,
} from './disposition';

/** What came of the contact. It can be filled in while still talking; it is kept in this browser
 * until sent, so a reload loses nothing. */
export function WrapUpForm(props: {
  desk: Desk;
  contact: ContactLive;
  row: CaseRow;
  note: NoteHandle;
}) {
  const { t } = useTranslation(['call', 'cases']);
  const { desk, contact, row, note } = props;
  const { user } = useSignedIn();
  const topics = useTopics();
  const owners = useOwners(row.owner);
  const command = useAgentCommand(desk.agent.id);
  const [choices, setChoices] = useState<Choices>(
    () =>
      readChoices(contact.id) ?? {
        topic: row.topic,
        outcome: '',
        next_step: row.next_step ?? '',
        owner: row.owner?.id ?? user.id,
        due: row.due ?? '',
      },
  );
  const [isTried, setTried] = useState(false);
  useEffect(() => keepChoices(contact.id, choices), [contact.id, choices]);
  const set = (part: Partial<Choices>) => setChoices({ ...choices, ...part });
  const today = dayOf(serverNow());
  const missing = missingOf(choices, today);
  const mark = (field: keyof Choices) =>
    isTried && missing.includes(field) ? t(`wrap_up.missing_${field}`) : undefined;
  const isWrapUp = desk.agent.state === 'wrap_up';
  const form = useRef<HTMLFormElement>(null);
  const topic = useRef<HTMLSelectElement>(null);
  // Who works by keyboard goes on here when the call has ended; nobody is taken out of a field.
  useEffect(() => {
    if (isWrapUp && document.activeElement === document.body) topic.current?.focus();
  }, [isWrapUp]);

  async function submit(event: FormEvent) {
    event.preventDefault();
    setTried(true);
    if (missing.length > 0) {
      const first = missing[0];
      form.current?.querySelector<HTMLElement>(`[name=${first}]`)?.focus();
      return;
    }
    await note.flush();
    const disposition = dispositionOf(choices, today);
    if (!disposition) return;
    command.mutate(
      { kind: 'finish_wrap_up', disposition },
      { onSuccess: () => keepChoices(contact.id, undefined) },
    );
  }

  return (
    <Panel
      title={t('wrap_up.title')}
      testId="wrap-up"
      aside={
        isWrapUp && (
          <Countdown desk={desk} onExtend={() => command.mutate({ kind: 'extend_wrap_up' })} />
        )
      }
    >
      <form ref={form} onSubmit={(event) => void submit(event)} className={css.form} noValidate>
        <NativeSelect
          ref={topic}
          name="topic"
          label={t('cases:field.topic')}
          value={choices.topic}
          error={mark('topic')}
          onChange={(event) => set({ topic: event.currentTarget.value })}
          data={[
            { value: '', label: t('wrap_up.choose') },
            ...(topics.data ?? []).map((topic) => ({ value: topic.code, label: topic.label })),
          ]}
          data-testid="wrap-up-topic"
        />
        <NativeSelect
          name="outcome"
          label={t('cases:field.outcome')}
          value={choices.outcome}
          error={mark('outcome')}
          onChange={(event) => set({ outcome: event.currentTarget.value as Choices['outcome'] })}
          data={[
            { value: '', label: t('wrap_up.choose') },
            ...kOutcomes.map((value) => ({ value, label: t(`cases:outcome.${value}`) })),
          ]}
          data-testid="wrap-up-outcome"
        />
        {hasNextStep(choices.outcome) && (
          <>
            <TextInput
              className={css.formWide}
              name="next_step"
              label={t('cases:field.next_step')}
              maxLength={500}
              value={choices.next_step}
              error={mark('next_step')}
              onChange={(event) => set({ next_step: event.currentTarget.value })}
              data-testid="wrap-up-next-step"
            />
            <NativeSelect
              name="owner"
              label={t('cases:field.owner')}
              value={choices.owner}
              error={mark('owner')}
              onChange={(event) => set({ owner: event.currentTarget.value })}
              data={owners.map((owner) => ({ value: owner.id, label: owner.name }))}
              data-testid="wrap-up-owner"
            />
            <TextInput
              type="date"
              name="due"
              min={today}
              label={t('cases:field.due')}
              value={choices.due}
              error={mark('due')}
              onChange={(event) => set({ due: event.currentTarget.value })}
              data-testid="wrap-up-due"
            />
          </>
        )}
        <div className={`${css.actions} ${css.formWide}`}>
          <Button
            type="submit"
            disabled={!isWrapUp}
            loading={command.isPending}
            data-testid="wrap-up-finish"
          >
            {t('wrap_up.finish')}
          </Button>
          {!isWrapUp && <span className={css.sub}>{t('wrap_up.during_call')}</span>}
        </div>
      </form>
    </Panel>
  );
}

/** Below this the countdown turns red. */
const kShortMs = 15_000;

function Countdown({ desk, onExtend }: { desk: Desk; onExtend: () => void }) {
  const { t } = useTranslation('call');
  const left = until(desk.agent.until, useNow());
  return (
    <div className={css.countdown} data-is-short={left < kShortMs} data-testid="wrap-up-countdown">
      <span>
        {t('wrap_up.left')} <Until instant={desk.agent.until} />
      </span>
      <Button
        size="compact-sm"
        variant="default"
        leftSection={<IconClockPlus size={15} aria-hidden="true" />}
        onClick={onExtend}
        data-testid="wrap-up-extend"
      >
        {t('wrap_up.extend')}
      </Button>
    </div>
  );
}
