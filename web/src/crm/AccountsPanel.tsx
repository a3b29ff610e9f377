import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import type { CustomerAccount, CustomerAccounts } from '@/api/client';
import { day, money } from '@/base/format';
import { useLanguage } from '@/base/preferences';
import { Loading, Panel, Trouble, viewCss } from '@/base/view/parts';
import css from './crm.module.css';
import { Masked } from './Masked';
import { isMasked } from './masking';
import { accountsQuery } from './queries';

/** What the customer has and owes; the debt only to who may see it now. */
export function AccountsPanel({ customerId }: { customerId: string }) {
  const { t } = useTranslation('crm');
  const found = useQuery(accountsQuery(customerId));
  const isEmpty = found.data && found.data.accounts.length === 0 && found.data.orders.length === 0;
  return (
    <Panel title={t('accounts.title')} testId="accounts">
      {found.error && <Trouble error={found.error} onRetry={() => void found.refetch()} />}
      {found.isPending && <Loading rows={2} />}
      {isEmpty && <p className={viewCss.muted}>{t('accounts.none')}</p>}
      {found.data && !isEmpty && <Rows customerId={customerId} data={found.data} />}
    </Panel>
  );
}

function Rows(props: { customerId: string; data: CustomerAccounts }) {
  const { t } = useTranslation('crm');
  const language = useLanguage();
  return (
    <ul className={css.found}>
      {props.data.accounts.map((account) => (
        <li key={`${account.product} ${account.number}`} className={css.account}>
          <span>
            {account.product} <span className={viewCss.muted}>{account.number}</span>
          </span>
          <Masked
            customerId={props.customerId}
            field="balance"
            name={t('accounts.debt_of', { product: account.product })}
            isMasked={isMasked(account, 'balance')}
            revealed={props.data.revealed}
          >
            <Debt account={account} />
          </Masked>
        </li>
      ))}
      {props.data.orders.map((order) => (
        <li key={order.number} className={css.account}>
          <span>
            {order.description} <span className={viewCss.muted}>{order.number}</span>
          </span>
          <span>
            {t(`accounts.order.${order.status}`, { defaultValue: order.status })}
            {order.expected_on &&
              ` · ${t('accounts.expected', { day: day(order.expected_on, language) })}`}
          </span>
        </li>
      ))}
    </ul>
  );
}

function Debt({ account }: { account: CustomerAccount }) {
  const { t } = useTranslation('crm');
  const language = useLanguage();
  const { balance } = account;
  if (balance === null) return t('accounts.hidden');
  const amount = money(`${balance.amount_cents} ${balance.currency}`, language);
  return (
    <>
      {amount}
      {account.due_on && ` · ${t('accounts.due', { day: day(account.due_on, language) })}`}
      {` · ${t(`accounts.status.${account.status}`, { defaultValue: account.status })}`}
    </>
  );
}
