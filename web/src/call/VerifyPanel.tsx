import { Button, Select, TextInput } from '@mantine/core';
import { IconCheck, IconLock } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, ask, type IdentityQuestion, type Verification } from '@/api/client';
import { Loading, Panel, Pill, Trouble } from '@/base/view/parts';
import { refreshDesk } from '@/live/store';
import css from './call.module.css';

const keyOf = (contactId: string, customerId: string) => ['verification', contactId, customerId];

/** Whether it is the right person: questions whose answers only the server knows. */
export function VerifyPanel(props: { contactId: string; customerId: string }) {
  const { t } = useTranslation('call');
  const path = { contact_id: props.contactId };
  const found = useQuery({
    queryKey: keyOf(props.contactId, props.customerId),
    queryFn: () => ask(api.GET('/api/v1/contacts/{contact_id}/verification', { params: { path } })),
  });
  const state = found.data?.state;
  return (
    <Panel
      title={t('verify.title')}
      testId="verify-panel"
      aside={
        state === 'verified' ? (
          <Pill tone="good" dot={false}>
            <IconCheck size={12} aria-hidden="true" /> {t('verify.verified')}
          </Pill>
        ) : (
          state === 'locked' && (
            <Pill tone="bad" dot={false}>
              <IconLock size={12} aria-hidden="true" /> {t('verify.locked')}
            </Pill>
          )
        )
      }
    >
      {found.error && <Trouble error={found.error} onRetry={() => void found.refetch()} />}
      {found.isPending && <Loading rows={2} />}
      {state === 'verified' && <p className={css.sub}>{t('verify.verified_text')}</p>}
      {state === 'locked' && <p className={css.sub}>{t('verify.locked_text')}</p>}
      {found.data?.state === 'unverified' && <Asking {...props} verification={found.data} />}
    </Panel>
  );
}

function Asking(props: { contactId: string; customerId: string; verification: Verification }) {
  const { t } = useTranslation('call');
  const queries = useQueryClient();
  const { verification } = props;
  const open = verification.questions.filter((each) => !each.is_answered).map((each) => each.key);
  const right = verification.questions.length - open.length;
  const [chosen, setChosen] = useState<IdentityQuestion | null>(null);
  const [answer, setAnswer] = useState('');
  const question = chosen !== null && open.includes(chosen) ? chosen : open[0];
  const check = useMutation({
    mutationFn: (key: IdentityQuestion) =>
      ask(
        api.POST('/api/v1/contacts/{contact_id}/verification', {
          params: { path: { contact_id: props.contactId } },
          body: { question: key, answer: answer.trim() },
        }),
      ),
    onSuccess: (checked) => {
      setAnswer('');
      queries.setQueryData(keyOf(props.contactId, props.customerId), checked);
      if (checked.state !== 'verified') return;
      void queries.invalidateQueries({ queryKey: ['accounts'] });
      void refreshDesk();
    },
  });
  if (verification.questions.length < verification.right_needed || question === undefined) {
    return <p className={css.sub}>{t('verify.too_few')}</p>;
  }
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (answer.trim() !== '') check.mutate(question);
  };
  return (
    <form onSubmit={submit} className={css.verify}>
      <p className={css.sub}>
        {t('verify.progress', { right, needed: verification.right_needed })}
      </p>
      <Select
        label={t('verify.question')}
        value={question}
        onChange={(value) => setChosen(value as IdentityQuestion | null)}
        allowDeselect={false}
        data={open.map((key) => ({ value: key, label: t(`verify.ask.${key}`) }))}
        data-testid="verify-question"
      />
      <TextInput
        label={t('verify.answer')}
        description={t(`verify.form.${question}`)}
        value={answer}
        onChange={(event) => setAnswer(event.currentTarget.value)}
        maxLength={60}
        autoComplete="off"
        data-testid="verify-answer"
      />
      <p className={css.sub} aria-live="polite" data-testid="verify-result">
        {check.data?.was_right === false && t('verify.wrong', { count: check.data.wrong_left })}
        {check.data?.was_right === true && t('verify.right')}
      </p>
      {check.error && <Trouble error={check.error} />}
      <Button
        type="submit"
        size="xs"
        disabled={answer.trim() === ''}
        loading={check.isPending}
        data-testid="verify-check"
      >
        {t('verify.check')}
      </Button>
    </form>
  );
}
