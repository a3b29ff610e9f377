import { NativeSelect } from '@mantine/core';
import { IconMicrophone } from '@tabler/icons-react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, ask, type Recording } from '@/api/client';
import { dateTime } from '@/base/format';
import { useLanguage } from '@/base/preferences';
import { Empty, Page, Paged, Pill, Reference, Span, Table, viewCss } from '@/base/view/parts';
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
      <Paged
        list={list}
        empty={
          <Empty
            icon={<IconMicrophone size={26} />}
            title={t('list.none')}
            text={t('list.none_text')}
          />
        }
      >
        {(rows) => <Rows rows={rows} playing={play} />}
      </Paged>
    </Page>
  );
}

function Rows({ rows, playing }: { rows: readonly Recording[]; playing: string | undefined }) {
  const { t } = useTranslation('media');
  const language = useLanguage();
  return (
    <Table
      label={t('list.title')}
      heads={[
        { text: t('field.started') },
        { text: t('field.kind') },
        { text: t('field.customer') },
        { text: t('field.agent') },
        { text: t('field.case') },
        { text: t('field.duration'), isNumber: true },
        { text: t('player.listen'), isHidden: true },
      ]}
    >
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
              <Link to="/cases/$caseId" params={{ caseId: row.case.id }} className={viewCss.link}>
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
    </Table>
  );
}
