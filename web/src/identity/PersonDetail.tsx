import { ActionIcon, Button } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type Account, api, ask, type UserSession } from '@/api/client';
import { complain, tell } from '@/base/view/notify';
import { Facts, Loading, Panel, Pill, Said, Trouble, viewCss } from '@/base/view/parts';
import { Memberships } from '@/company/Memberships';
import { blockedQuery } from '@/guard/queries';
import css from './identity.module.css';
import { Sure, Told } from './Modals';
import { PersonState } from './PeoplePage';
import { peopleQuery, sessionsOf } from './queries';
import { useRoleName } from './roles';
import { SessionList } from './SessionList';
import { useAccess, useSignedIn } from './session';

type Doing =
  | { kind: 'nothing' }
  | { kind: 'reset' }
  | { kind: 'told'; secret: string }
  | { kind: 'drop_factor' }
  | { kind: 'deactivate' };

export function PersonDetail({ person, onClose }: { person: Account; onClose: () => void }) {
  const { t } = useTranslation('account');
  const nameOf = useRoleName();
  return (
    <Panel
      title={<Said text={person.name} />}
      testId="person-detail"
      aside={
        <ActionIcon variant="subtle" aria-label={t('people.close')} onClick={onClose}>
          <IconX size={18} aria-hidden="true" />
        </ActionIcon>
      }
    >
      <div className={css.panels}>
        <Facts
          rows={[
            [t('people.login'), <Said key="login" text={person.login} />],
            [t('people.role'), nameOf(person.role)],
            [t('people.state'), <PersonState key="state" person={person} />],
            [t('people.factor'), person.has_second_factor ? t('people.yes') : t('people.no')],
          ]}
        />
        <ReadBlock userId={person.id} />
        <Actions person={person} />
        {person.account_of === null && <Memberships person={person} />}
        <Sessions userId={person.id} />
      </div>
    </Panel>
  );
}

/** That somebody read too much and sees only the work in hand, with the alert that says why. */
function ReadBlock({ userId }: { userId: string }) {
  const { t } = useTranslation('account');
  const { may } = useAccess();
  const blocked = useQuery({ ...blockedQuery, enabled: may('handle_alerts') });
  const alert = blocked.data?.get(userId);
  if (!alert) return null;
  return (
    <p className={css.row} data-testid="person-blocked">
      <Pill tone="bad">{t('people.blocked')}</Pill>
      <Link to="/alerts" search={{ open: alert }} className={viewCss.link}>
        {t('people.blocked_look')}
      </Link>
    </p>
  );
}

function Actions({ person }: { person: Account }) {
  const { t } = useTranslation('account');
  const queries = useQueryClient();
  const { user } = useSignedIn();
  const [doing, setDoing] = useState<Doing>({ kind: 'nothing' });
  const stop = () => setDoing({ kind: 'nothing' });
  const params = { path: { user_id: person.id } };
  const refresh = async () => {
    await queries.invalidateQueries({ queryKey: peopleQuery.queryKey });
    await queries.invalidateQueries({ queryKey: ['sessions'] });
  };
  const act = useMutation({
    mutationFn: (pending: () => Promise<unknown>) => pending(),
    onError: complain,
    onSettled: refresh,
  });
  const isSelf = person.id === user.id;
  const isAccount = person.account_of === null;
  return (
    <div className={css.row}>
      {!isSelf && isAccount && (
        <Button
          variant="default"
          onClick={() => setDoing({ kind: 'reset' })}
          data-testid="person-reset"
        >
          {t('people.reset')}
        </Button>
      )}
      {person.locked_until !== null && (
        <Button
          variant="default"
          onClick={() =>
            act.mutate(async () => {
              await ask(api.POST('/api/v1/users/{user_id}/unlock', { params }));
              tell(t('people.unlocked'));
            })
          }
          data-testid="person-unlock"
        >
          {t('people.unlock')}
        </Button>
      )}
      {person.has_second_factor && !isSelf && isAccount && (
        <Button
          variant="default"
          onClick={() => setDoing({ kind: 'drop_factor' })}
          data-testid="person-drop-factor"
        >
          {t('people.drop_factor')}
        </Button>
      )}
      {!isSelf && person.is_active && (
        <Button
          variant="default"
          color="red"
          onClick={() => setDoing({ kind: 'deactivate' })}
          data-testid="person-deactivate"
        >
          {t('people.deactivate')}
        </Button>
      )}
      {!person.is_active && (
        <Button
          onClick={() =>
            act.mutate(() => ask(api.POST('/api/v1/users/{user_id}/activate', { params })))
          }
          data-testid="person-activate"
        >
          {t('people.activate')}
        </Button>
      )}
      {doing.kind === 'reset' && (
        <Sure
          title={t('people.reset_title')}
          text={t('people.reset_text')}
          action={t('people.reset')}
          run={async () => {
            const reset = await ask(api.POST('/api/v1/users/{user_id}/reset-password', { params }));
            await refresh();
            return reset.one_time_password ?? '';
          }}
          onDone={(secret) => setDoing({ kind: 'told', secret })}
          onClose={stop}
        />
      )}
      {doing.kind === 'told' && (
        <Told
          title={t('people.told_title')}
          text={t('people.told', { name: person.name })}
          secret={doing.secret}
          close={t('people.told_close')}
          onClose={stop}
        />
      )}
      {doing.kind === 'drop_factor' && (
        <Sure
          title={t('people.drop_factor_title')}
          text={t('people.drop_factor_text')}
          action={t('people.drop_factor')}
          run={async () => {
            await ask(api.DELETE('/api/v1/users/{user_id}/second-factor', { params }));
            await refresh();
            tell(t('people.dropped'));
          }}
          onDone={stop}
          onClose={stop}
        />
      )}
      {doing.kind === 'deactivate' && (
        <Sure
          title={t('people.deactivate_title')}
          text={t('people.deactivate_text')}
          action={t('people.deactivate')}
          run={async () => {
            await ask(api.POST('/api/v1/users/{user_id}/deactivate', { params }));
            await refresh();
          }}
          onDone={stop}
          onClose={stop}
        />
      )}
    </div>
  );
}

function Sessions({ userId }: { userId: string }) {
  const { t } = useTranslation('account');
  const queries = useQueryClient();
  const query = sessionsOf(userId);
  const sessions = useQuery(query);
  const end = useMutation({
    mutationFn: (session: UserSession | undefined) =>
      session === undefined
        ? ask(
            api.DELETE('/api/v1/users/{user_id}/sessions', {
              params: { path: { user_id: userId } },
            }),
          )
        : ask(
            api.DELETE('/api/v1/users/{user_id}/sessions/{session_id}', {
              params: { path: { user_id: userId, session_id: session.id } },
            }),
          ),
    onSuccess: () => tell(t('sessions.ended')),
    onError: complain,
    onSettled: () => queries.invalidateQueries({ queryKey: ['sessions'] }),
  });
  return (
    <div data-testid="person-sessions">
      <h3>{t('sessions.title')}</h3>
      {sessions.error && <Trouble error={sessions.error} onRetry={() => void sessions.refetch()} />}
      {sessions.isPending && <Loading rows={2} />}
      {sessions.data && (
        <SessionList sessions={sessions.data} onEnd={(session) => end.mutate(session)} />
      )}
      {sessions.data?.some((session) => !session.is_this) && (
        <Button size="xs" mt="sm" variant="default" onClick={() => end.mutate(undefined)}>
          {t('sessions.end_all')}
        </Button>
      )}
    </div>
  );
}
