import { Button } from '@mantine/core';
import type { TFunction } from 'i18next';
import { useTranslation } from 'react-i18next';
import type { UserSession } from '@/api/client';
import { dateTime } from '@/base/format';
import { useLanguage } from '@/base/preferences';
import { Pill, Table, viewCss } from '@/base/view/parts';

/** Where somebody is signed in, each with a button that ends it; one's own present one has none. */
export function SessionList(props: {
  sessions: readonly UserSession[];
  onEnd: (session: UserSession) => void;
}) {
  const { t } = useTranslation('account');
  const language = useLanguage();
  if (props.sessions.length === 0) return <p className={viewCss.muted}>{t('sessions.none')}</p>;
  return (
    <Table
      label={t('sessions.title')}
      heads={[
        { text: t('sessions.where') },
        { text: t('sessions.from') },
        { text: t('sessions.since') },
        { text: t('sessions.seen') },
        { text: t('sessions.end'), isHidden: true },
      ]}
    >
      {props.sessions.map((session) => {
        const device = deviceName(session, t);
        return (
          <tr key={session.id} data-testid="session">
            <td>
              {device} {session.is_this && <Pill tone="good">{t('sessions.this')}</Pill>}
            </td>
            <td translate="no">{session.address ?? ''}</td>
            <td className={viewCss.when}>{dateTime(session.created_at, language)}</td>
            <td className={viewCss.when}>{dateTime(session.last_seen_at, language)}</td>
            <td>
              {!session.is_this && (
                <Button
                  size="xs"
                  variant="default"
                  aria-label={t('sessions.end_of', { device })}
                  onClick={() => props.onEnd(session)}
                  data-testid="session-end"
                >
                  {t('sessions.end')}
                </Button>
              )}
            </td>
          </tr>
        );
      })}
    </Table>
  );
}

function deviceName(
  session: Pick<UserSession, 'browser' | 'system'>,
  t: TFunction<'account'>,
): string {
  const { browser, system } = session;
  if (browser && system) return t('sessions.device', { browser, system });
  return browser ?? system ?? t('sessions.unknown');
}
