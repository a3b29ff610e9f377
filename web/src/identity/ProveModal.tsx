import { Button, Modal, PasswordInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Trouble } from '@/base/view/parts';
import css from './identity.module.css';
import { typed } from './session';

/** Asks for the password before what only its owner may do. */
export function ProveModal(props: {
  onProved: (password: string) => Promise<void>;
  onClose: () => void;
}) {
  const { t } = useTranslation('account');
  const [password, setPassword] = useState('');
  const prove = useMutation({ mutationFn: () => props.onProved(typed(password)) });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    prove.mutate();
  };
  return (
    <Modal
      opened
      onClose={props.onClose}
      title={t('factor.prove')}
      closeButtonProps={{ 'aria-label': t('factor.cancel') }}
    >
      <form onSubmit={submit} className={css.form}>
        <PasswordInput
          label={t('password.present')}
          autoComplete="current-password"
          required
          withAsterisk={false}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          visibilityToggleButtonProps={{ 'aria-label': t('password.show') }}
          data-autofocus
          data-testid="prove-password"
        />
        {prove.error && <Trouble error={prove.error} testId="prove-trouble" />}
        <div className={css.row}>
          <Button type="submit" loading={prove.isPending} data-testid="prove-continue">
            {t('factor.continue')}
          </Button>
          <Button variant="default" onClick={props.onClose}>
            {t('factor.cancel')}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
