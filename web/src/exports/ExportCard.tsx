import { Anchor, Button, Modal, Progress, Textarea } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, ask, type Export } from '@/api/client';
import { dateTime } from '@/base/format';
import { useLanguage } from '@/base/preferences';
import { Facts, Pill, Trouble, viewCss } from '@/base/view/parts';
import { Told } from '@/identity/Modals';
import css from './exports.module.css';

const kTones = {
  asked: 'accent',
  refused: 'bad',
  approved: 'good',
  making: 'busy',
  ready: 'good',
  gone: 'quiet',
} as const;

type Decision = 'approve' | 'refuse';

/** One export, with what its reader may do about it. */
export function ExportCard({ one }: { one: Export }) {
  const { t } = useTranslation('exports');
  const language = useLanguage();
  const [decision, setDecision] = useState<Decision>();
  const [passphrase, setPassphrase] = useState('');
  const rows: [string, string][] = [
    [t('field.asked_by'), `${one.asked_by.name} · ${dateTime(one.asked_at, language)}`],
    [t('field.reason'), one.reason],
    [t('field.count'), String(one.state === 'ready' ? one.rows : one.expected_rows)],
  ];
  if (one.decided_by) {
    const who = `${one.decided_by.name} · ${one.decision_reason ?? ''}`;
    rows.push([t('field.decided_by'), who]);
  }
  const hasEnd = one.state === 'asked' || one.state === 'approved' || one.state === 'ready';
  if (hasEnd) rows.push([t(`until.${one.state}`), dateTime(one.expires_at, language)]);
  return (
    <li className={css.card} data-testid="export-card">
      <div className={css.head}>
        <h2>{t(`what.${one.what}`)}</h2>
        <Pill tone={kTones[one.state]} testId="export-state">
          {t(`state.${one.state}`)}
        </Pill>
      </div>
      <Facts rows={rows} />
      <Asked one={one} />
      {one.failure && <p className={viewCss.muted}>{t(`failure.${one.failure}`)}</p>}
      {one.state === 'making' && <Making one={one} />}
      {one.may_decide && (
        <div className={css.row}>
          <Button onClick={() => setDecision('approve')} data-testid="approve">
            {t('decide.approve')}
          </Button>
          <Button variant="default" onClick={() => setDecision('refuse')} data-testid="refuse">
            {t('decide.refuse')}
          </Button>
        </div>
      )}
      {one.is_mine && <OwnActions one={one} onMade={setPassphrase} />}
      {decision && (
        <DecideModal one={one} decision={decision} onClose={() => setDecision(undefined)} />
      )}
      {passphrase && (
        <Told
          title={t('passphrase.title')}
          text={t('passphrase.text')}
          secret={passphrase}
          close={t('passphrase.close')}
          onClose={() => setPassphrase('')}
        />
      )}
    </li>
  );
}

/** What the file will hold, and which lines: what a decision is about. */
function Asked({ one }: { one: Export }) {
  const { t } = useTranslation('exports');
  const filters = Object.entries(one.filter).map(
    ([name, value]) => `${t(`filter.${name}`, { defaultValue: name })}: ${String(value)}`,
  );
  return (
    <p className={viewCss.muted}>
      {filters.length > 0 ? filters.join(' · ') : t('filter.none')}
      {one.columns.length > 0 && (
        <>
          <br />
          {t('field.columns')}: {one.columns.map((key) => t(`column.${key}`)).join(', ')}
        </>
      )}
    </p>
  );
}

function Making({ one }: { one: Export }) {
  const { t } = useTranslation('exports');
  const done = one.progress ?? 0;
  const percent = one.expected_rows > 0 ? Math.min(100, (100 * done) / one.expected_rows) : 0;
  return (
    <div>
      <Progress value={percent} aria-label={t('making.label')} />
      <p className={viewCss.muted}>
        {one.progress === null ? t('making.waits') : t('making.done', { count: done })}
      </p>
    </div>
  );
}

function OwnActions({ one, onMade }: { one: Export; onMade: (passphrase: string) => void }) {
  const { t } = useTranslation('exports');
  const queries = useQueryClient();
  const params = { path: { export_id: one.id } };
  const refresh = () => queries.invalidateQueries({ queryKey: ['exports'] });
  const make = useMutation({
    mutationFn: () => ask(api.POST('/api/v1/exports/{export_id}/file', { params })),
    onSuccess: (answer) => {
      onMade(answer.passphrase);
      return refresh();
    },
  });
  const withdraw = useMutation({
    mutationFn: () => ask(api.DELETE('/api/v1/exports/{export_id}', { params })),
    onSuccess: refresh,
  });
  const isOpen = one.state === 'asked' || one.state === 'approved' || one.state === 'ready';
  const trouble = make.error ?? withdraw.error;
  return (
    <>
      {trouble && <Trouble error={trouble} />}
      <div className={css.row}>
        {one.state === 'approved' && (
          <Button loading={make.isPending} onClick={() => make.mutate()} data-testid="make">
            {t('own.make')}
          </Button>
        )}
        {one.state === 'ready' && one.downloads_left > 0 && (
          <Anchor
            href={`/api/v1/exports/${one.id}/file`}
            onClick={() => setTimeout(() => void refresh(), 1_000)}
            data-testid="download"
          >
            {t('own.download', { count: one.downloads_left })}
          </Anchor>
        )}
        {one.state === 'ready' && one.downloads_left === 0 && <span>{t('own.no_more')}</span>}
        {isOpen && (
          <Button
            variant="default"
            loading={withdraw.isPending}
            onClick={() => withdraw.mutate()}
            data-testid="withdraw"
          >
            {t('own.withdraw')}
          </Button>
        )}
      </div>
    </>
  );
}

const kLeastReason = 3;
const kMostReason = 500;

function DecideModal(props: { one: Export; decision: Decision; onClose: () => void }) {
  const { t } = useTranslation('exports');
  const queries = useQueryClient();
  const [reason, setReason] = useState('');
  const send = useMutation({
    mutationFn: () => {
      const told = {
        params: { path: { export_id: props.one.id } },
        body: { reason: reason.trim() },
      };
      return ask(
        props.decision === 'approve'
          ? api.POST('/api/v1/exports/{export_id}/approve', told)
          : api.POST('/api/v1/exports/{export_id}/refuse', told),
      );
    },
    onSuccess: async () => {
      props.onClose();
      await queries.invalidateQueries({ queryKey: ['exports'] });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    send.mutate();
  };
  return (
    <Modal
      opened
      onClose={props.onClose}
      title={t(`decide.title_${props.decision}`)}
      closeButtonProps={{ 'aria-label': t('ask.cancel') }}
    >
      <form className={css.form} onSubmit={submit}>
        <Textarea
          label={t('decide.reason')}
          description={t(`decide.hint_${props.decision}`)}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
          required
          autosize
          minRows={2}
          maxLength={kMostReason}
          data-autofocus
          data-testid="decision-reason"
        />
        {send.error && <Trouble error={send.error} testId="decision-trouble" />}
        <div className={css.row}>
          <Button
            type="submit"
            loading={send.isPending}
            disabled={reason.trim().length < kLeastReason}
            data-testid="decide"
          >
            {t(`decide.${props.decision}`)}
          </Button>
          <Button variant="default" onClick={props.onClose}>
            {t('ask.cancel')}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
