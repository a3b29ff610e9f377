import { NativeSelect } from '@mantine/core';
import { IconMicrophone } from '@tabler/icons-react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, ask, type Recording } from '@/api/client';
import { dateTime } from '@/base/format';
import { useLanguage } from '@/base/preferences';
import {
  Empty,
  Loading,
  More,
  Page,
  Panel,
  Pill,
  Reference,
  Span,
  TableScroll,
  Trouble,
  viewCss,
} from '@/base/view/parts';
import css from './media.module.css';
import { Player } from './Player';

const route = getRouteApi('/recordings');
type Kind = Recording['kind'] | '';

export function RecordingsPage() {
  const { t } = useTranslation('media');
  const { play } = route.useSearch();
  const navigate = route.useNavigate();
  const [kind, setKind] = useState<Kind>('');
  const list = useInfiniteQuery({
    queryKey: ['recordings', kind],
    initialPageParam: '',
    queryFn: ({ pageParam }) => {
      const query = {
        limit: 50,
        ...(kind !== '' && { kind }),
        ...(pageParam !== '' && { cursor: pageParam }),
      };
      return ask(api.GET('/api/v1/recordings', { params: { query } }));
    },
    getNextPageParam: (page) => page.next_cursor,
  });
  const rows = list.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Page
      title={t('list.title')}
      hint={t('list.hint')}
      actions={
        <NativeSelect
          label={t('list.kind')}
          value={kind}
          onChange={(event) => setKind(event.currentTarget.value as Kind)}
          data={[
            { value: '', label: t('list.all') },
            { value: 'call', label: t('kind.call') },
            { value: 'voicemail', label: t('kind.voicemail') },
          ]}
        />
      }
    >
      {play && (
        <Player key={play} recordingId={play} onClose={() => void navigate({ search: {} })} />
      )}
      <Panel>
        {list.error && <Trouble error={list.error} onRetry={() => void list.refetch()} />}
        {list.isPending && <Loading rows={8} />}
        {list.data && rows.length === 0 && (
          <Empty
            icon={<IconMicrophone size={26} />}
            title={t('list.none')}
            text={t('list.none_text')}
          />
        )}
        {rows.length > 0 && <Rows rows={rows} playing={play} />}
        <More
          has={list.hasNextPage}
          isLoading={list.isFetchingNextPage}
          onMore={() => void list.fetchNextPage()}
        />
      </Panel>
    </Page>
  );
}

function Rows({ rows, playing }: { rows: readonly Recording[]; playing: string | undefined }) {
  const { t } = useTranslation('media');
  const language = useLanguage();
  return (
    <TableScroll label={t('list.title')}>
      <table className={viewCss.table}>
        <caption className="visually-hidden">{t('list.title')}</caption>
        <thead>
          <tr>
            <th scope="col">{t('field.started')}</th>
            <th scope="col">{t('field.kind')}</th>
            <th scope="col">{t('field.customer')}</th>
            <th scope="col">{t('field.agent')}</th>
            <th scope="col">{t('field.case')}</th>
            <th scope="col" className={viewCss.number}>
              {t('field.duration')}
            </th>
            <th scope="col">
              <span className="visually-hidden">{t('player.listen')}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr
              key={row.id}
              className={row.id === playing ? css.playing : ''}
              data-testid={`recording-${row.id}`}
            >
              <td className={viewCss.when}>{dateTime(row.started_at, language)}</td>
              <td>
                <Pill tone={row.kind === 'voicemail' ? 'accent' : 'quiet'}>
                  {t(`kind.${row.kind}`)}
                </Pill>
              </td>
              <td>{row.customer?.name ?? ''}</td>
              <td>{row.agent?.name ?? ''}</td>
              <td>
                {row.case && (
                  <Link
                    to="/cases/$caseId"
                    params={{ caseId: row.case.id }}
                    className={viewCss.link}
                  >
                    <Reference digits={row.case.reference} />
                  </Link>
                )}
              </td>
              <td className={viewCss.number}>
                {row.duration_ms === null ? (
                  t('list.recording_now')
                ) : (
                  <Span milliseconds={row.duration_ms} />
                )}
                {row.duration_ms !== null && !row.is_complete && (
                  <div className={viewCss.muted}>{t('list.incomplete')}</div>
                )}
              </td>
              <td>
                {row.duration_ms !== null && (
                  <Link
                    to="/recordings"
                    search={{ play: row.id }}
                    className={viewCss.link}
                    data-testid={`listen-${row.id}`}
                    aria-label={t('player.listen_to', { when: dateTime(row.started_at, language) })}
                  >
                    {t('player.listen')}
                  </Link>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </TableScroll>
  );
}
