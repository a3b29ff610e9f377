import {
  IconClipboardCheck,
  IconFolderCheck,
  IconFolderOpen,
  IconFolderSymlink,
  IconHeadset,
  IconNote,
  IconPencil,
  IconPhoneEnd,
  IconPhoneIncoming,
  IconPhoneOutgoing,
  IconPlayerPlay,
  IconUserEdit,
  IconUserPlus,
} from '@tabler/icons-react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { TimelineEntry } from '@/api/client';
import { dateTime, reference } from '@/base/format';
import { useLanguage } from '@/base/preferences';
import { Empty, Loading, More, Panel, Trouble, viewCss } from '@/base/view/parts';
import css from './cases.module.css';
import { useEntryText } from './entry-text';
import { type TimelineOf, timelineQuery } from './queries';

const kIcons: Record<TimelineEntry['kind'], typeof IconNote> = {
  contact_arrived: IconPhoneIncoming,
  contact_connected: IconHeadset,
  outside_answered: IconPhoneOutgoing,
  contact_ended: IconPhoneEnd,
  case_opened: IconFolderOpen,
  case_linked: IconFolderSymlink,
  case_updated: IconPencil,
  case_closed: IconFolderCheck,
  note_saved: IconNote,
  disposition_recorded: IconClipboardCheck,
  recording_ended: IconPlayerPlay,
  customer_created: IconUserPlus,
  customer_updated: IconUserEdit,
};

/** Entries whose text is what somebody or some flow wrote. */
const kSaid = new Set<TimelineEntry['kind']>(['note_saved', 'case_opened']);

/** Everything that happened with a case or a customer, newest first, whatever the call or agent. */
export function Timeline(props: TimelineOf & { title?: string }) {
  const { t } = useTranslation('cases');
  const timeline = useInfiniteQuery(timelineQuery(props));
  const entries = timeline.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Panel title={props.title ?? t('timeline.title')} testId="timeline">
      {timeline.error && <Trouble error={timeline.error} onRetry={() => void timeline.refetch()} />}
      {timeline.isPending && <Loading rows={5} />}
      {timeline.data && entries.length === 0 && (
        <Empty
          icon={<IconNote size={26} />}
          title={t('timeline.none')}
          text={t('timeline.none_text')}
        />
      )}
      <ol className={css.timeline}>
        {entries.map((entry) => (
          <Entry key={entry.seq} entry={entry} isOfCustomer={props.of === 'customer'} />
        ))}
      </ol>
      <More
        has={timeline.hasNextPage}
        isLoading={timeline.isFetchingNextPage}
        onMore={() => void timeline.fetchNextPage()}
      />
    </Panel>
  );
}

function Entry({ entry, isOfCustomer }: { entry: TimelineEntry; isOfCustomer: boolean }) {
  const { t } = useTranslation('cases');
  const language = useLanguage();
  const text = useEntryText()(entry);
  const Icon = kIcons[entry.kind] ?? IconNote;
  const recordingId = entry.kind === 'recording_ended' ? entry.data.recording : undefined;
  return (
    <li className={css.entry} data-testid={`entry-${entry.kind}`}>
      <span className={css.entryIcon} aria-hidden="true">
        <Icon size={16} stroke={1.8} />
      </span>
      <div>
        <div className={css.entryHead}>
          <span className={css.entryTitle}>{t(`timeline.${entry.kind}`)}</span>
          {isOfCustomer && entry.case_id && entry.case_reference && (
            <Link to="/cases/$caseId" params={{ caseId: entry.case_id }} className={viewCss.link}>
              {reference(entry.case_reference)}
            </Link>
          )}
        </div>
        <div className={css.entryMeta}>
          {dateTime(entry.at, language)}
          {entry.agent && ` · ${entry.agent.name}`}
        </div>
        {text && (
          <p
            translate={kSaid.has(entry.kind) ? 'no' : undefined}
            className={`${css.entryText} ${entry.kind === 'note_saved' ? css.noteText : ''}`}
          >
            {text}
          </p>
        )}
        {typeof recordingId === 'string' && (
          <Link
            to="/recordings"
            search={{ play: recordingId }}
            className={viewCss.link}
            data-testid="entry-listen"
          >
            {t('timeline.listen')}
          </Link>
        )}
      </div>
    </li>
  );
}
