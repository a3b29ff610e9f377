import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { clockSpan, spokenSpan } from '@/base/format';
import { PlayButton, usePlayback } from '@/base/view/playback';
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
  const peaks = usePeaks(props.source, props.sound);
  const [ownMs, setOwnMs] = useState(0);
  const endMs = Math.max(props.durationMs ?? ownMs, 1);
  const { atMs, isPlaying, isBroken, seek, toggle, element } = usePlayback(endMs, 0);
  const loudest = Math.max(0.1, ...(peaks ?? []));
  return (
    <div className={css.wave}>
      <audio
        {...element}
        src={props.source}
        onLoadedMetadata={(event) => {
          const length = event.currentTarget.duration;
          if (Number.isFinite(length)) setOwnMs(length * 1000);
        }}
      />
      <PlayButton
        isPlaying={isPlaying}
        labels={{
          play: t('wave.play', { name: props.name }),
          pause: t('wave.pause', { name: props.name }),
        }}
        onToggle={toggle}
        testId="wave-toggle"
      />
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
