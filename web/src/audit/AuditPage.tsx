import { Button, NativeSelect, TextInput } from '@mantine/core';
import { IconEye } from '@tabler/icons-react';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { AuditEntry } from '@/api/client';
import { dateTime } from '@/base/format';
import { useLanguage } from '@/base/preferences';
import { Empty, Page, Paged, Pill, Table, viewCss } from '@/base/view/parts';
import { ExportButton } from '@/exports/ExportButton';
import { peopleQuery } from '@/identity/queries';
import { useAccess } from '@/identity/session';
import css from './audit.module.css';
import { type AuditFilter, auditQuery, exportFilter } from './queries';
import { VerificationPanel } from './VerificationPanel';

const route = getRouteApi('/audit');

export function AuditPage() {
  const { t } = useTranslation('audit');
  const filter = route.useSearch();
  const navigate = route.useNavigate();
  const change = (part: AuditFilter) =>
    void navigate({
      search: Object.fromEntries(
        Object.entries({ ...filter, ...part }).filter(([, value]) => value),
      ) as AuditFilter,
      replace: true,
    });
  const list = useInfiniteQuery(auditQuery(filter));
  const users = useQuery(peopleQuery);
  const isFiltered = Object.keys(filter).length > 0;
  return (
    <Page
      title={filter.customer ? t('list.of_customer') : t('list.title')}
      hint={t('list.hint')}
      actions={
        <>
          <NativeSelect
            label={t('list.user')}
            value={filter.user ?? ''}
            onChange={(event) => change({ user: event.currentTarget.value })}
            data={[
              { value: '', label: t('list.everybody') },
              ...(users.data ?? []).map((user) => ({ value: user.id, label: user.name })),
            ]}
            data-testid="audit-user"
          />
          <TextInput
            type="date"
            label={t('list.from')}
            value={filter.from ?? ''}
            onChange={(event) => change({ from: event.currentTarget.value })}
          />
          <TextInput
            type="date"
            label={t('list.to')}
            value={filter.to ?? ''}
            onChange={(event) => change({ to: event.currentTarget.value })}
          />
          <ExportButton what="audit" filter={exportFilter(filter)} />
        </>
      }
    >
      <div className={css.panels}>
        <VerificationPanel />
        {filter.customer && (
          <p className={css.only} data-testid="audit-customer">
            {t('list.only', { name: nameIn(list.data?.pages[0]?.items, filter.customer) })}
            <Button variant="subtle" size="compact-sm" onClick={() => change({ customer: '' })}>
              {t('list.all')}
            </Button>
          </p>
        )}
        <Paged
          list={list}
          empty={
            <Empty
              icon={<IconEye size={26} />}
              title={t('list.none')}
              text={isFiltered ? t('list.none_filtered') : t('list.none_text')}
            />
          }
        >
          {(rows) => <Rows rows={rows} />}
        </Paged>
      </div>
    </Page>
  );
}

/** Taken from the entries: to fetch the customer would be one more reading in the log. */
function nameIn(rows: readonly AuditEntry[] | undefined, customerId: string): string {
  const named = rows?.flatMap((row) => row.customers).find((one) => one.id === customerId);
  return named?.name || '…';
}

function Rows({ rows }: { rows: readonly AuditEntry[] }) {
  const { t } = useTranslation('audit');
  const language = useLanguage();
  return (
    <Table
      label={t('list.title')}
      heads={[
        { text: t('field.at') },
        { text: t('field.actor') },
        { text: t('field.action') },
        { text: t('field.customers') },
        { text: t('field.reason') },
        { text: t('field.number'), isNumber: true },
      ]}
    >
      {rows.map((row) => (
        <tr key={row.number} data-testid="audit-row">
          <td className={viewCss.when}>{dateTime(row.at, language)}</td>
          <td>
            <ActorName row={row} />
          </td>
          <td>
            {t(`action.${row.action}`, { defaultValue: row.action })}
            {row.outcome === 'refused' && (
              <div>
                <Pill tone="bad">{t('list.refused')}</Pill>
              </div>
            )}
          </td>
          <td>
            <Customers row={row} />
          </td>
          <td>{row.reason ?? ''}</td>
          <td className={viewCss.number}>{row.number}</td>
        </tr>
      ))}
    </Table>
  );
}

function ActorName({ row }: { row: AuditEntry }) {
  const { t } = useTranslation('audit');
  if (row.actor.kind === 'user') return <>{row.actor.name ?? row.actor.id}</>;
  return <>{t(`actor.${row.actor.kind}`)}</>;
}

function Customers({ row }: { row: AuditEntry }) {
  const { t } = useTranslation('audit');
  const { may } = useAccess();
  const others = row.customer_count - row.customers.length;
  return (
    <>
      {row.customers.map((customer, index) => (
        <span key={customer.id}>
          {index > 0 && ', '}
          <Link
            to="/customers/$customerId"
            params={{ customerId: customer.id }}
            className={viewCss.link}
          >
            {customer.name || (may('read_customers') ? t('list.gone') : customer.id.slice(-8))}
          </Link>
        </span>
      ))}
      {others > 0 && <span className={viewCss.muted}> {t('list.more', { count: others })}</span>}
    </>
  );
}
