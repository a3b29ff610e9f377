import { IconFolders } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { CaseRow, CaseStatus } from '@/api/client';
import { useNow } from '@/base/clock';
import { day } from '@/base/format';
import { useLanguage } from '@/base/preferences';
import { Empty, Panel, Pill, Reference, Said, type Tone, viewCss } from '@/base/view/parts';
import css from './cases.module.css';

export const kStatusTone: Record<CaseStatus, Tone> = {
  open: 'busy',
  in_progress: 'accent',
  waiting_customer: 'warn',
  resolved: 'good',
  closed: 'quiet',
};

/** Something is still to be done. */
const isLive = (status: CaseStatus) => status !== 'closed' && status !== 'resolved';

export function isOverdue(row: Pick<CaseRow, 'due' | 'status'>, now: number): boolean {
  // A date is due until the end of its day, in the reader's own zone.
  return row.due !== null && isLive(row.status) && Date.parse(`${row.due}T23:59:59`) < now;
}

export function CaseStatusPill({ status }: { status: CaseStatus }) {
  const { t } = useTranslation('cases');
  return <Pill tone={kStatusTone[status]}>{t(`status.${status}`)}</Pill>;
}

export function DueDate({ row }: { row: Pick<CaseRow, 'due' | 'status'> }) {
  const { t } = useTranslation('cases');
  const language = useLanguage();
  const now = useNow();
  if (row.due === null) return null;
  const isLate = isOverdue(row, now);
  return (
    <span className={isLate ? css.overdue : undefined}>
      {day(row.due, language)}
      {isLate && ` · ${t('overdue')}`}
    </span>
  );
}

export function CaseList(props: {
  title: string;
  cases: readonly CaseRow[];
  emptyText: string;
  aside?: ReactNode;
  action?: (row: CaseRow) => ReactNode;
}) {
  const { t } = useTranslation('cases');
  return (
    <Panel title={props.title} aside={props.aside} testId="open-cases">
      {props.cases.length === 0 ? (
        <Empty
          icon={<IconFolders size={26} />}
          title={t('list.none_open')}
          text={props.emptyText}
        />
      ) : (
        props.cases.map((row) => (
          <div key={row.id} className={css.caseRow}>
            <div className={css.caseTop}>
              <Link to="/cases/$caseId" params={{ caseId: row.id }} className={viewCss.link}>
                <Reference digits={row.reference} />
              </Link>
              <CaseStatusPill status={row.status} />
              <span className={css.caseAction}>{props.action?.(row)}</span>
            </div>
            <div>
              <Said text={row.subject} />
            </div>
            <div className={css.entryMeta}>
              {row.next_step}
              {row.next_step && row.due && ' · '}
              <DueDate row={row} />
            </div>
          </div>
        ))
      )}
    </Panel>
  );
}
