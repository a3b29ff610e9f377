import { SegmentedControl } from '@mantine/core';
import { IconChecklist } from '@tabler/icons-react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { Empty, Page, Paged } from '@/base/view/parts';
import { useAccess } from '@/identity/session';
import { ExportCard } from './ExportCard';
import css from './exports.module.css';
import { type ExportView, exportsQuery } from './queries';

const route = getRouteApi('/approvals');

export function ApprovalsPage() {
  const { t } = useTranslation('exports');
  const { may } = useAccess();
  const { view: wanted } = route.useSearch();
  const navigate = route.useNavigate();
  const views: readonly ExportView[] = may('approve_export')
    ? ['waiting', 'mine', 'all']
    : ['mine'];
  const view = wanted && views.includes(wanted) ? wanted : (views[0] ?? 'mine');
  const list = useInfiniteQuery(exportsQuery(view));
  return (
    <Page
      title={t('page.title')}
      hint={t('page.hint')}
      actions={
        views.length > 1 && (
          <SegmentedControl
            aria-label={t('page.view')}
            value={view}
            onChange={(value) =>
              void navigate({ search: { view: value as ExportView }, replace: true })
            }
            data={views.map((value) => ({ value, label: t(`view.${value}`) }))}
          />
        )
      }
    >
      <Paged
        list={list}
        empty={
          <Empty
            icon={<IconChecklist size={26} />}
            title={t(`empty.${view}`)}
            text={t(`empty_text.${view}`)}
          />
        }
      >
        {(rows) => (
          <ul className={css.cards}>
            {rows.map((one) => (
              <ExportCard key={one.id} one={one} />
            ))}
          </ul>
        )}
      </Paged>
    </Page>
  );
}
