import { Chip } from '@mantine/core';
import { IconPhoneOff, IconUsers } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Agent, AgentState, Floor } from '@/api/client';
import { useNow } from '@/base/clock';
import { phone, since } from '@/base/format';
import { Empty, Panel, Pill, Since, Table, viewCss } from '@/base/view/parts';
import css from './acd.module.css';
import { useReasonText } from './reason';
import { isOverdue, kAgentTone } from './states';

/** Those who can take part now come first; people off shift last. */
const kOrder: AgentState[] = ['offered', 'talking', 'wrap_up', 'ready', 'not_ready', 'signed_out'];

export function AgentsTable({ floor }: { floor: Floor }) {
  const { t } = useTranslation('acd');
  const [state, setState] = useState<AgentState | ''>('');
  const present = kOrder.filter((each) => floor.agents.some((agent) => agent.state === each));
  const shown = floor.agents
    .filter((agent) => state === '' || agent.state === state)
    .sort(
      (a, b) =>
        kOrder.indexOf(a.state) - kOrder.indexOf(b.state) || a.name.localeCompare(b.name, 'es'),
    );
  return (
    <Panel title={t('agents.title', { count: floor.agents.length })}>
      {floor.agents.length === 0 ? (
        <Empty
          icon={<IconUsers size={26} />}
          title={t('agents.none')}
          text={t('agents.none_text')}
        />
      ) : (
        <>
          <div className={css.filters}>
            {present.map((each) => (
              <Chip
                key={each}
                size="xs"
                variant="outline"
                checked={state === each}
                onChange={(isOn) => setState(isOn ? each : '')}
              >
                {t(`state.${each}`)} ({floor.agents.filter((agent) => agent.state === each).length})
              </Chip>
            ))}
          </div>
          <Table
            label={t('agents.caption')}
            heads={[
              { text: t('agents.name') },
              { text: t('agents.state') },
              { text: t('agents.time'), isNumber: true },
              { text: t('agents.with') },
            ]}
          >
            {shown.map((agent) => (
              <Row key={agent.id} agent={agent} floor={floor} />
            ))}
          </Table>
        </>
      )}
    </Panel>
  );
}

function Row({ agent, floor }: { agent: Agent; floor: Floor }) {
  const { t } = useTranslation('acd');
  const reasonText = useReasonText();
  const now = useNow();
  const contact = floor.contacts.find((each) => each.id === agent.contact_id);
  const isLate = isOverdue(agent.state, since(agent.since, now));
  return (
    <tr data-testid={`floor-agent-${agent.id}`} data-state={agent.state}>
      <td>
        <span className={css.who}>{agent.name}</span>
        {!agent.is_phone_registered && agent.state !== 'signed_out' && (
          <span className={css.sub}>
            <IconPhoneOff size={13} aria-hidden="true" /> {t('phone.off')}
          </span>
        )}
      </td>
      <td>
        <Pill tone={kAgentTone[agent.state]}>{t(`state.${agent.state}`)}</Pill>
        {agent.state === 'not_ready' && agent.reason && (
          <span className={css.sub}>{reasonText(agent.reason)}</span>
        )}
      </td>
      <td className={viewCss.number}>
        {agent.state === 'signed_out' ? (
          '–'
        ) : (
          <span className={isLate ? css.overdue : undefined}>
            <Since instant={agent.since} />
            {isLate && <span className="visually-hidden"> {t('agents.late')}</span>}
          </span>
        )}
      </td>
      <td>
        {contact
          ? (contact.customer?.name ??
            (contact.caller ? phone(contact.caller) : t('caller.withheld')))
          : ''}
        {contact?.state === 'held' && <span className={css.sub}>{t('contact_state.held')}</span>}
      </td>
    </tr>
  );
}
