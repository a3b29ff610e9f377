import { Button, Tooltip } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, ask, type QueueLive } from '@/api/client';
import { useNow } from '@/base/clock';
import { number, percent, since } from '@/base/format';
import { useLanguage } from '@/base/preferences';
import { complain } from '@/base/view/notify';
import { Panel, Pill, Since } from '@/base/view/parts';
import { useAccess } from '@/identity/session';
import css from './acd.module.css';
import { StopQueue } from './StopQueue';
import { kAgentTone, waitTone } from './states';

const kStates = ['ready', 'talking', 'wrap_up', 'not_ready'] as const;

/** One queue now and today. Each figure of today says how it is computed. */
export function QueueTile({ queue }: { queue: QueueLive }) {
  const { t } = useTranslation('acd');
  const longest = since(queue.longest_since, useNow());
  const tone = queue.longest_since ? waitTone(longest) : 'quiet';
  return (
    <Panel
      title={queue.name}
      label={t('queue.label', { name: queue.name })}
      testId={`floor-queue-${queue.id}`}
    >
      <div className={css.tileFigures}>
        <div>
          <div className={css.big} data-testid={`waiting-${queue.id}`}>
            {queue.waiting}
          </div>
          <div className={css.label}>{t('queue.waiting')}</div>
        </div>
        <div>
          <div className={css.big} data-tone={tone}>
            {queue.longest_since ? <Since instant={queue.longest_since} /> : '–'}
          </div>
          <div className={css.label}>{t('queue.longest')}</div>
        </div>
      </div>
      <div className={css.states}>
        {kStates.map((state) => (
          <Pill key={state} tone={queue[state] > 0 ? kAgentTone[state] : 'quiet'}>
            {t(`queue.${state}`, { count: queue[state] })}
          </Pill>
        ))}
      </div>
      <div className={css.tileToday}>
        <Today queue={queue} />
      </div>
      <Stopping queue={queue} />
    </Panel>
  );
}

/** The power to stop a queue, and what everybody else sees of it. */
function Stopping({ queue }: { queue: QueueLive }) {
  const { t } = useTranslation('acd');
  const { may } = useAccess();
  const [isAsking, setAsking] = useState(false);
  const params = { path: { queue_id: queue.id } };
  const resume = () =>
    void ask(api.POST('/api/v1/queues/{queue_id}/resume', { params })).catch(complain);
  return (
    <div className={css.stopping}>
      {queue.is_stopped && (
        <Pill tone="bad" testId={`stopped-${queue.id}`}>
          {t('queue.stopped')}
        </Pill>
      )}
      {may('stop_queues') && (
        <Button
          size="compact-xs"
          variant="default"
          onClick={queue.is_stopped ? resume : () => setAsking(true)}
          aria-label={`${t(queue.is_stopped ? 'queue.resume' : 'queue.stop')}: ${queue.name}`}
          data-testid={`stop-${queue.id}`}
        >
          {t(queue.is_stopped ? 'queue.resume' : 'queue.stop')}
        </Button>
      )}
      {isAsking && <StopQueue queue={queue} onClose={() => setAsking(false)} />}
    </div>
  );
}

export function Today({ queue }: { queue: QueueLive }) {
  const { t } = useTranslation('acd');
  const language = useLanguage();
  const offered = queue.answered_today + queue.abandoned_today;
  const figures = [
    ['answered', number(queue.answered_today, language)],
    ['abandoned', number(queue.abandoned_today, language)],
    ['within', percent(queue.answered_within_20s_today, offered, language)],
  ] as const;
  return (
    <div className={css.today}>
      {figures.map(([name, value]) => (
        <Tooltip key={name} label={t(`figure.${name}_formula`)} multiline w={280}>
          <button
            type="button"
            className={css.todayFigure}
            aria-description={t(`figure.${name}_formula`)}
          >
            {t(`figure.${name}`)} <strong>{value}</strong>
          </button>
        </Tooltip>
      ))}
    </div>
  );
}
