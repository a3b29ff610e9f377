import { Menu, Tooltip } from '@mantine/core';
import { IconChevronDown, IconPhoneOff } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Agent } from '@/api/client';
import { Since, Until } from '@/base/view/parts';
import { useSignedIn } from '@/identity/session';
import { useLive } from '@/live/store';
import css from './acd.module.css';
import { useAgentCommand } from './commands';
import { useReasonText } from './reason';
import { useReasons } from './settings';
import { kAgentTone } from './states';

/** The agent's status: always in sight, with its timer and, when not ready, the reason. */
export function StatusControl() {
  const { user } = useSignedIn();
  const agent = useLive((store) => store.desk?.agent);
  if (!agent || !user.agent_id) return <span className={css.statusWaiting} />;
  return <Status agent={agent} />;
}

function Status({ agent }: { agent: Agent }) {
  const { t } = useTranslation('acd');
  const reasonText = useReasonText();
  const isBusy =
    agent.state === 'offered' || agent.state === 'talking' || agent.state === 'wrap_up';
  const reason = agent.state === 'not_ready' ? reasonText(agent.reason) : '';
  const [isOpen, setOpen] = useState(false);
  // An open list must not lie over the card of a call that comes in.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the change of state is the point
  useEffect(() => setOpen(false), [agent.state]);
  return (
    <div className={css.statusRow}>
      <Menu position="bottom-start" width={260} opened={isOpen} onChange={setOpen}>
        <Menu.Target>
          <button
            type="button"
            className={css.status}
            data-tone={kAgentTone[agent.state]}
            data-state={agent.state}
            data-testid="status-control"
            onKeyDown={(event) => {
              if (event.key === 'Escape') setOpen(false);
            }}
          >
            <span className={css.statusDot} aria-hidden="true" />
            <span className="visually-hidden">{t('status.label')}</span>
            <span className={css.statusWords}>
              <span className={css.statusName}>{t(`state.${agent.state}`)}</span>
              {reason && <span className={css.statusReason}>{reason}</span>}
            </span>
            <StatusTimer agent={agent} />
            <IconChevronDown size={16} aria-hidden="true" />
          </button>
        </Menu.Target>
        <Menu.Dropdown>
          <Choices agent={agent} isBusy={isBusy} />
        </Menu.Dropdown>
      </Menu>
      {agent.next_state && agent.next_state.state !== 'ready' && (
        <span className={css.next} data-testid="status-next">
          {t('status.next', {
            state: agent.next_state.reason
              ? reasonText(agent.next_state.reason)
              : t(`state.${agent.next_state.state}`),
          })}
        </span>
      )}
      {!agent.is_phone_registered && agent.state !== 'signed_out' && (
        <Tooltip label={t('phone.advice')} multiline w={280}>
          <span className={css.phoneOff} data-testid="phone-off">
            <IconPhoneOff size={16} aria-hidden="true" />
            <span className={css.phoneOffText}>{t('phone.off')}</span>
          </span>
        </Tooltip>
      )}
    </div>
  );
}

function StatusTimer({ agent }: { agent: Agent }) {
  if (agent.state === 'signed_out') return null;
  if (agent.state === 'wrap_up' && agent.until) {
    return <Until instant={agent.until} className={css.statusTimer} />;
  }
  return <Since instant={agent.since} className={css.statusTimer} />;
}

function Choices({ agent, isBusy }: { agent: Agent; isBusy: boolean }) {
  const { t } = useTranslation('acd');
  const reasons = useReasons();
  const command = useAgentCommand(agent.id);
  if (agent.state === 'signed_out') {
    return (
      <Menu.Item onClick={() => command.mutate({ kind: 'sign_in' })} data-testid="shift-start">
        {t('status.start_shift')}
      </Menu.Item>
    );
  }
  return (
    <>
      <Menu.Label>{isBusy ? t('status.after_call') : t('status.choose')}</Menu.Label>
      <Menu.Item
        leftSection={<span className={css.choiceDot} data-tone="good" aria-hidden="true" />}
        onClick={() => command.mutate({ kind: 'ready' })}
        disabled={agent.state === 'ready'}
        data-testid="status-ready"
      >
        {t('state.ready')}
      </Menu.Item>
      <Menu.Label>{t('state.not_ready')}</Menu.Label>
      {reasons.data?.map((reason) => (
        <Menu.Item
          key={reason.code}
          leftSection={<span className={css.choiceDot} data-tone="warn" aria-hidden="true" />}
          onClick={() => command.mutate({ kind: 'not_ready', reason: reason.code })}
          data-testid={`status-not-ready-${reason.code}`}
        >
          {reason.label}
        </Menu.Item>
      ))}
      {!isBusy && (
        <>
          <Menu.Divider />
          <Menu.Item onClick={() => command.mutate({ kind: 'sign_out' })} data-testid="shift-end">
            {t('status.end_shift')}
          </Menu.Item>
        </>
      )}
    </>
  );
}
