import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { api, ask } from '@/api/client';
import { Loading, Page, Panel, Trouble, viewCss } from '@/base/view/parts';
import { CaseList } from '@/cases/OpenCases';
import { Timeline } from '@/cases/Timeline';
import { useAccess } from '@/identity/session';
import { AccountsPanel } from './AccountsPanel';
import { CustomerFacts } from './CustomerFacts';
import css from './crm.module.css';
import { customerQuery } from './queries';

const route = getRouteApi('/customers/$customerId');

export function CustomerPage() {
  const { t } = useTranslation('crm');
  const { customerId } = route.useParams();
  const { may } = useAccess();
  const found = useQuery(customerQuery(customerId));
  const cases = useQuery({
    queryKey: ['cases', { customerId }],
    queryFn: () =>
      ask(
        api.GET('/api/v1/cases', {
          params: { query: { customer_id: customerId, status: 'live', limit: 50 } },
        }),
      ),
  });
  if (!found.data) {
    return (
      <Page title={t('page.title')}>
        {found.error ? (
          <Trouble error={found.error} onRetry={() => void found.refetch()} />
        ) : (
          <Panel>
            <Loading rows={6} />
          </Panel>
        )}
      </Page>
    );
  }
  return (
    <Page
      title={found.data.name}
      hint={t('page.hint')}
      actions={
        may('read_audit') && (
          <Link
            to="/audit"
            search={{ customer: customerId }}
            className={viewCss.link}
            data-testid="who-saw"
          >
            {t('page.who_saw')}
          </Link>
        )
      }
    >
      <div className={css.grid}>
        <div className={css.column}>
          <Panel title={t('card.title')}>
            <CustomerFacts customer={found.data} />
          </Panel>
          <AccountsPanel customerId={customerId} />
          <CaseList
            title={t('page.cases')}
            cases={cases.data?.items ?? []}
            emptyText={t('page.cases_none')}
          />
        </div>
        <Timeline of="customer" id={customerId} />
      </div>
    </Page>
  );
}
