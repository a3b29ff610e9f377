import { Button } from '@mantine/core';
import { IconCoffee, IconHeadset, IconLogin2, IconPhoneOff } from '@tabler/icons-react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { useAgentCommand } from '@/acd/commands';
import { Today } from '@/acd/QueueTile';
import { useReasonText } from '@/acd/reason';
import { kAgentTone } from '@/acd/states';
import type { CaseRow, Desk } from '@/api/client';
import { Empty, Panel, Pill, Since } from '@/base/view/parts';
import { CaseList } from '@/cases/OpenCases';
import { casesQuery } from '@/cases/queries';
import css from './call.module.css';

/** Between calls: what to do next, how the own queues are, and the matters one owns. */
export function IdleDesk({ desk }: { desk: Desk }) {
  const { t } = useTranslation('call');
  const mine = useInfiniteQuery(casesQuery({ status: 'live', mine: true }));
  return (
    <div className={css.idle} data-testid="desk">
      <div className={css.column}>
        <Panel>
          <NextStep desk={desk} />
        </Panel>
        <Queues desk={desk} />
      </div>
      <CaseList
        title={t('idle.my_cases')}
        cases={soonestFirst(mine.data?.pages.flatMap((page) => page.items) ?? []).slice(0, 12)}
        emptyText={t('idle.my_cases_none')}
      />
    </div>
  );
}

/** By the date that was promised; what has no date comes last. */
function soonestFirst(cases: CaseRow[]): CaseRow[] {
  return cases.sort((a, b) => (a.due ?? '9').localeCompare(b.due ?? '9'));
}

function NextStep({ desk }: { desk: Desk }) {
  const { t } = useTranslation('call');
  const reasonText = useReasonText();
  const command = useAgentCommand(desk.agent.id);
  const { agent } = desk;
  if (agent.state === 'signed_out') {
    return (
      <Empty
        icon={<IconLogin2 size={26} />}
        title={t('idle.signed_out')}
        text={t('idle.signed_out_text')}
        action={
          <Button
            mt="sm"
            onClick={() => command.mutate({ kind: 'sign_in' })}
            loading={command.isPending}
            data-testid="idle-start-shift"
          >
            {t('idle.start_shift')}
          </Button>
        }
      />
    );
  }
  if (!agent.is_phone_registered) {
    return (
      <Empty
        icon={<IconPhoneOff size={26} />}
        title={t('idle.no_phone')}
        text={t('idle.no_phone_text')}
      />
    );
  }
  if (agent.state === 'ready') {
    return (
      <Empty icon={<IconHeadset size={26} />} title={t('idle.ready')} text={t('idle.ready_text')} />
    );
  }
  return (
    <Empty
      icon={<IconCoffee size={26} />}
      title={t('idle.not_ready', { reason: reasonText(agent.reason) })}
      text={agent.reason === 'no_answer' ? t('idle.missed_text') : t('idle.not_ready_text')}
      action={
        <Button
          mt="sm"
          onClick={() => command.mutate({ kind: 'ready' })}
          loading={command.isPending}
          data-testid="idle-ready"
        >
          {t('idle.go_ready')}
        </Button>
      }
    />
  );
}

function Queues({ desk }: { desk: Desk }) {
  const { t } = useTranslation(['call', 'acd']);
  return (
    <Panel title={t('idle.queues')}>
      {desk.queues.length === 0 && <p className={css.sub}>{t('idle.no_queues')}</p>}
      {desk.queues.map((queue) => (
        <div key={queue.id} className={css.queueRow} data-testid={`desk-queue-${queue.id}`}>
          <span className={css.queueName}>{queue.name}</span>
          <Pill tone={queue.waiting > 0 ? 'warn' : 'quiet'}>
            {t('acd:queue.waiting_count', { count: queue.waiting })}
          </Pill>
          {queue.longest_since && <Since instant={queue.longest_since} />}
          <Pill tone={queue.ready > 0 ? kAgentTone.ready : 'quiet'}>
            {t('acd:queue.ready', { count: queue.ready })}
          </Pill>
          <div className={css.queueToday}>
            <Today queue={queue} />
          </div>
        </div>
      ))}
    </Panel>
  );
}
