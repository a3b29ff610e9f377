import { Link, useRouterState } from '@tanstack/react-router';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { useAgentCommand } from '@/acd/commands';
import type { ContactLive, Desk } from '@/api/client';
import { useHotkey } from '@/base/hotkeys';
import { usePreferences } from '@/base/preferences';
import { Since } from '@/base/view/parts';
import { useLive } from '@/live/store';
import { useAgentName } from './ConsultationCard';
import css from './call.module.css';
import { useCallUi } from './call-ui';
import { OfferCard, useCallerName } from './OfferCard';
import { hasConference, partOf } from './part';
import { startRinging } from './ringing';
import { TransferDialog } from './TransferDialog';

/** The call on every page: its keys, the announcement of an offer, and a way back to the desk. */
export function CallStrip() {
  const desk = useLive((store) => store.desk);
  if (!desk) return <output aria-live="assertive" className="visually-hidden" />;
  return <Strip desk={desk} />;
}

function Strip({ desk }: { desk: Desk }) {
  const { t } = useTranslation('call');
  const path = useRouterState({ select: (state) => state.location.pathname });
  const { contact, agent } = desk;
  const isOffered = agent.state === 'offered' && contact !== null;
  const isOnCall = isOffered || agent.state === 'talking' || agent.state === 'wrap_up';
  useCallKeys(desk);
  useRinging(isOffered);
  return (
    <>
      <Announcement desk={desk} />
      {contact && isOnCall && path !== '/desk' && (
        <Link to="/desk" className={css.strip} data-state={agent.state}>
          <StripName contact={contact} />
          <span>{t(`strip.${agent.state}`)}</span>
          <Since instant={agent.since} />
        </Link>
      )}
      {isOffered && path !== '/desk' && (
        <div className={css.floating}>
          <OfferCard desk={desk} contact={contact} />
        </div>
      )}
      {agent.state === 'talking' && <TransferDialog desk={desk} />}
    </>
  );
}

function StripName({ contact }: { contact: ContactLive }) {
  return <span className={css.stripName}>{useCallerName(contact)}</span>;
}

function useCallKeys(desk: Desk): void {
  const { contact, agent } = desk;
  const command = useAgentCommand(agent.id);
  const openTransfer = useCallUi((store) => store.openTransfer);
  const isTalking = agent.state === 'talking';
  const part = partOf(desk, contact);
  const consultation = contact?.consultation ?? null;
  const isRinging = agent.state === 'offered' || part?.isThere === false;
  useHotkey('F2', () => command.mutate({ kind: 'answer' }), isRinging);
  useHotkey('F4', () => command.mutate({ kind: 'hang_up' }), isTalking || part !== null);
  useHotkey(
    'F8',
    () => command.mutate({ kind: contact?.state === 'held' ? 'resume' : 'hold' }),
    isTalking && !hasConference(contact),
  );
  useHotkey(
    'F9',
    () =>
      command.mutate(
        contact?.is_recording_paused
          ? { kind: 'resume_recording' }
          : { kind: 'pause_recording', reason: 'card_data' },
      ),
    isTalking && contact?.recording_id != null && consultation === null,
  );
  useHotkey('F10', openTransfer, isTalking && consultation === null);
  useHotkey(
    'F10',
    () => command.mutate({ kind: 'complete_consultation' }),
    isTalking && consultation?.is_answered === true,
  );
}

function useRinging(isOffered: boolean): void {
  const { t } = useTranslation('call');
  const hasSound = usePreferences((store) => store.sound);
  useEffect(() => {
    if (!isOffered) return;
    const stop = hasSound ? startRinging() : () => {};
    document.title = t('offer.page_title');
    return () => {
      stop();
      document.title = 'Escucha';
    };
  }, [isOffered, hasSound, t]);
}

/** Read out at once by screen readers; the only assertive region of the application. */
function Announcement({ desk }: { desk: Desk }) {
  const { t } = useTranslation('call');
  const { contact, agent } = desk;
  const queue = desk.queues.find((each) => each.id === contact?.queue_id);
  const part = partOf(desk, contact);
  const by = useAgentName(part?.by ?? '');
  const consulted =
    contact && part && !part.isThere
      ? t(`${part.kind}.announce`, {
          name: contact.customer?.name ?? contact.caller ?? t('withheld'),
          by,
        })
      : '';
  const text =
    agent.state === 'offered' && contact
      ? t('offer.announce', {
          name: contact.customer?.name ?? contact.caller ?? t('withheld'),
          queue: queue?.name ?? contact.line_name,
          subject: contact.case?.subject ?? '',
        })
      : consulted;
  return (
    <output aria-live="assertive" className="visually-hidden" data-testid="offer-announcement">
      {text}
    </output>
  );
}
