import { Button, Group, Modal, SegmentedControl, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAgentCommand } from '@/acd/commands';
import { takesPart } from '@/acd/reduce';
import { agentsQuery, useQueueSettings } from '@/acd/settings';
import { kAgentTone } from '@/acd/states';
import type { Agent, Desk } from '@/api/client';
import { Loading, Pill, Since, Trouble } from '@/base/view/parts';
import css from './call.module.css';
import { useCallUi } from './call-ui';
import { hasConference } from './part';

type Kind = 'agent' | 'queue' | 'number';

/** Where the call can go, with who is free this moment. Context, case and recording go along. */
export function TransferDialog({ desk }: { desk: Desk }) {
  const { t } = useTranslation('call');
  const { isTransferOpen, closeTransfer } = useCallUi();
  const [chosen, setKind] = useState<Kind>('agent');
  const isConference = hasConference(desk.contact);
  const kind = isConference ? 'agent' : chosen;
  return (
    <Modal
      opened={isTransferOpen}
      onClose={closeTransfer}
      title={t(isConference ? 'conference.add_title' : 'transfer.title')}
      size="lg"
      closeButtonProps={{ 'aria-label': t('action.close') }}
      data-testid="transfer-dialog"
    >
      {!isConference && (
        <SegmentedControl
          fullWidth
          mb="sm"
          aria-label={t('transfer.to')}
          value={kind}
          onChange={(value) => setKind(value as Kind)}
          data={[
            { value: 'agent', label: t('transfer.agents') },
            {
              value: 'queue',
              label: <span data-testid="transfer-to-queue">{t('transfer.queues')}</span>,
            },
            {
              value: 'number',
              label: <span data-testid="transfer-to-number">{t('transfer.number')}</span>,
            },
          ]}
        />
      )}
      {kind === 'number' ? (
        <OutsideNumber desk={desk} onDone={closeTransfer} />
      ) : (
        <Targets key={kind} desk={desk} kind={kind} onDone={closeTransfer} />
      )}
    </Modal>
  );
}

/** A number outside: passed on to it when it answers, or asked first. */
function OutsideNumber({ desk, onDone }: { desk: Desk; onDone: () => void }) {
  const { t } = useTranslation('call');
  const [number, setNumber] = useState('');
  const command = useAgentCommand(desk.agent.id);
  const wanted = number.trim();
  const go = () => command.mutate({ kind: 'transfer_number', to: wanted }, { onSuccess: onDone });
  const consult = () =>
    command.mutate({ kind: 'consult_number', with: wanted }, { onSuccess: onDone });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (wanted !== '' && !command.isPending) go();
      }}
    >
      <TextInput
        label={t('transfer.number_label')}
        description={t('transfer.number_help')}
        type="tel"
        inputMode="tel"
        autoComplete="off"
        maxLength={40}
        value={number}
        onChange={(event) => setNumber(event.currentTarget.value)}
        data-autofocus
        data-testid="transfer-number"
      />
      <Group mt="sm">
        <Button
          type="submit"
          disabled={wanted === ''}
          loading={command.isPending}
          data-testid="transfer-number-go"
        >
          {t('transfer.number_go')}
        </Button>
        <Button
          variant="default"
          disabled={wanted === '' || command.isPending}
          onClick={consult}
          data-testid="consult-number"
        >
          {t('transfer.consult_number')}
        </Button>
      </Group>
    </form>
  );
}

function Targets(props: { desk: Desk; kind: 'agent' | 'queue'; onDone: () => void }) {
  const { desk, kind, onDone } = props;
  const { t } = useTranslation('call');
  const [text, setText] = useState('');
  const agents = useQuery({ ...agentsQuery, refetchInterval: 3000 });
  const queues = useQueueSettings();
  const command = useAgentCommand(desk.agent.id);
  const wanted = text.trim().toLocaleLowerCase();
  const fits = (name: string) => name.toLocaleLowerCase().includes(wanted);
  const go = (to: string) =>
    command.mutate(
      { kind: kind === 'agent' ? 'transfer_agent' : 'transfer_queue', to },
      { onSuccess: onDone },
    );
  const isConference = hasConference(desk.contact);
  const consult = (id: string) =>
    command.mutate(
      { kind: isConference ? 'add_to_conference' : 'consult', with: id },
      { onSuccess: onDone },
    );
  const targets =
    kind === 'agent'
      ? sorted(agents.data ?? [])
          .filter((agent) => agent.id !== desk.agent.id && fits(agent.name))
          .map((agent) => (
            <AgentTarget
              key={agent.id}
              agent={agent}
              onGo={go}
              onConsult={consult}
              isConference={isConference}
            />
          ))
      : (queues.data ?? [])
          .filter((queue) => fits(queue.name))
          .map((queue) => (
            <QueueTarget
              key={queue.id}
              id={queue.id}
              name={queue.name}
              waiting={desk.queues.find((each) => each.id === queue.id)?.waiting}
              agents={agents.data ?? []}
              onGo={go}
            />
          ));
  const trouble = agents.error ?? queues.error;
  return (
    <>
      <TextInput
        label={t('transfer.search')}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        data-autofocus
      />
      {trouble && <Trouble error={trouble} onRetry={() => void agents.refetch()} />}
      {!agents.data && !trouble && <Loading rows={5} />}
      {agents.data && targets.length === 0 && <p className={css.sub}>{t('transfer.none')}</p>}
      <ul className={css.targets}>{targets}</ul>
    </>
  );
}

function sorted(agents: readonly Agent[]): Agent[] {
  const rank = (agent: Agent) =>
    agent.state === 'ready' ? 0 : agent.state === 'signed_out' ? 2 : 1;
  return [...agents].sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name, 'es'));
}

/** Passed on at once to who is ready; asked before is also who is there without being ready. */
function AgentTarget(props: {
  agent: Agent;
  onGo: (id: string) => void;
  onConsult: (id: string) => void;
  /** Nobody is passed on from a conference: one more is added. */
  isConference: boolean;
}) {
  const { t } = useTranslation(['call', 'acd']);
  const { agent, isConference } = props;
  const isThere = agent.state === 'ready' || (agent.state === 'not_ready' && !takesPart(agent));
  return (
    <li className={css.targetRow}>
      <button
        type="button"
        className={css.target}
        disabled={isConference || agent.state !== 'ready'}
        onClick={() => props.onGo(agent.id)}
        data-testid={`transfer-agent-${agent.id}`}
      >
        <span className={css.targetName}>{agent.name}</span>
        <Pill tone={kAgentTone[agent.state]}>{t(`acd:state.${agent.state}`)}</Pill>
        {agent.state !== 'signed_out' && <Since instant={agent.since} />}
      </button>
      <Button
        variant="default"
        disabled={!isThere || !agent.is_phone_registered}
        onClick={() => props.onConsult(agent.id)}
        aria-label={t(isConference ? 'conference.add_name' : 'transfer.consult_with', {
          name: agent.name,
        })}
        data-testid={`consult-agent-${agent.id}`}
      >
        {t(isConference ? 'conference.add' : 'transfer.consult')}
      </Button>
    </li>
  );
}

function QueueTarget(props: {
  id: string;
  name: string;
  waiting: number | undefined;
  agents: readonly Agent[];
  onGo: (id: string) => void;
}) {
  const { t } = useTranslation(['call', 'acd']);
  const ready = props.agents.filter(
    (agent) => agent.state === 'ready' && agent.queue_ids.includes(props.id),
  ).length;
  return (
    <li>
      <button
        type="button"
        className={css.target}
        onClick={() => props.onGo(props.id)}
        data-testid={`transfer-queue-${props.id}`}
      >
        <span className={css.targetName}>{props.name}</span>
        {props.waiting !== undefined && (
          <Pill tone={props.waiting > 0 ? 'warn' : 'quiet'}>
            {t('transfer.waiting', { count: props.waiting })}
          </Pill>
        )}
        <Pill tone={ready > 0 ? 'good' : 'quiet'}>{t('transfer.ready', { count: ready })}</Pill>
      </button>
    </li>
  );
}
