import { Button, Modal, Textarea } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type Alert, api, ask, type AlertDetail as Detail } from '@/api/client';
import { dateTime } from '@/base/format';
import { useLanguage } from '@/base/preferences';
import { tell } from '@/base/view/notify';
import { Facts, Loading, Said, Trouble, viewCss } from '@/base/view/parts';
import { useSignedIn } from '@/identity/session';
import { ReaderName } from './AlertsPage';
import { useEvidence } from './evidence';
import css from './guard.module.css';
import { alertQuery } from './queries';

export function AlertDetail(props: { id: string; onClose: () => void }) {
  const { t } = useTranslation('guard');
  const found = useQuery(alertQuery(props.id));
  return (
    <Modal
      opened
      onClose={props.onClose}
      size="lg"
      title={found.data ? t(`signal.${found.data.signal}`) : t('title')}
      closeButtonProps={{ 'aria-label': t('close') }}
      data-testid="alert-detail"
    >
      {found.error && <Trouble error={found.error} onRetry={() => void found.refetch()} />}
      {found.isPending && <Loading rows={4} />}
      {found.data && <Evidence alert={found.data} onClose={props.onClose} />}
    </Modal>
  );
}

function Evidence({ alert, onClose }: { alert: Detail; onClose: () => void }) {
  const { t } = useTranslation('guard');
  const evidence = useEvidence();
  const { t: audit } = useTranslation('audit');
  const language = useLanguage();
  const { user } = useSignedIn();
  const isOwn = alert.reader.id === user.id;
  return (
    <div className={css.form}>
      <p>{evidence(alert)}</p>
      <Facts
        rows={[
          [t('field.at'), dateTime(alert.at, language)],
          [t('field.reader'), <ReaderName key="reader" reader={alert.reader} />],
          ...answer(t('acknowledged'), alert.acknowledged, language),
          ...answer(t('lifted'), alert.lifted, language),
        ]}
      />
      {alert.customers.length > 0 && (
        <section>
          <h3>{t('customers')}</h3>
          <ul className={css.list}>
            {alert.customers.map((customer) => (
              <li key={customer.id}>
                <Link
                  to="/customers/$customerId"
                  params={{ customerId: customer.id }}
                  className={viewCss.link}
                >
                  {customer.name || t('nameless')}
                </Link>
              </li>
            ))}
          </ul>
        </section>
      )}
      {alert.signal === 'canary_contacted' && (
        <section data-testid="alert-readers">
          <h3>{t('readers')}</h3>
          {alert.readers.length === 0 && <p>{t('readers_none')}</p>}
          <ul className={css.list}>
            {alert.readers.map((read) => (
              <li key={`${read.at} ${read.reader.id}`}>
                <ReaderName reader={read.reader} />, {dateTime(read.at, language)}:{' '}
                {audit(`action.${read.action}`, { defaultValue: read.action })}
              </li>
            ))}
          </ul>
        </section>
      )}
      {isOwn && <p>{t('own')}</p>}
      {!isOwn && alert.is_blocking && <Answer what="lift" alert={alert} onDone={onClose} />}
      {!isOwn && !alert.is_blocking && alert.acknowledged === null && (
        <Answer what="acknowledge" alert={alert} onDone={onClose} />
      )}
    </div>
  );
}

function answer(name: string, given: Alert['acknowledged'], language: 'es' | 'en') {
  if (given === null) return [];
  const who = `${given.by ?? 'escuchactl'}, ${dateTime(given.at, language)}: `;
  return [
    [
      name,
      <span key={name}>
        {who}
        <Said text={given.reason} />
      </span>,
    ] as const,
  ];
}

function Answer(props: { what: 'lift' | 'acknowledge'; alert: Alert; onDone: () => void }) {
  const { t } = useTranslation('guard');
  const queries = useQueryClient();
  const [reason, setReason] = useState('');
  const act = useMutation({
    mutationFn: () => {
      const given = {
        params: { path: { alert_id: props.alert.id } },
        body: { reason: reason.trim() },
      };
      return props.what === 'lift'
        ? ask(api.POST('/api/v1/alerts/{alert_id}/lift', given))
        : ask(api.POST('/api/v1/alerts/{alert_id}/acknowledge', given));
    },
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['alerts'] });
      tell(t(`answer.${props.what}.done`));
      props.onDone();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    act.mutate();
  };
  return (
    <form onSubmit={submit} className={css.form}>
      <Textarea
        label={t('reason')}
        description={t(`answer.${props.what}.text`)}
        autosize
        minRows={2}
        maxLength={500}
        required
        withAsterisk={false}
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
        data-testid="alert-reason"
      />
      {act.error && <Trouble error={act.error} testId="alert-trouble" />}
      <div className={css.row}>
        <Button
          type="submit"
          disabled={reason.trim().length < 3}
          loading={act.isPending}
          data-testid={`alert-${props.what}`}
        >
          {t(`answer.${props.what}.action`)}
        </Button>
      </div>
    </form>
  );
}
