import { Button, PasswordInput, SegmentedControl, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError } from '@/api/client';
import type { Language } from '@/base/format';
import { usePreferences } from '@/base/preferences';
import { Logo } from '@/base/view/Logo';
import { Trouble } from '@/base/view/parts';
import css from './identity.module.css';
import { signIn } from './session';

export function SignInPage() {
  const { t } = useTranslation('identity');
  const queries = useQueryClient();
  const { language, change } = usePreferences();
  const [login, setLogin] = useState('');
  const [password, setPassword] = useState('');
  const [code, setCode] = useState<string>();
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);

  async function submit(event: FormEvent) {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      await signIn(queries, login.trim(), password, code?.trim() ?? '');
    } catch (problem) {
      // The password is right and a code is wanted: that is a question, not a complaint.
      const isQuestion = problem instanceof ApiError && problem.code === 'second_factor_required';
      if (isQuestion) setCode('');
      else setError(problem);
      setBusy(false);
    }
  }

  function begin(change: () => void) {
    change();
    setCode(undefined);
  }

  return (
    <main className={css.signIn}>
      <div className={css.card}>
        <div className={css.brand}>
          <Logo size={44} />
          <div>
            <h1 className={css.brandName}>Escucha</h1>
            <p className={css.brandHint}>{t('sign_in.hint')}</p>
          </div>
        </div>
        <form onSubmit={submit} className={css.form}>
          <TextInput
            label={t('sign_in.login')}
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            required
            withAsterisk={false}
            autoFocus
            value={login}
            onChange={(event) => begin(() => setLogin(event.currentTarget.value))}
            data-testid="sign-in-login"
          />
          <PasswordInput
            label={t('sign_in.password')}
            autoComplete="current-password"
            required
            withAsterisk={false}
            value={password}
            onChange={(event) => begin(() => setPassword(event.currentTarget.value))}
            visibilityToggleButtonProps={{ 'aria-label': t('sign_in.show_password') }}
            data-testid="sign-in-password"
          />
          {code !== undefined && (
            <TextInput
              label={t('sign_in.code')}
              description={t('sign_in.code_hint')}
              autoComplete="one-time-code"
              autoCapitalize="none"
              spellCheck={false}
              maxLength={40}
              required
              withAsterisk={false}
              autoFocus
              value={code}
              onChange={(event) => setCode(event.currentTarget.value)}
              data-testid="sign-in-code"
            />
          )}
          {error !== undefined && <Trouble error={error} testId="sign-in-error" />}
          <Button type="submit" loading={isBusy} fullWidth size="md" data-testid="sign-in-submit">
            {t('sign_in.submit')}
          </Button>
        </form>
        <SegmentedControl
          fullWidth
          size="xs"
          aria-label={t('preferences.language')}
          value={language}
          onChange={(value) => change({ language: value as Language })}
          data={[
            { value: 'es', label: 'Español' },
            { value: 'en', label: 'English' },
          ]}
        />
      </div>
    </main>
  );
}
