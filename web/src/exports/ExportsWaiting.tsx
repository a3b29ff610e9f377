import { useInfiniteQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Pill } from '@/base/view/parts';
import { useAccess } from '@/identity/session';
import css from './exports.module.css';
import { exportsQuery } from './queries';

/** How many exports wait for the reader's decision; nothing when none does. */
export function ExportsWaiting() {
  const { may } = useAccess();
  return may('approve_export') ? <Count /> : null;
}

function Count() {
  const { t } = useTranslation('exports');
  const waiting = useInfiniteQuery(exportsQuery('waiting'));
  const count = waiting.data?.pages.flatMap((page) => page.items).length ?? 0;
  if (count === 0) return null;
  return (
    <span className={css.waiting}>
      <Pill tone="offer" dot={false} testId="exports-waiting">
        <span aria-hidden="true">{count}</span>
        <span className="visually-hidden">{t('page.waiting', { count })}</span>
      </Pill>
    </span>
  );
}
