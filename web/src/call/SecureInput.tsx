import { Button } from '@mantine/core';
import { IconDialpad } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useAgentCommand } from '@/acd/commands';
import type { ContactLive, Desk } from '@/api/client';
import { ChoiceMenu } from './ChoiceMenu';
import css from './call.module.css';
import { hasConference } from './part';
import { isSecureInputOpen, kSecureKinds, maskOf, wordsOf } from './secure-input';

/** What the caller keys in secret: how much of it, and how it ended. */
export function SecureInputLine({ contact }: { contact: ContactLive }) {
  const { t } = useTranslation('call');
  const input = contact.secure_input;
  if (input === null) return null;
  return (
    <p className={css.sub} data-testid="secure-input" data-state={input.state} role="status">
      {t(`secure.${wordsOf(input)}`, {
        what: t(`secure.what.${input.kind}`),
        count: input.digits,
        mask: maskOf(input),
        attempt: input.attempt,
      })}
    </p>
  );
}

/** Asks for it, and while it is under way gives it up. */
export function SecureInputButton({ desk, contact }: { desk: Desk; contact: ContactLive }) {
  const { t } = useTranslation('call');
  const command = useAgentCommand(desk.agent.id);
  if (isSecureInputOpen(contact)) {
    return (
      <Button
        leftSection={<IconDialpad size={17} aria-hidden="true" />}
        onClick={() => command.mutate({ kind: 'end_secure_input' })}
        data-testid="secure-end"
      >
        {t('secure.end')}
      </Button>
    );
  }
  return (
    <ChoiceMenu
      label={t('secure.why')}
      choices={kSecureKinds}
      text={(what) => t(`secure.kind.${what}`)}
      onChoose={(what) => command.mutate({ kind: 'begin_secure_input', what })}
      testId="secure"
      button={
        <Button
          variant="default"
          leftSection={<IconDialpad size={17} aria-hidden="true" />}
          disabled={contact.state !== 'talking' || hasConference(contact)}
          data-testid="secure-begin"
        >
          {t('secure.begin')}
        </Button>
      }
    />
  );
}
