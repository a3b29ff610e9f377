import { ActionIcon, SegmentedControl, Slider } from '@mantine/core';
import { IconLock, IconRewindBackward10, IconRewindForward10, IconX } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, ask, type Journey, type Recording } from '@/api/client';
import { clockSpan, dateTime, number, percent } from '@/base/format';
import { useLanguage } from '@/base/preferences';
import { Loading, Panel, Trouble, viewCss } from '@/base/view/parts';
import { PlayButton, usePlayback } from '@/base/view/playback';
import { ExportButton } from '@/exports/ExportButton';
import { afterGap, partsOf } from './journey';
import css from './media.module.css';
import { type LegSound, soundOf } from './sound';
import { Bar, PartList } from './Timeline';

/** Plays the contact of one recording, all of it as one timeline, from that recording on. It cannot be
 * downloaded from here, and listening is journalled. */
export function Player(props: { recordingId: string; onClose: () => void }) {
  const { t } = useTranslation('media');
  const { recordingId } = props;
  const recording = useQuery({
    queryKey: ['recordings', 'one', recordingId],
    queryFn: () =>
      ask(
        api.GET('/api/v1/recordings/{recording_id}', {
          params: { path: { recording_id: recordingId } },
        }),
      ),
  });
  const contact = recording.data?.contact_id ?? '';
  const journey = useQuery({
    queryKey: ['contact', contact, 'journey'],
    enabled: contact !== '',
    queryFn: () =>
      ask(
        api.GET('/api/v1/contacts/{contact_id}/journey', {
          params: { path: { contact_id: contact } },
        }),
      ),
  });
  const error = recording.error ?? journey.error;
  return (
    <div className={css.player}>
      <Panel
        title={t('player.title')}
        testId="player"
        aside={
          <>
            <ExportButton what="recording" filter={{ recording_id: recordingId }} />
            <ActionIcon variant="subtle" aria-label={t('player.close')} onClick={props.onClose}>
              <IconX size={18} aria-hidden="true" />
            </ActionIcon>
          </>
        }
      >
        {error && (
          <Trouble
            error={error}
            onRetry={() => void (recording.error ? recording.refetch() : journey.refetch())}
          />
        )}
        {!error && !journey.data && <Loading rows={2} />}
        {recording.data && journey.data && (
          <Sound recording={recording.data} journey={journey.data} />
        )}
      </Panel>
    </div>
  );
}

function Sound({ recording, journey }: { recording: Recording; journey: Journey }) {
  const { t } = useTranslation('media');
  const language = useLanguage();
  const parts = useMemo(() => partsOf(journey), [journey]);
  const startMs = journey.segments.find((one) => one.recording_id === recording.id)?.from_ms ?? 0;
  const [rate, setRate] = useState('1');
  const endMs = Math.max(journey.duration_ms, 1);
  // Nobody listens to what was not recorded: it is shown, and passed over.
  const sound = usePlayback(endMs, startMs, (milliseconds) => afterGap(parts, milliseconds));
  const { atMs, seek } = sound;
  const journal = useJournal(recording);
  return (
    <>
      <p className={css.about}>
        {[journey.customer?.name ?? journey.caller, dateTime(journey.started_at, language)]
          .filter(Boolean)
          .join(' · ')}
      </p>
      <audio
        {...sound.element}
        src={`/api/v1/contacts/${encodeURIComponent(journey.contact_id)}/journey/audio`}
        onLoadedMetadata={() => seek(startMs)}
      />
      {sound.isBroken && (
        <p className={css.broken} role="alert">
          {t('player.broken')}
        </p>
      )}
      <div className={css.controls}>
        <PlayButton
          isPlaying={sound.isPlaying}
          labels={{ play: t('player.play'), pause: t('player.pause') }}
          onToggle={sound.toggle}
          testId="player-toggle"
        />
        <ActionIcon
          size="lg"
          variant="default"
          aria-label={t('player.back')}
          onClick={() => seek(atMs - 10_000)}
        >
          <IconRewindBackward10 size={18} aria-hidden="true" />
        </ActionIcon>
        <ActionIcon
          size="lg"
          variant="default"
          aria-label={t('player.forward')}
          onClick={() => seek(atMs + 10_000)}
        >
          <IconRewindForward10 size={18} aria-hidden="true" />
        </ActionIcon>
        <span className={`figures ${css.time}`}>
          {clockSpan(atMs)} / {clockSpan(endMs)}
        </span>
        <div className={css.seek}>
          <Slider
            min={0}
            max={endMs}
            step={500}
            value={Math.min(atMs, endMs)}
            onChange={seek}
            label={clockSpan}
            thumbLabel={t('player.position')}
            data-testid="player-seek"
          />
          <Bar parts={parts} endMs={endMs} />
        </div>
        <SegmentedControl
          size="xs"
          aria-label={t('player.rate')}
          value={rate}
          onChange={(value) => {
            setRate(value);
            sound.setRate(Number(value));
          }}
          data={['1', '1.5', '2'].map((value) => ({ value, label: `${value}×` }))}
        />
      </div>
      {recording.kind === 'call' && <p className={viewCss.muted}>{t('player.stereo')}</p>}
      <SoundQuality legs={soundOf(journal)} />
      <PartList journey={journey} parts={parts} atMs={atMs} onSeek={seek} />
    </>
  );
}

function useJournal(recording: Recording) {
  const detail = useQuery({
    queryKey: ['contact', recording.contact_id],
    queryFn: () =>
      ask(
        api.GET('/api/v1/contacts/{contact_id}', {
          params: { path: { contact_id: recording.contact_id } },
        }),
      ),
  });
  return detail.data?.events ?? [];
}

function SoundQuality({ legs }: { legs: LegSound[] }) {
  const { t } = useTranslation('media');
  const language = useLanguage();
  return legs.map((leg, index) => (
    // Legs are only ever added at the end.
    // biome-ignore lint/suspicious/noArrayIndexKey: see above
    <p key={index} className={viewCss.muted} data-testid="sound-quality">
      {leg.cipher !== null && (
        <IconLock
          size={14}
          role="img"
          aria-label={t('sound.encrypted', { cipher: leg.cipher })}
          title={t('sound.encrypted', { cipher: leg.cipher })}
        />
      )}{' '}
      {t(`sound.${leg.leg}`)} {t(`sound.${leg.verdict}`)}
      {leg.mos !== null && ` (${number(leg.mos, language)} ${t('sound.of')})`}
      {leg.lost >= 0.005 && `, ${t('sound.lost', { share: percent(leg.lost, 1, language) })}`}
      {leg.oneWayMs > 0 && `. ${t('sound.one_way', { span: clockSpan(leg.oneWayMs) })}`}
    </p>
  ));
}
