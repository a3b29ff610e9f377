import { Button, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, ask } from '@/api/client';
import { dateTime } from '@/base/format';
import { useLanguage } from '@/base/preferences';
import { tell } from '@/base/view/notify';
import { Loading, Panel, Trouble, viewCss } from '@/base/view/parts';
import css from './identity.module.css';
import { ProveModal } from './ProveModal';
import { Qr } from './Qr';
import { factorQuery } from './queries';

type Step =
  | { kind: 'idle' }
  | { kind: 'prove'; purpose: 'begin' | 'drop' }
  | { kind: 'scan'; secret: string; uri: string }
  | { kind: 'codes'; codes: string[] };

export function SecondFactorPanel() {
  const { t } = useTranslation('account');
  const queries = useQueryClient();
  const [step, setStep] = useState<Step>({ kind: 'idle' });
  const stop = () => setStep({ kind: 'idle' });
  const refresh = () => queries.invalidateQueries({ queryKey: factorQuery.queryKey });

  async function begin(password: string) {
    const body = { password };
    const begun = await ask(api.POST('/api/v1/me/second-factor', { body }));
    setStep({ kind: 'scan', secret: begun.secret, uri: begun.uri });
  }
  async function drop(password: string) {
    await ask(api.POST('/api/v1/me/second-factor/drop', { body: { password } }));
    await refresh();
    tell(t('factor.dropped'));
    stop();
  }

  return (
    <Panel title={t('factor.title')} testId="second-factor">
      {step.kind === 'scan' && (
        <Scan
          secret={step.secret}
          uri={step.uri}
          onCancel={stop}
          onConfirmed={(codes) => setStep({ kind: 'codes', codes })}
        />
      )}
      {step.kind === 'codes' && (
        <Codes codes={step.codes} onDone={() => void refresh().then(stop)} />
      )}
      {(step.kind === 'idle' || step.kind === 'prove') && (
        <State onChoose={(purpose) => setStep({ kind: 'prove', purpose })} />
      )}
      {step.kind === 'prove' && (
        <ProveModal onProved={step.purpose === 'begin' ? begin : drop} onClose={stop} />
      )}
    </Panel>
  );
}

function State(props: { onChoose: (purpose: 'begin' | 'drop') => void }) {
  const { t } = useTranslation('account');
  const language = useLanguage();
  const factor = useQuery(factorQuery);
  if (factor.error) {
    return <Trouble error={factor.error} onRetry={() => void factor.refetch()} />;
  }
  if (!factor.data) return <Loading rows={2} />;
  const { since, recovery_codes_left: left } = factor.data;
  return (
    <div className={css.narrow}>
      {since === null ? (
        <p className={viewCss.muted}>{t('factor.off')}</p>
      ) : (
        <p data-testid="factor-on">
          {t('factor.on', { when: dateTime(since, language) })} {t('factor.left', { count: left })}
        </p>
      )}
      <div className={css.row}>
        {since === null ? (
          <Button onClick={() => props.onChoose('begin')} data-testid="factor-begin">
            {t('factor.begin')}
          </Button>
        ) : (
          <Button
            variant="default"
            onClick={() => props.onChoose('drop')}
            data-testid="factor-drop"
          >
            {t('factor.drop')}
          </Button>
        )}
      </div>
    </div>
  );
}

function Scan(props: {
  secret: string;
  uri: string;
  onCancel: () => void;
  onConfirmed: (codes: string[]) => void;
}) {
  const { t } = useTranslation('account');
  const [code, setCode] = useState('');
  const confirm = useMutation({
    mutationFn: () =>
      ask(api.POST('/api/v1/me/second-factor/confirm', { body: { code: code.trim() } })),
    onSuccess: ({ recovery_codes: codes }) => props.onConfirmed(codes),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    confirm.mutate();
  };
  return (
    <form onSubmit={submit} className={css.narrow}>
      <p>{t('factor.scan')}</p>
      <Qr text={props.uri} label={t('factor.drawing')} />
      <p className={viewCss.muted}>{t('factor.by_hand')}</p>
      <code className={css.told} translate="no" data-testid="factor-secret">
        {props.secret}
      </code>
      <TextInput
        label={t('factor.code')}
        autoComplete="one-time-code"
        inputMode="numeric"
        maxLength={6}
        required
        withAsterisk={false}
        autoFocus
        value={code}
        onChange={(event) => setCode(event.currentTarget.value)}
        data-testid="factor-code"
      />
      {confirm.error && <Trouble error={confirm.error} testId="factor-trouble" />}
      <div className={css.row}>
        <Button type="submit" loading={confirm.isPending} data-testid="factor-confirm">
          {t('factor.confirm')}
        </Button>
        <Button variant="default" onClick={props.onCancel}>
          {t('factor.cancel')}
        </Button>
      </div>
    </form>
  );
}

function Codes(props: { codes: string[]; onDone: () => void }) {
  const { t } = useTranslation('account');
  return (
    <div className={css.narrow}>
      <h3>{t('factor.codes_title')}</h3>
      <p>{t('factor.codes')}</p>
      <ul className={css.codes} translate="no" data-testid="factor-codes">
        {props.codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ul>
      <div className={css.row}>
        <Button onClick={props.onDone} data-testid="factor-done">
          {t('factor.done')}
        </Button>
      </div>
    </div>
  );
}
