import { Button, NativeSelect } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type Account, api, ask } from '@/api/client';
import { tell } from '@/base/view/notify';
import { Loading, Said, Trouble } from '@/base/view/parts';
import { kBuiltInRoles, useRoleName } from '@/identity/roles';
import { useSignedIn } from '@/identity/session';
import css from './company.module.css';
import { membershipsOf } from './queries';

/** Other companies that a person works for, and lending them to one more. */
export function Memberships({ person }: { person: Account }) {
  const { t } = useTranslation('company');
  const nameOf = useRoleName();
  const { companies, company } = useSignedIn();
  const found = useQuery(membershipsOf(person.id));
  const others = companies.filter(
    ({ id }) => id !== company.id && !found.data?.some((each) => each.id === id),
  );
  if (found.data?.length === 0 && others.length === 0) return null;
  return (
    <section aria-label={t('works_for')} data-testid="memberships">
      <h3 className={css.heading}>{t('works_for')}</h3>
      {found.error && <Trouble error={found.error} onRetry={() => void found.refetch()} />}
      {found.isPending && <Loading rows={1} />}
      {found.data?.length === 0 && <p className={css.quiet}>{t('works_for_none')}</p>}
      <ul className={css.list}>
        {found.data?.map((each) => (
          <li key={each.id}>
            <Said text={each.name} /> · {nameOf(each.role)}
          </li>
        ))}
      </ul>
      {others.length > 0 && <Lend person={person} others={others} />}
    </section>
  );
}

function Lend({ person, others }: { person: Account; others: { id: string; name: string }[] }) {
  const { t } = useTranslation('company');
  const nameOf = useRoleName();
  const queries = useQueryClient();
  const [chosen, setChosen] = useState('');
  const [role, setRole] = useState('agent');
  const company = others.find(({ id }) => id === chosen) ?? others[0];
  const lend = useMutation({
    mutationFn: (company_id: string) =>
      ask(
        api.POST('/api/v1/users/{user_id}/memberships', {
          params: { path: { user_id: person.id } },
          body: { company_id, role },
        }),
      ),
    onSuccess: async ({ name }) => {
      await queries.invalidateQueries({ queryKey: membershipsOf(person.id).queryKey });
      tell(t('lent', { person: person.name, company: name }));
    },
  });
  return (
    <div className={css.form}>
      <div className={css.row}>
        <NativeSelect
          label={t('company')}
          value={company?.id ?? ''}
          onChange={(event) => setChosen(event.currentTarget.value)}
          data={others.map(({ id, name }) => ({ value: id, label: name }))}
        />
        <NativeSelect
          label={t('role_there')}
          value={role}
          onChange={(event) => setRole(event.currentTarget.value)}
          data={kBuiltInRoles.map((key) => ({ value: key, label: nameOf(key) }))}
        />
        <Button
          className={css.end ?? ''}
          variant="default"
          loading={lend.isPending}
          onClick={() => company && lend.mutate(company.id)}
          data-testid="lend"
        >
          {t('lend')}
        </Button>
      </div>
      <p className={css.quiet}>{t('lend_hint')}</p>
      {lend.error && <Trouble error={lend.error} testId="lend-trouble" />}
    </div>
  );
}
