import { MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError, setSessionLostHandler } from '@/api/client';
import { switchTexts } from '@/base/i18n';
import { usePreferences } from '@/base/preferences';
import { Loading, Trouble } from '@/base/view/parts';
import { NewPasswordPage } from '@/identity/NewPasswordPage';
import { SignInPage } from '@/identity/SignInPage';
import { forgetSession, useSession } from '@/identity/session';
import { colorSchemeManager } from './color-scheme';
import { router } from './router';
import { theme } from './theme';

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      refetchOnWindowFocus: false,
      // A refusal stays a refusal; only an unreachable server is worth asking again.
      retry: (count, error) => error instanceof ApiError && error.status === 0 && count < 2,
    },
  },
});
setSessionLostHandler(() => forgetSession(queries));

export function Root() {
  return (
    <MantineProvider
      theme={theme}
      defaultColorScheme="auto"
      colorSchemeManager={colorSchemeManager}
      withCssVariables={false}
      withGlobalClasses={false}
    >
      <QueryClientProvider client={queries}>
        <Notifications position="bottom-right" limit={4} />
        <Door />
      </QueryClientProvider>
    </MantineProvider>
  );
}

/** Signed in: the application. Not signed in: the sign-in page, wherever the address points. */
function Door() {
  const { t } = useTranslation('app');
  const session = useSession();
  const language = usePreferences((store) => store.language);
  useEffect(() => {
    void switchTexts(language).then(() => queries.invalidateQueries({ queryKey: ['settings'] }));
  }, [language]);
  if (session.data?.must_change_password) return <NewPasswordPage />;
  // Another company is another application: nothing on screen is carried over.
  if (session.data) return <RouterProvider key={session.data.company.id} router={router} />;
  if (session.data === null) return <SignInPage />;
  return (
    <main aria-label={t('state.loading')}>
      {session.error ? (
        <Trouble error={session.error} onRetry={() => void session.refetch()} />
      ) : (
        <Loading rows={1} />
      )}
    </main>
  );
}
