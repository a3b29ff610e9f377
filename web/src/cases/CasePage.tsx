import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { labelOf, useTopics } from '@/acd/settings';
import type { CaseDatum, CaseRow } from '@/api/client';
import { dateTime, reference } from '@/base/format';
import { useLanguage } from '@/base/preferences';
import { Facts, Loading, Page, Panel, Said, Trouble, viewCss } from '@/base/view/parts';
import { useDatumName, useDatumValue } from '@/call/ContextPanel';
import { CaseEdit } from './CaseEdit';
import { CloseCase } from './CloseCase';
import css from './cases.module.css';
import { datumText } from './datum-text';
import { CaseStatusPill, DueDate } from './OpenCases';
import { caseQuery } from './queries';
import { Timeline } from './Timeline';

const route = getRouteApi('/cases/$caseId');

export function CasePage() {
  const { t } = useTranslation('cases');
  const { caseId } = route.useParams();
  const found = useQuery(caseQuery(caseId));
  if (found.error && !found.data) {
    return (
      <Page title={t('page.title')}>
        <Trouble error={found.error} onRetry={() => void found.refetch()} />
      </Page>
    );
  }
  if (!found.data) {
    return (
      <Page title={t('page.title')}>
        <Panel>
          <Loading rows={6} />
        </Panel>
      </Page>
    );
  }
  const row = found.data.case;
  return (
    <Page
      title={<Said text={row.subject} />}
      hint={t('page.reference', { reference: reference(row.reference) })}
      actions={
        <div className={css.row}>
          <CaseStatusPill status={row.status} />
          {row.status !== 'closed' && <CloseCase row={row} />}
        </div>
      }
    >
      <div className={css.grid}>
        <div className={css.column}>
          <About row={row} />
          <Given data={found.data.data} />
          {row.status !== 'closed' && <CaseEdit key={row.id} row={row} etag={found.data.etag} />}
        </div>
        <Timeline of="case" id={row.id} />
      </div>
    </Page>
  );
}

/** What callers gave that belongs to the matter: it does not go with the call. */
function Given({ data }: { data: CaseDatum[] }) {
  const { t } = useTranslation('cases');
  const language = useLanguage();
  const name = useDatumName();
  const value = useDatumValue();
  if (data.length === 0) return null;
  return (
    <Panel title={t('page.given')} testId="case-data">
      <Facts
        rows={data.map((datum) => [name(datum.name), value(datumText(datum, language))] as const)}
      />
    </Panel>
  );
}

function About({ row }: { row: CaseRow }) {
  const { t } = useTranslation('cases');
  const language = useLanguage();
  const topics = useTopics();
  const facts: [string, React.ReactNode][] = [
    [
      t('field.customer'),
      row.customer ? (
        <Link
          key="customer"
          to="/customers/$customerId"
          params={{ customerId: row.customer.id }}
          className={viewCss.link}
        >
          {row.customer.name}
        </Link>
      ) : (
        t('page.no_customer')
      ),
    ],
    [t('field.topic'), labelOf(topics.data, row.topic)],
    [t('field.kind'), t(`kind.${row.kind}`, { defaultValue: row.kind.replaceAll('_', ' ') })],
    [
      t('field.opened'),
      `${dateTime(row.opened_at, language)} · ${t(`opened_by.${row.opened_by}`, { defaultValue: row.opened_by })}`,
    ],
    [t('field.owner'), row.owner?.name ?? t('page.no_owner')],
    [t('field.next_step'), row.next_step ?? t('page.no_next_step')],
    [t('field.due'), row.due ? <DueDate key="due" row={row} /> : t('page.no_due')],
  ];
  if (row.closed_at) {
    facts.push([t('field.closed'), dateTime(row.closed_at, language)]);
    facts.push([
      t('field.outcome'),
      t(`outcome.${row.outcome}`, { defaultValue: row.outcome ?? '' }),
    ]);
  }
  return (
    <Panel title={t('page.about')}>
      <Facts rows={facts} />
    </Panel>
  );
}
