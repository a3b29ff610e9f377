import { Button, Modal, NativeSelect, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type Account, api, ask } from '@/api/client';
import type { Language } from '@/base/format';
import { useLanguage } from '@/base/preferences';
import { Trouble } from '@/base/view/parts';
import css from './identity.module.css';
import { Told } from './Modals';
import { peopleQuery, rolesQuery } from './queries';
import { useRoleName } from './roles';

/** Adds a person; the server makes up the first password, which is shown once. */
export function NewPerson({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation('account');
  const nameOf = useRoleName();
  const roles = useQuery(rolesQuery);
  const queries = useQueryClient();
  const [login, setLogin] = useState('');
  const [name, setName] = useState('');
  const [role, setRole] = useState('agent');
  const [language, setLanguage] = useState<Language>(useLanguage());
  const add = useMutation({
    mutationFn: (): Promise<Account> =>
      ask(
        api.POST('/api/v1/users', {
          body: { login: login.trim(), name: name.trim(), role, language },
        }),
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: peopleQuery.queryKey }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    add.mutate();
  };
  if (add.data?.one_time_password) {
    return (
      <Told
        title={t('people.told_title')}
        text={t('people.told', { name: add.data.name })}
        secret={add.data.one_time_password}
        close={t('people.told_close')}
        onClose={onClose}
      />
    );
  }
  return (
    <Modal
      opened
      onClose={onClose}
      title={t('people.new')}
      closeButtonProps={{ 'aria-label': t('people.cancel') }}
    >
      <form onSubmit={submit} className={css.form}>
        <TextInput
          label={t('people.name')}
          maxLength={100}
          required
          withAsterisk={false}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          data-autofocus
          data-testid="person-name"
        />
        <TextInput
          label={t('people.login')}
          description={t('people.login_hint')}
          autoCapitalize="none"
          spellCheck={false}
          maxLength={64}
          required
          withAsterisk={false}
          value={login}
          onChange={(event) => setLogin(event.currentTarget.value)}
          data-testid="person-login"
        />
        <NativeSelect
          label={t('people.role')}
          value={role}
          onChange={(event) => setRole(event.currentTarget.value)}
          data={(roles.data ?? []).map(({ key }) => ({ value: key, label: nameOf(key) }))}
          data-testid="person-role"
        />
        <NativeSelect
          label={t('people.language')}
          value={language}
          onChange={(event) => setLanguage(event.currentTarget.value as Language)}
          data={[
            { value: 'es', label: 'Español' },
            { value: 'en', label: 'English' },
          ]}
        />
        {add.error && <Trouble error={add.error} testId="person-trouble" />}
        <div className={css.row}>
          <Button type="submit" loading={add.isPending} data-testid="person-create">
            {t('people.create')}
          </Button>
          <Button variant="default" onClick={onClose}>
            {t('people.cancel')}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
