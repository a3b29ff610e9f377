import { ActionIcon, Button, SegmentedControl, Slider } from '@mantine/core';
import {
  IconLock,
  IconPlayerPauseFilled,
  IconPlayerPlayFilled,
  IconRewindBackward10,
  IconRewindForward10,
  IconX,
} from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, ask, type Recording } from '@/api/client';
import { clockSpan, dateTime, number, percent } from '@/base/format';
import { useLanguage } from '@/base/preferences';
import { Loading, Panel, Trouble, viewCss } from '@/base/view/parts';
import css from './media.module.css';
import { type Pause, pausesOf } from './pauses';
import { type LegSound, soundOf } from './sound';

/** Plays one recording. It cannot be downloaded from here, and listening is journalled. */
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
  return (
    <div className={css.player}>
      <Panel
        title={t('player.title')}
        testId="player"
        aside={
          <ActionIcon variant="subtle" aria-label={t('player.close')} onClick={props.onClose}>
            <IconX size={18} aria-hidden="true" />
          </ActionIcon>
        }
      >
        {recording.error && (
          <Trouble error={recording.error} onRetry={() => void recording.refetch()} />
        )}
        {recording.isPending && <Loading rows={2} />}
        {recording.data && <Sound recording={recording.data} />}
      </Panel>
    </div>
  );
}

function Sound({ recording }: { recording: Recording }) {
  const { t } = useTranslation('media');
  const language = useLanguage();
  const audio = useRef<HTMLAudioElement>(null);
  const [atMs, setAtMs] = useState(0);
  const [isPlaying, setPlaying] = useState(false);
  const [isBroken, setBroken] = useState(false);
  const [rate, setRate] = useState('1');
  const endMs = Math.max(recording.duration_ms ?? 0, 1);
  const journal = useJournal(recording);
  const pauses = pausesOf(journal, recording.id, endMs);

  const seek = (milliseconds: number) => {
    const player = audio.current;
    if (!player) return;
    player.currentTime = Math.min(Math.max(milliseconds, 0), endMs) / 1000;
    setAtMs(player.currentTime * 1000);
  };
  const toggle = () => {
    const player = audio.current;
    if (!player) return;
    if (player.paused) void player.play().catch(() => setBroken(true));
    else player.pause();
  };
  const choose = (value: string) => {
    setRate(value);
    if (audio.current) audio.current.playbackRate = Number(value);
  };
  return (
    <>
      <p className={css.about}>
        {[recording.customer?.name, recording.agent?.name, dateTime(recording.started_at, language)]
          .filter(Boolean)
          .join(' · ')}
      </p>
      {/* biome-ignore lint/a11y/useMediaCaption: a telephone call has no captions */}
      <audio
        ref={audio}
        src={`/api/v1/recordings/${encodeURIComponent(recording.id)}/audio`}
        preload="metadata"
        onTimeUpdate={(event) => setAtMs(event.currentTarget.currentTime * 1000)}
        onPlay={() => setPlaying(true)}
        onPause={() => setPlaying(false)}
        onError={() => setBroken(true)}
      />
      {isBroken && (
        <p className={css.broken} role="alert">
          {t('player.broken')}
        </p>
      )}
      <div className={css.controls}>
        <ActionIcon
          size="xl"
          radius="xl"
          aria-label={isPlaying ? t('player.pause') : t('player.play')}
          onClick={toggle}
          data-testid="player-toggle"
        >
          {isPlaying ? (
            <IconPlayerPauseFilled size={20} aria-hidden="true" />
          ) : (
            <IconPlayerPlayFilled size={20} aria-hidden="true" />
          )}
        </ActionIcon>
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
          <PauseMarks pauses={pauses} endMs={endMs} />
        </div>
        <SegmentedControl
          size="xs"
          aria-label={t('player.rate')}
          value={rate}
          onChange={choose}
          data={['1', '1.5', '2'].map((value) => ({ value, label: `${value}×` }))}
        />
      </div>
      {recording.kind === 'call' && <p className={viewCss.muted}>{t('player.stereo')}</p>}
      <SoundQuality legs={soundOf(journal)} />
      {pauses.map((pause) => (
        <p key={pause.fromMs} className={viewCss.muted}>
          {t('player.paused', { from: clockSpan(pause.fromMs), to: clockSpan(pause.toMs) })}{' '}
          {t(`pause_reason.${pause.reason}`, { defaultValue: '' })}{' '}
          <Button size="compact-xs" variant="default" onClick={() => seek(pause.toMs)}>
            {t('player.skip')}
          </Button>
        </p>
      ))}
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

function PauseMarks({ pauses, endMs }: { pauses: Pause[]; endMs: number }) {
  return (
    <div className={css.marks} aria-hidden="true">
      {pauses.map((pause) => (
        <span
          key={pause.fromMs}
          className={css.mark}
          style={{
            left: `${(pause.fromMs / endMs) * 100}%`,
            width: `${((pause.toMs - pause.fromMs) / endMs) * 100}%`,
          }}
        />
      ))}
    </div>
  );
}
