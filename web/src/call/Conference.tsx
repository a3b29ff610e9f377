import { Button } from '@mantine/core';
import { IconUserMinus } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useAgentCommand } from '@/acd/commands';
import type { ContactLive, Desk } from '@/api/client';
import { Pill, Since } from '@/base/view/parts';
import { useAgentName } from './ConsultationCard';
import css from './call.module.css';

/** Who is in the conversation beside the caller and this agent, and since when. */
export function ConferenceMembers({ desk, contact }: { desk: Desk; contact: ContactLive }) {
  const { t } = useTranslation('call');
  return (
    <ul className={css.members} aria-label={t('conference.label')} data-testid="conference">
      {contact.conference.map((member) => (
        <Member key={member.agent_id} desk={desk} member={member} />
      ))}
    </ul>
  );
}

function Member(props: { desk: Desk; member: ContactLive['conference'][number] }) {
  const { t } = useTranslation('call');
  const { desk, member } = props;
  const name = useAgentName(member.agent_id);
  const command = useAgentCommand(desk.agent.id);
  return (
    <li className={css.member} data-testid={`member-${member.agent_id}`}>
      <span>{name}</span>
      <Pill tone={member.is_joined ? 'busy' : 'offer'}>
        {t(member.is_joined ? 'conference.joined' : 'conference.ringing')}
      </Pill>
      <Since instant={member.since} />
      <Button
        variant="subtle"
        size="compact-sm"
        leftSection={<IconUserMinus size={15} aria-hidden="true" />}
        onClick={() => command.mutate({ kind: 'remove_from_conference', with: member.agent_id })}
        aria-label={t('conference.remove_name', { name })}
        data-testid={`remove-${member.agent_id}`}
      >
        {t('conference.remove')}
      </Button>
    </li>
  );
}

/** Nobody listens unseen. */
export function SupervisedBy({ contact }: { contact: ContactLive }) {
  return contact.supervised_by
    .filter((each) => each.is_joined)
    .map((each) => <SupervisorBadge key={each.agent_id} supervisor={each} />);
}

function SupervisorBadge({ supervisor }: { supervisor: ContactLive['supervised_by'][number] }) {
  const { t } = useTranslation('call');
  const name = useAgentName(supervisor.agent_id);
  return (
    <Pill tone="accent" testId="supervised-by">
      {t(`supervision.${supervisor.mode}`, { name })}
    </Pill>
  );
}
