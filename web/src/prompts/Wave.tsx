import { ActionIcon } from '@mantine/core';
import { IconPlayerPauseFilled, IconPlayerPlayFilled } from '@tabler/icons-react';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { clockSpan, spokenSpan } from '@/base/format';
import css from './prompts.module.css';
import { peaksOf, samplesOf } from './wave';

const kColumns = 160;

/** Fetched once for the drawing; the browser plays from its address by itself. */
function usePeaks(source: string, sound: Blob | undefined): number[] | undefined {
  const [peaks, setPeaks] = useState<number[]>();
  useEffect(() => {
    const stop = new AbortController();
    setPeaks(undefined);
    const bytes = sound
      ? sound.arrayBuffer()
      : fetch(source, { signal: stop.signal, credentials: 'same-origin' }).then((answer) =>
          answer.ok ? answer.arrayBuffer() : undefined,
        );
    bytes
      .then((wav) => {
        const samples = wav && samplesOf(wav);
        if (!stop.signal.aborted && samples) setPeaks(peaksOf(samples, kColumns));
      })
      .catch(() => undefined);
    return () => stop.abort();
  }, [source, sound]);
  return peaks;
}

/** As `Wave`, of a sound that is not on the server yet. */
export function BlobWave(props: { sound: Blob; name: string }) {
  const [source, setSource] = useState<string>();
  useEffect(() => {
    const address = URL.createObjectURL(props.sound);
    setSource(address);
    return () => URL.revokeObjectURL(address);
  }, [props.sound]);
  return source ? <Wave source={source} sound={props.sound} name={props.name} /> : null;
}

/** A sound drawn and played: press it, or use the arrows, to go somewhere in it. */
export function Wave(props: {
  source: string;
  name: string;
  durationMs?: number | undefined;
  /** What `source` is an address of, when it is not on the server. */
  sound?: Blob;
}) {
  const { t } = useTranslation('prompts');
  const audio = useRef<HTMLAudioElement>(null);
  const peaks = usePeaks(props.source, props.sound);
  const [atMs, setAtMs] = useState(0);
  const [ownMs, setOwnMs] = useState(0);
  const [isPlaying, setPlaying] = useState(false);
  const [isBroken, setBroken] = useState(false);
  const endMs = Math.max(props.durationMs ?? ownMs, 1);
  const loudest = Math.max(0.1, ...(peaks ?? []));

  const toggle = () => {
    const player = audio.current;
    if (!player) return;
    if (player.paused) void player.play().catch(() => setBroken(true));
    else player.pause();
  };
  const seek = (milliseconds: number) => {
    const player = audio.current;
    if (!player) return;
    player.currentTime = Math.min(Math.max(milliseconds, 0), endMs) / 1000;
    setAtMs(player.currentTime * 1000);
  };
  return (
    <div className={css.wave}>
      {/* biome-ignore lint/a11y/useMediaCaption: what is said stands beside it as text */}
      <audio
        ref={audio}
        src={props.source}
        preload="metadata"
        onTimeUpdate={(event) => setAtMs(event.currentTarget.currentTime * 1000)}
        onLoadedMetadata={(event) => {
          const length = event.currentTarget.duration;
          if (Number.isFinite(length)) setOwnMs(length * 1000);
        }}
        onPlay={() => setPlaying(true)}
        onPause={() => setPlaying(false)}
        onError={() => setBroken(true)}
      />
      <ActionIcon
        size="xl"
        radius="xl"
        aria-label={
          isPlaying ? t('wave.pause', { name: props.name }) : t('wave.play', { name: props.name })
        }
        onClick={toggle}
        data-testid="wave-toggle"
      >
        {isPlaying ? (
          <IconPlayerPauseFilled size={20} aria-hidden="true" />
        ) : (
          <IconPlayerPlayFilled size={20} aria-hidden="true" />
        )}
      </ActionIcon>
      <div className={css.waveBox}>
        <svg
          className={css.waveDrawing}
          viewBox={`0 0 ${kColumns} 40`}
          preserveAspectRatio="none"
          aria-hidden="true"
          data-testid={peaks ? 'wave-peaks' : undefined}
        >
          {peaks?.map((peak, column) => {
            const height = Math.max(1, (peak / loudest) * 40);
            const at = (column * kColumns) / peaks.length;
            return (
              <rect
                // A column is its place.
                // biome-ignore lint/suspicious/noArrayIndexKey: see above
                key={column}
                x={at}
                y={20 - height / 2}
                width={0.6}
                height={height}
                data-played={at / kColumns < atMs / endMs}
              />
            );
          })}
        </svg>
        <input
          className={css.waveSeek}
          type="range"
          min={0}
          max={Math.round(endMs)}
          step={100}
          value={Math.min(Math.round(atMs), Math.round(endMs))}
          aria-label={t('wave.position')}
          aria-valuetext={spokenSpan(atMs)}
          onChange={(event) => seek(Number(event.currentTarget.value))}
        />
      </div>
      <span className={`figures ${css.waveTime}`}>
        {clockSpan(atMs)} / {clockSpan(endMs)}
      </span>
      {isBroken && (
        <p className={css.broken} role="alert">
          {t('wave.broken')}
        </p>
      )}
    </div>
  );
}
