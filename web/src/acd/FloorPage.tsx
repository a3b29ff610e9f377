import { IconLayoutDashboard } from '@tabler/icons-react';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { timeOfDay } from '@/base/format';
import { useLanguage } from '@/base/preferences';
import { Empty, Loading, Page, Panel, Trouble } from '@/base/view/parts';
import { useAccess } from '@/identity/session';
import { useLive, watchFloor } from '@/live/store';
import { AgentsTable } from './AgentsTable';
import css from './acd.module.css';
import { CallersTable } from './CallersTable';
import { QueueTile } from './QueueTile';

export function FloorPage() {
  const { t } = useTranslation('acd');
  const language = useLanguage();
  const { may } = useAccess();
  const isWatching = may('watch_floor');
  const floor = useLive((store) => store.floor);
  const error = useLive((store) => store.floorError);
  useEffect(() => (isWatching ? watchFloor() : undefined), [isWatching]);

  if (!isWatching) {
    return (
      <Page title={t('floor.title')}>
        <Panel>
          <Empty
            icon={<IconLayoutDashboard size={26} />}
            title={t('floor.forbidden_title')}
            text={t('floor.forbidden')}
          />
        </Panel>
      </Page>
    );
  }
  return (
    <Page
      title={t('floor.title')}
      hint={
        floor ? t('floor.as_of', { time: timeOfDay(floor.taken_at, language) }) : t('floor.hint')
      }
    >
      {error !== undefined && <Trouble error={error} onRetry={() => watchFloor()} />}
      {floor === undefined && error === undefined && (
        <Panel>
          <Loading rows={8} />
        </Panel>
      )}
      {floor && (
        <>
          <div className={css.tiles}>
            {floor.queues.map((queue) => (
              <QueueTile key={queue.id} queue={queue} />
            ))}
          </div>
          <div className={css.columns}>
            <AgentsTable floor={floor} />
            <CallersTable floor={floor} />
          </div>
        </>
      )}
    </Page>
  );
}
