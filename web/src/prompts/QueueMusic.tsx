import { MultiSelect } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api, ask, type Prompt, type QueueSettings } from '@/api/client';
import { complain, tell } from '@/base/view/notify';
import { Loading, Panel, Trouble, viewCss } from '@/base/view/parts';
import { useAccess } from '@/identity/session';
import css from './prompts.module.css';
import { kHoldMusic, queuesQuery } from './queries';
import { Wave } from './Wave';

/** Which music each queue plays, with the installation's own to listen to. */
export function QueueMusic({ music }: { music: readonly Prompt[] }) {
  const { t } = useTranslation('prompts');
  const queues = useQuery(queuesQuery);
  return (
    <Panel title={t('music.title')} testId="queue-music">
      <p className={viewCss.muted}>{t('music.hint')}</p>
      <div className={css.musics}>
        <div>
          <p className={css.name}>
            {t('music.default')}. {t('music.default_text')}
          </p>
          <Wave source={kHoldMusic} name={t('music.default')} />
        </div>
        {queues.error && <Trouble error={queues.error} onRetry={() => void queues.refetch()} />}
        {queues.isPending && <Loading rows={3} />}
        {queues.data?.map((queue) => (
          <OneQueue key={queue.id} queue={queue} music={music} />
        ))}
      </div>
    </Panel>
  );
}

function OneQueue({ queue, music }: { queue: QueueSettings; music: readonly Prompt[] }) {
  const { t } = useTranslation('prompts');
  const queries = useQueryClient();
  const { may } = useAccess();
  const save = useMutation({
    mutationFn: (prompts: string[]) =>
      ask(
        api.PUT('/api/v1/queues/{queue_id}/music', {
          params: { path: { queue_id: queue.id } },
          body: { prompts },
        }),
      ),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['queues'] });
      void queries.invalidateQueries({ queryKey: ['prompts'] });
      tell(t('music.saved', { queue: queue.name }));
    },
    onError: complain,
  });
  return (
    <MultiSelect
      label={t('music.pieces', { queue: queue.name })}
      placeholder={queue.music.length === 0 ? t('music.default') : ''}
      description={music.length === 0 ? t('music.none') : undefined}
      data={music.map((each) => ({ value: each.name, label: each.title }))}
      value={save.isPending ? (save.variables ?? queue.music) : queue.music}
      onChange={(chosen) => save.mutate(chosen)}
      maxValues={20}
      disabled={!may('manage_directory') || music.length === 0}
      translate="no"
      data-testid={`music-of-${queue.id}`}
    />
  );
}
