import { Button } from '@mantine/core';
import { IconMicrophone, IconPlayerStopFilled, IconRefresh } from '@tabler/icons-react';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { clockSpan } from '@/base/format';
import css from './prompts.module.css';
import { useRecorder } from './recorder';
import { BlobWave } from './Wave';

/** Above this the take is near to being clipped: -3 dBFS. */
const kLoud = 0.95;

/** One take at a time: recorded, listened to, kept or made anew. */
export function Recorder(props: { onTake: (take: Blob | undefined) => void }) {
  const { t } = useTranslation('prompts');
  const { state, fault, level, seconds, take, start, stop, discard } = useRecorder();
  const { onTake } = props;
  useEffect(() => onTake(take), [take, onTake]);
  return (
    <div className={css.form}>
      {fault && (
        <p className={css.broken} role="alert" data-testid="recorder-fault">
          {t(`recorder.fault.${fault}`)}
        </p>
      )}
      {(state === 'idle' || state === 'asking') && (
        <>
          <p className={css.name}>
            {state === 'asking' ? t('recorder.asking') : t('recorder.hint')}
          </p>
          <div>
            <Button
              leftSection={<IconMicrophone size={17} aria-hidden="true" />}
              onClick={() => void start()}
              loading={state === 'asking'}
              data-testid="record-start"
            >
              {t('recorder.start')}
            </Button>
          </div>
        </>
      )}
      {state === 'recording' && (
        <div className={css.row}>
          <Button
            color="red"
            leftSection={<IconPlayerStopFilled size={17} aria-hidden="true" />}
            onClick={stop}
            autoFocus
            data-testid="record-stop"
          >
            {t('recorder.stop')}
          </Button>
          <meter
            className={css.meter}
            aria-label={t('recorder.level')}
            min={0}
            max={1}
            high={kLoud}
            value={level}
            data-testid="record-level"
          />
          <span className="figures" data-testid="record-clock">
            {t('recorder.recording')} {clockSpan(seconds * 1000)}
          </span>
        </div>
      )}
      {state === 'working' && <p role="status">{t('recorder.working')}</p>}
      {state === 'done' && take && (
        <>
          <BlobWave sound={take} name={t('recorder.take')} />
          <div>
            <Button
              variant="default"
              leftSection={<IconRefresh size={16} aria-hidden="true" />}
              onClick={discard}
              data-testid="record-again"
            >
              {t('recorder.again')}
            </Button>
          </div>
        </>
      )}
    </div>
  );
}
