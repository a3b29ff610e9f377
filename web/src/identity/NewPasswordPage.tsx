import { Button } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Logo } from '@/base/view/Logo';
import { complain } from '@/base/view/notify';
import css from './identity.module.css';
import { PasswordForm } from './PasswordForm';
import { sessionQuery, signOut } from './session';

/** What somebody sees who came with a one-time password, until there is another. */
export function NewPasswordPage() {
  const { t } = useTranslation('account');
  const queries = useQueryClient();
  return (
    <main className={css.signIn}>
      <div className={css.card}>
        <div className={css.brand}>
          <Logo size={44} />
          <div>
            <h1 className={css.brandName} data-testid="first-password">
              {t('first.title')}
            </h1>
            <p className={css.brandHint}>{t('first.hint')}</p>
          </div>
        </div>
        <PasswordForm
          isFirst
          onChanged={() => void queries.invalidateQueries({ queryKey: sessionQuery.queryKey })}
        />
        <Button
          variant="subtle"
          onClick={() => void signOut(queries).catch((error) => complain(error))}
        >
          {t('first.leave')}
        </Button>
      </div>
    </main>
  );
}
