import { Button, SegmentedControl } from '@mantine/core';
import { IconBellRinging } from '@tabler/icons-react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Alert } from '@/api/client';
import { dateTime } from '@/base/format';
import { useLanguage } from '@/base/preferences';
import { Empty, Page, Paged, Panel, Pill, Table, type Tone, viewCss } from '@/base/view/parts';
import { useAccess } from '@/identity/session';
import { AlertDetail } from './AlertDetail';
import { CanariesPanel } from './CanariesPanel';
import { useEvidence } from './evidence';
import css from './guard.module.css';
import { type AlertState, alertsQuery } from './queries';

const route = getRouteApi('/alerts');
const kStates: readonly AlertState[] = ['open', 'blocking', 'all'];
const kTones: Record<Alert['severity'], Tone> = {
  low: 'quiet',
  medium: 'warn',
  high: 'bad',
  critical: 'bad',
};

export function AlertsPage() {
  const { t } = useTranslation('guard');
  const { may } = useAccess();
  if (may('handle_alerts')) return <Alerts />;
  return (
    <Page title={t('title')}>
      <Panel>
        <Empty
          icon={<IconBellRinging size={26} />}
          title={t('forbidden_title')}
          text={t('forbidden')}
        />
      </Panel>
    </Page>
  );
}

function Alerts() {
  const { t } = useTranslation('guard');
  const { may } = useAccess();
  const { open, state = 'open' } = route.useSearch();
  const navigate = route.useNavigate();
  const list = useInfiniteQuery(alertsQuery(state));
  const go = (search: { state?: AlertState; open?: string }) =>
    void navigate({ search, replace: true });
  return (
    <Page
      title={t('title')}
      hint={t('hint')}
      actions={
        <SegmentedControl
          aria-label={t('state.label')}
          value={state}
          onChange={(value) => go({ state: value as AlertState })}
          data={kStates.map((value) => ({ value, label: t(`state.${value}`) }))}
        />
      }
    >
      <div className={css.panels}>
        <Paged
          list={list}
          empty={
            <Empty icon={<IconBellRinging size={26} />} title={t('none')} text={t('none_text')} />
          }
        >
          {(rows) => <Rows rows={rows} onOpen={(id) => go({ state, open: id })} />}
        </Paged>
        {may('plant_canaries') && <CanariesPanel />}
      </div>
      {open && <AlertDetail key={open} id={open} onClose={() => go({ state })} />}
    </Page>
  );
}

function Rows(props: { rows: readonly Alert[]; onOpen: (id: string) => void }) {
  const { t } = useTranslation('guard');
  const evidence = useEvidence();
  const language = useLanguage();
  return (
    <Table
      label={t('title')}
      heads={[
        { text: t('field.what') },
        { text: t('field.severity') },
        { text: t('field.reader') },
        { text: t('field.at') },
        { text: t('look'), isHidden: true },
      ]}
    >
      {props.rows.map((alert) => (
        <tr key={alert.id} data-testid="alert">
          <td className={css.what}>
            <strong>{t(`signal.${alert.signal}`)}</strong>
            <div className={viewCss.muted}>{evidence(alert)}</div>
          </td>
          <td>
            <Pill tone={kTones[alert.severity]}>{t(`severity.${alert.severity}`)}</Pill>
            {alert.is_blocking && (
              <div>
                <Pill tone="bad">{t('blocked')}</Pill>
              </div>
            )}
          </td>
          <td>
            <ReaderName reader={alert.reader} />
          </td>
          <td className={viewCss.when}>{dateTime(alert.at, language)}</td>
          <td>
            <Button
              size="xs"
              variant="default"
              aria-label={t('look_at', { what: t(`signal.${alert.signal}`) })}
              onClick={() => props.onOpen(alert.id)}
              data-testid="alert-open"
            >
              {t('look')}
            </Button>
          </td>
        </tr>
      ))}
    </Table>
  );
}

export function ReaderName({ reader }: { reader: Alert['reader'] }) {
  const { t } = useTranslation('guard');
  if (reader.kind === 'nobody') return <>—</>;
  if (reader.kind === 'operator') return <>{t('operator')}</>;
  return <span translate="no">{reader.name ?? reader.id}</span>;
}
