import { Button, Kbd } from '@mantine/core';
import {
  IconArrowForwardUp,
  IconPhoneOff,
  IconPlayerPause,
  IconPlayerPlay,
  IconPlayerRecord,
  IconUserPlus,
  IconUsersGroup,
} from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useAgentCommand } from '@/acd/commands';
import type { ContactLive, Desk } from '@/api/client';
import { phone } from '@/base/format';
import { Pill, Since } from '@/base/view/parts';
import { ChoiceMenu } from './ChoiceMenu';
import { ConferenceMembers, SupervisedBy } from './Conference';
import { useAgentName } from './ConsultationCard';
import css from './call.module.css';
import { useCallUi } from './call-ui';
import { DiversionLine } from './Diversion';
import { useCallerName } from './OfferCard';
import { hasConference } from './part';
import { SecureInputButton, SecureInputLine } from './SecureInput';
import { isSecureInputOpen } from './secure-input';

/** The call in hand: who, how long, and what can be done with it, with its keys. */
export function CallBar({ desk, contact }: { desk: Desk; contact: ContactLive }) {
  const { t } = useTranslation('call');
  const name = useCallerName(contact);
  const isHeld = contact.state === 'held';
  const isTalking = desk.agent.state === 'talking';
  const state = isTalking ? (isHeld ? 'held' : 'talking') : 'wrap_up';
  return (
    <section
      className={css.bar}
      data-state={state}
      aria-label={t('bar.label')}
      data-testid="call-bar"
    >
      <div className={css.barWho}>
        <h2 className={css.name}>{name}</h2>
        <p className={css.sub}>
          {contact.customer && contact.caller ? `${phone(contact.caller)} · ` : ''}
          {contact.line_name}
        </p>
        <DiversionLine contact={contact} />
        {contact.outside && isTalking && !contact.consultation && (
          <p className={css.sub} data-testid="call-outside" aria-live="polite">
            {t('bar.outside', { number: phone(contact.outside) })}
          </p>
        )}
        {contact.consultation && isTalking && <ConsultationLine contact={contact} />}
        {hasConference(contact) && isTalking && <ConferenceMembers desk={desk} contact={contact} />}
        {isTalking && <SecureInputLine contact={contact} />}
      </div>
      <div className={css.barState}>
        <Pill tone={isTalking ? (isHeld ? 'warn' : 'busy') : 'accent'} testId="call-state">
          {t(`bar.${state}`)}
        </Pill>
        {isTalking && <SupervisedBy contact={contact} />}
        {isHeld && isTalking && (
          <span data-testid="hold-timer">
            <Since instant={contact.since} className={css.bigTimer} />
          </span>
        )}
        {isTalking && (
          <span className={css.callTimer}>
            {isHeld && <span className={css.sub}>{t('bar.in_all')}</span>}
            <Since instant={desk.agent.since} className={isHeld ? undefined : css.bigTimer} />
          </span>
        )}
      </div>
      {isTalking && <Buttons desk={desk} contact={contact} isHeld={isHeld} />}
    </section>
  );
}

function ConsultationLine({ contact }: { contact: ContactLive }) {
  const { t } = useTranslation('call');
  const colleague = useAgentName(contact.consultation?.with_agent_id ?? '');
  const name = colleague || phone(contact.outside ?? '');
  const isAnswered = contact.consultation?.is_answered ?? false;
  if (name === '') return null; // The event comes before the number or the names do.
  return (
    <p className={css.sub} data-testid="call-consultation" aria-live="polite">
      {isAnswered ? t('consultation.talking', { name }) : t('consultation.ringing', { name })}
    </p>
  );
}

/** What the hold button does now. */
function holdAction(contact: ContactLive, isHeld: boolean) {
  if (!isHeld) return 'action.hold';
  if (contact.consultation) return 'action.return';
  return contact.outside ? 'action.cancel_outside' : 'action.resume';
}

function Buttons(props: { desk: Desk; contact: ContactLive; isHeld: boolean }) {
  const { t } = useTranslation('call');
  const { desk, contact, isHeld } = props;
  const command = useAgentCommand(desk.agent.id);
  const openTransfer = useCallUi((store) => store.openTransfer);
  const isConference = hasConference(contact);
  const isKeying = isSecureInputOpen(contact);
  return (
    <div className={css.actions}>
      <Button
        variant="default"
        leftSection={
          isHeld ? (
            <IconPlayerPlay size={17} aria-hidden="true" />
          ) : (
            <IconPlayerPause size={17} aria-hidden="true" />
          )
        }
        rightSection={<Kbd size="xs">F8</Kbd>}
        disabled={isConference || isKeying}
        onClick={() => command.mutate({ kind: isHeld ? 'resume' : 'hold' })}
        data-testid="call-hold"
        aria-pressed={isHeld}
      >
        {t(holdAction(contact, isHeld))}
      </Button>
      {contact.consultation?.with_agent_id && (
        <Button
          variant="default"
          leftSection={<IconUsersGroup size={17} aria-hidden="true" />}
          disabled={!contact.consultation.is_answered}
          onClick={() => command.mutate({ kind: 'make_conference' })}
          data-testid="call-conference"
        >
          {t('action.conference')}
        </Button>
      )}
      {contact.consultation ? (
        <Button
          leftSection={<IconArrowForwardUp size={17} aria-hidden="true" />}
          rightSection={<Kbd size="xs">F10</Kbd>}
          disabled={!contact.consultation.is_answered}
          onClick={() => command.mutate({ kind: 'complete_consultation' })}
          data-testid="call-complete"
        >
          {t('action.complete')}
        </Button>
      ) : (
        <Button
          variant="default"
          leftSection={
            isConference ? (
              <IconUserPlus size={17} aria-hidden="true" />
            ) : (
              <IconArrowForwardUp size={17} aria-hidden="true" />
            )
          }
          rightSection={<Kbd size="xs">F10</Kbd>}
          disabled={isKeying}
          onClick={openTransfer}
          data-testid="call-transfer"
        >
          {t(isConference ? 'action.add' : 'action.transfer')}
        </Button>
      )}
      <SecureInputButton desk={desk} contact={contact} />
      {contact.recording_id && !isKeying && !contact.consultation && (
        <RecordingButton desk={desk} contact={contact} />
      )}
      <Button
        color="red"
        leftSection={<IconPhoneOff size={17} aria-hidden="true" />}
        rightSection={<Kbd size="xs">F4</Kbd>}
        onClick={() => command.mutate({ kind: 'hang_up' })}
        data-testid="call-hang-up"
      >
        {t(contact.conference.some((each) => each.is_joined) ? 'action.leave' : 'action.hang_up')}
      </Button>
    </div>
  );
}

function RecordingButton({ desk, contact }: { desk: Desk; contact: ContactLive }) {
  const { t } = useTranslation('call');
  const command = useAgentCommand(desk.agent.id);
  if (contact.is_recording_paused) {
    return (
      <Button
        variant="default"
        leftSection={<IconPlayerRecord size={17} aria-hidden="true" />}
        rightSection={<Kbd size="xs">F9</Kbd>}
        onClick={() => command.mutate({ kind: 'resume_recording' })}
        data-testid="call-resume-recording"
      >
        {t('action.resume_recording')}
      </Button>
    );
  }
  return (
    <ChoiceMenu
      label={t('pause.why')}
      choices={['card_data', 'other']}
      text={(reason) => t(`pause.${reason}`)}
      onChoose={(reason) => command.mutate({ kind: 'pause_recording', reason })}
      testId="pause"
      button={
        <Button
          variant="default"
          leftSection={<IconPlayerRecord size={17} color="var(--esc-bad)" aria-hidden="true" />}
          rightSection={<Kbd size="xs">F9</Kbd>}
          data-testid="call-pause-recording"
        >
          {t('action.pause_recording')}
        </Button>
      }
    />
  );
}
