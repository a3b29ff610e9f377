import { Button } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Journey, JourneyGap, JourneySegment } from '@/api/client';
import { clockSpan, phone } from '@/base/format';
import { viewCss } from '@/base/view/parts';
import { type Part, partAt } from './journey';
import css from './media.module.css';

interface Place {
  left: string;
  width: string;
}
const place = (fromMs: number, toMs: number, endMs: number): Place => ({
  left: `${(fromMs / endMs) * 100}%`,
  width: `${((toMs - fromMs) / endMs) * 100}%`,
});

/** The whole contact as a bar below the slider: who is heard where, and where nothing was recorded. */
export function Bar({ parts, endMs }: { parts: readonly Part[]; endMs: number }) {
  const segments = parts.flatMap((part) => (part.kind === 'segment' ? [part.segment] : []));
  return (
    <div className={css.marks} aria-hidden="true">
      {parts.map((part, index) => (
        <span
          key={part.fromMs}
          className={part.kind === 'gap' ? css.gap : index % 4 < 2 ? css.voice : css.other}
          style={place(part.fromMs, part.toMs, endMs)}
        />
      ))}
      {segments.flatMap((segment) => [
        ...segment.holds.map((hold) => (
          <span
            key={`h${hold.from_ms}`}
            className={css.hold}
            style={place(hold.from_ms, hold.to_ms, endMs)}
          />
        )),
        ...segment.pauses.map((pause) => (
          <span
            key={`p${pause.from_ms}`}
            className={css.mark}
            style={place(pause.from_ms, pause.to_ms, endMs)}
          />
        )),
      ])}
    </div>
  );
}

/** The same in words, in order; each segment can be gone to. */
export function PartList(props: {
  journey: Journey;
  parts: readonly Part[];
  atMs: number;
  onSeek: (milliseconds: number) => void;
}) {
  const { t } = useTranslation('media');
  const { parts, atMs, onSeek } = props;
  const now = partAt(parts, atMs);
  const caller = props.journey.customer?.name ?? t('journey.caller');
  return (
    <ol className={css.parts} aria-label={t('journey.title')} data-testid="journey">
      {parts.map((part) => (
        <li key={part.fromMs} aria-current={part === now ? 'true' : undefined}>
          {part.kind === 'gap' ? (
            <p className={viewCss.muted}>
              <Times fromMs={part.fromMs} toMs={part.toMs} />
              <Gap gap={part.gap} />
            </p>
          ) : (
            <>
              <Button
                size="compact-sm"
                variant={part === now ? 'light' : 'subtle'}
                className={css.go ?? ''}
                onClick={() => onSeek(part.fromMs)}
                data-testid={`segment-${part.segment.recording_id}`}
              >
                <Times fromMs={part.fromMs} toMs={part.toMs} />
                <Who segment={part.segment} caller={caller} />
              </Button>
              <Notes segment={part.segment} onSeek={onSeek} />
            </>
          )}
        </li>
      ))}
    </ol>
  );
}

function Times({ fromMs, toMs }: { fromMs: number; toMs: number }) {
  return (
    <span className={`figures ${css.span}`}>
      {clockSpan(fromMs)}–{clockSpan(toMs)}
    </span>
  );
}

function Who({ segment, caller }: { segment: JourneySegment; caller: string }) {
  const { t } = useTranslation('media');
  if (segment.kind === 'voicemail') return t('journey.voicemail', { caller });
  const agent = segment.agent?.name ?? phone(segment.outside ?? t('journey.agent'));
  return segment.queue
    ? t('journey.talk_queue', { caller, agent, queue: segment.queue.name })
    : t('journey.talk', { caller, agent });
}

function Gap({ gap }: { gap: JourneyGap }) {
  const { t } = useTranslation('media');
  return gap.what === 'queue' && gap.queue
    ? t('journey.gap.queue_named', { queue: gap.queue.name })
    : t(`journey.gap.${gap.what}`);
}

function Notes(props: { segment: JourneySegment; onSeek: (milliseconds: number) => void }) {
  const { t } = useTranslation('media');
  const { segment, onSeek } = props;
  return (
    <div className={css.notes}>
      {segment.others.map((other) => (
        <p key={`${other.agent.id}${other.from_ms}`} className={viewCss.muted} data-testid="other">
          {t(`journey.other.${other.as}`, {
            name: other.agent.name,
            from: clockSpan(other.from_ms),
            to: clockSpan(other.to_ms),
          })}
        </p>
      ))}
      {segment.holds.map((hold) => (
        <p key={hold.from_ms} className={viewCss.muted}>
          {t('journey.hold', { from: clockSpan(hold.from_ms), to: clockSpan(hold.to_ms) })}
        </p>
      ))}
      {segment.pauses.map((pause) => (
        <p key={pause.from_ms} className={viewCss.muted} data-testid="pause">
          {t('player.paused', { from: clockSpan(pause.from_ms), to: clockSpan(pause.to_ms) })}{' '}
          {t(`pause_reason.${pause.reason}`, { defaultValue: '' })}{' '}
          <Button size="compact-xs" variant="default" onClick={() => onSeek(pause.to_ms)}>
            {t('player.skip')}
          </Button>
        </p>
      ))}
      {segment.is_over && !segment.is_complete && (
        <p className={css.incomplete}>
          {segment.end === 'interrupted' ? t('journey.interrupted') : t('journey.incomplete')}
        </p>
      )}
    </div>
  );
}
