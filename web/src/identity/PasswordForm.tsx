import { Button, PasswordInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, ask } from '@/api/client';
import { Trouble } from '@/base/view/parts';
import css from './identity.module.css';
import { typed } from './session';

/** Changes one's own password. `isFirst`: it replaces one that somebody handed over. */
export function PasswordForm(props: { isFirst?: boolean; onChanged: () => void }) {
  const { t } = useTranslation('account');
  const [present, setPresent] = useState('');
  const [chosen, setChosen] = useState('');
  const show = { 'aria-label': t('password.show') };
  const save = useMutation({
    mutationFn: () =>
      ask(
        api.POST('/api/v1/me/password', {
          body: { password: typed(present), new_password: typed(chosen) },
        }),
      ),
    onSuccess: () => {
      setPresent('');
      setChosen('');
      props.onChanged();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <form onSubmit={submit} className={css.narrow}>
      <PasswordInput
        label={props.isFirst ? t('password.given') : t('password.present')}
        autoComplete="current-password"
        required
        withAsterisk={false}
        value={present}
        onChange={(event) => setPresent(event.currentTarget.value)}
        visibilityToggleButtonProps={show}
        data-testid="password-present"
      />
      <PasswordInput
        label={t('password.chosen')}
        description={t('password.hint')}
        autoComplete="new-password"
        required
        withAsterisk={false}
        value={chosen}
        onChange={(event) => setChosen(event.currentTarget.value)}
        visibilityToggleButtonProps={show}
        data-testid="password-chosen"
      />
      {save.error && <Trouble error={save.error} testId="password-trouble" />}
      <div className={css.row}>
        <Button type="submit" loading={save.isPending} data-testid="password-save">
          {t('password.save')}
        </Button>
      </div>
    </form>
  );
}
