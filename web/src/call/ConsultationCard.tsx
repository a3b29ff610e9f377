import { Button, Kbd } from '@mantine/core';
import { IconPhone, IconPhoneOff } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { useAgentCommand } from '@/acd/commands';
import { agentsQuery } from '@/acd/settings';
import type { ContactLive, Desk } from '@/api/client';
import { phone } from '@/base/format';
import { Since } from '@/base/view/parts';
import css from './call.module.css';
import { useCallerName } from './OfferCard';
import type { Part } from './part';

export function useAgentName(id: string): string {
  const agents = useQuery(agentsQuery);
  return agents.data?.find((agent) => agent.id === id)?.name ?? '';
}

/**
 * A colleague asks about their caller, or has this agent in the conversation: whose call it is comes
 * first, who asks is said above.
 */
export function ConsultationCard(props: { desk: Desk; contact: ContactLive; part: Part }) {
  const { desk, contact, part } = props;
  const { t } = useTranslation('call');
  const command = useAgentCommand(desk.agent.id);
  const name = useCallerName(contact);
  const by = useAgentName(part.by);
  const isAnswered = part.isThere;
  return (
    <section
      className={css.bar}
      data-state={isAnswered ? 'talking' : 'held'}
      aria-label={t(`${part.kind}.card`)}
      data-testid="consultation-card"
    >
      <div className={css.barWho}>
        <p className={css.kicker} role="status" data-testid="consultation-by">
          {t(`${part.kind}.by`, { name: by })}
        </p>
        <h2 className={css.name}>{name}</h2>
        <p className={css.sub}>
          {contact.customer && contact.caller ? `${phone(contact.caller)} · ` : ''}
          {contact.line_name}
        </p>
      </div>
      <div className={css.barState}>
        <Since instant={part.since} className={css.bigTimer} />
      </div>
      <div className={css.actions}>
        {!isAnswered && (
          <Button
            leftSection={<IconPhone size={17} aria-hidden="true" />}
            rightSection={<Kbd size="xs">F2</Kbd>}
            onClick={() => command.mutate({ kind: 'answer' })}
            data-testid="consultation-answer"
          >
            {t('action.answer')}
          </Button>
        )}
        <Button
          variant="default"
          leftSection={<IconPhoneOff size={17} aria-hidden="true" />}
          rightSection={<Kbd size="xs">F4</Kbd>}
          onClick={() => command.mutate({ kind: isAnswered ? 'hang_up' : 'decline' })}
          data-testid="consultation-end"
        >
          {t(isAnswered ? 'action.hang_up' : 'action.decline')}
        </Button>
      </div>
    </section>
  );
}
