import { Button } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api, ask, type UserSession } from '@/api/client';
import { complain, tell } from '@/base/view/notify';
import { Loading, Page, Panel, Trouble } from '@/base/view/parts';
import css from './identity.module.css';
import { PasswordForm } from './PasswordForm';
import { ownSessionsQuery } from './queries';
import { SecondFactorPanel } from './SecondFactorPanel';
import { SessionList } from './SessionList';

export function AccountPage() {
  const { t } = useTranslation('account');
  const queries = useQueryClient();
  return (
    <Page title={t('page.title')} hint={t('page.hint')}>
      <div className={css.panels}>
        <Panel title={t('password.title')} testId="own-password">
          <PasswordForm
            onChanged={() => {
              tell(t('password.saved'));
              void queries.invalidateQueries({ queryKey: ownSessionsQuery.queryKey });
            }}
          />
        </Panel>
        <SecondFactorPanel />
        <OwnSessions />
      </div>
    </Page>
  );
}

function OwnSessions() {
  const { t } = useTranslation('account');
  const queries = useQueryClient();
  const sessions = useQuery(ownSessionsQuery);
  const end = useMutation({
    mutationFn: (session: UserSession | undefined) =>
      session === undefined
        ? ask(api.DELETE('/api/v1/me/sessions'))
        : ask(
            api.DELETE('/api/v1/me/sessions/{session_id}', {
              params: { path: { session_id: session.id } },
            }),
          ),
    onSuccess: () => tell(t('sessions.ended')),
    onError: complain,
    onSettled: () => queries.invalidateQueries({ queryKey: ownSessionsQuery.queryKey }),
  });
  const hasOthers = (sessions.data?.length ?? 0) > 1;
  return (
    <Panel
      title={t('sessions.title')}
      testId="own-sessions"
      aside={
        hasOthers && (
          <Button
            size="xs"
            variant="default"
            onClick={() => end.mutate(undefined)}
            data-testid="sessions-end-others"
          >
            {t('sessions.end_others')}
          </Button>
        )
      }
    >
      {sessions.error && <Trouble error={sessions.error} onRetry={() => void sessions.refetch()} />}
      {sessions.isPending && <Loading rows={2} />}
      {sessions.data && (
        <SessionList sessions={sessions.data} onEnd={(session) => end.mutate(session)} />
      )}
    </Panel>
  );
}
