import { Button, TextInput } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, ask, type ContactLive, type Customer } from '@/api/client';
import { phone } from '@/base/format';
import { complain } from '@/base/view/notify';
import { Panel, Trouble, viewCss } from '@/base/view/parts';
import { refreshDesk } from '@/live/store';
import { CustomerFacts } from './CustomerFacts';
import css from './crm.module.css';

/** Who is calling: the customer's card, or a way to find out who it is. */
export function CallerCustomer(props: {
  contact: ContactLive;
  customer: Customer | null;
  canLink: boolean;
}) {
  const { t } = useTranslation('crm');
  const { contact, customer } = props;
  return (
    <Panel
      title={t('card.title')}
      testId="customer-card"
      aside={
        customer && (
          <Link
            to="/customers/$customerId"
            params={{ customerId: customer.id }}
            className={viewCss.link}
          >
            {t('card.open')}
          </Link>
        )
      }
    >
      {customer ? (
        <CustomerFacts customer={customer} />
      ) : (
        <>
          <p className={css.unknown}>
            {contact.caller
              ? t('card.unknown', { number: phone(contact.caller) })
              : t('card.withheld')}
          </p>
          {props.canLink && <FindCustomer contact={contact} />}
        </>
      )}
    </Panel>
  );
}

function FindCustomer({ contact }: { contact: ContactLive }) {
  const { t } = useTranslation('crm');
  const [text, setText] = useState('');
  const wanted = text.trim();
  const found = useQuery({
    queryKey: ['customers', wanted, 'short'],
    enabled: wanted.length >= 3,
    queryFn: () =>
      ask(api.GET('/api/v1/customers', { params: { query: { text: wanted, limit: 6 } } })),
  });
  const link = useMutation({
    mutationFn: (customerId: string) =>
      ask(
        api.PUT('/api/v1/contacts/{contact_id}/customer', {
          params: { path: { contact_id: contact.id } },
          body: { customer_id: customerId },
        }),
      ),
    onError: complain,
    onSettled: () => refreshDesk(),
  });
  const create = useMutation({
    mutationFn: async () => {
      const number = contact.caller ? { number: contact.caller } : {};
      const customer = await ask(
        api.POST('/api/v1/customers', { body: { name: wanted, ...number } }),
      );
      await link.mutateAsync(customer.id);
    },
    onError: complain,
  });
  return (
    <>
      <TextInput
        label={t('card.find')}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        data-testid="find-customer"
      />
      {found.error && <Trouble error={found.error} />}
      <ul className={css.found}>
        {found.data?.items.map((customer) => (
          <li key={customer.id} className={css.foundRow}>
            <span>
              {customer.name}
              <span className={viewCss.muted}>
                {' '}
                {customer.numbers.map((n) => phone(n.number)).join(', ')}
              </span>
            </span>
            <Button
              size="compact-xs"
              variant="default"
              onClick={() => link.mutate(customer.id)}
              loading={link.isPending}
            >
              {t('card.it_is')}
            </Button>
          </li>
        ))}
      </ul>
      {wanted.length >= 3 && found.data && (
        <Button
          size="xs"
          variant="default"
          mt="xs"
          onClick={() => create.mutate()}
          loading={create.isPending}
          data-testid="customer-create"
        >
          {t('card.create', { name: wanted })}
        </Button>
      )}
    </>
  );
}
