import { Checkbox, NativeSelect } from '@mantine/core';
import { IconFolders } from '@tabler/icons-react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { labelOf, useTopics } from '@/acd/settings';
import type { CaseRow } from '@/api/client';
import { dateTime } from '@/base/format';
import { useLanguage } from '@/base/preferences';
import { Empty, Page, Paged, Reference, Said, Table, viewCss } from '@/base/view/parts';
import { SearchBox } from '@/base/view/SearchBox';
import { ExportButton } from '@/exports/ExportButton';
import { useSignedIn } from '@/identity/session';
import { exportFilter } from './export-filter';
import { CaseStatusPill, DueDate } from './OpenCases';
import { type CaseFilter, casesQuery } from './queries';

const route = getRouteApi('/cases');
const kStatuses = [
  'live',
  'open',
  'in_progress',
  'waiting_customer',
  'resolved',
  'closed',
] as const;

export function CasesPage() {
  const { t } = useTranslation('cases');
  const filter = route.useSearch();
  const navigate = route.useNavigate();
  const change = (part: Partial<Record<keyof CaseFilter, CaseFilter[keyof CaseFilter]>>) =>
    void navigate({
      search: Object.fromEntries(
        Object.entries({ ...filter, ...part }).filter(([, value]) => value),
      ) as CaseFilter,
      replace: true,
    });
  const { user } = useSignedIn();
  const list = useInfiniteQuery(casesQuery(filter));
  return (
    <Page
      title={t('list.title')}
      hint={t('list.hint')}
      actions={
        <>
          <SearchBox
            label={t('list.search')}
            text={filter.text ?? ''}
            onSearch={(text) => change({ text })}
          />
          <NativeSelect
            label={t('list.status')}
            value={filter.status ?? ''}
            onChange={(event) =>
              change({ status: event.currentTarget.value as NonNullable<CaseFilter['status']> })
            }
            data={[
              { value: '', label: t('list.all') },
              ...kStatuses.map((value) => ({ value, label: t(`list.${value}`) })),
            ]}
            data-testid="cases-status"
          />
          <Checkbox
            label={t('list.mine')}
            checked={filter.mine ?? false}
            onChange={(event) => change({ mine: event.currentTarget.checked })}
            mb={8}
          />
          <ExportButton what="cases" filter={exportFilter(filter, user.id)} />
        </>
      }
    >
      <Paged
        list={list}
        empty={
          <Empty
            icon={<IconFolders size={26} />}
            title={t('list.none')}
            text={
              filter.text || filter.status || filter.mine
                ? t('list.none_filtered')
                : t('list.none_text')
            }
          />
        }
      >
        {(rows) => <Rows rows={rows} />}
      </Paged>
    </Page>
  );
}

function Rows({ rows }: { rows: readonly CaseRow[] }) {
  const { t } = useTranslation('cases');
  const language = useLanguage();
  const topics = useTopics();
  return (
    <Table
      label={t('list.title')}
      heads={[
        { text: t('field.reference') },
        { text: t('field.subject') },
        { text: t('field.customer') },
        { text: t('field.status') },
        { text: t('field.owner') },
        { text: t('list.due') },
        { text: t('field.opened') },
      ]}
    >
      {rows.map((row) => (
        <tr key={row.id} data-testid="case-row">
          <td>
            <Link
              to="/cases/$caseId"
              params={{ caseId: row.id }}
              className={viewCss.link}
              data-testid={`case-link-${row.reference}`}
            >
              <Reference digits={row.reference} />
            </Link>
          </td>
          <td>
            <Said text={row.subject} />
            <div className={viewCss.muted}>{labelOf(topics.data, row.topic)}</div>
          </td>
          <td>{row.customer?.name ?? ''}</td>
          <td>
            <CaseStatusPill status={row.status} />
          </td>
          <td>{row.owner?.name ?? ''}</td>
          <td className={viewCss.when}>
            <DueDate row={row} />
          </td>
          <td className={viewCss.when}>{dateTime(row.opened_at, language)}</td>
        </tr>
      ))}
    </Table>
  );
}
