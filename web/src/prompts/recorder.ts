import { useEffect, useRef, useState } from 'react';
import { meterOf, wavOf } from './wave';

/** Enough for a telephone, which carries 8 kHz. */
const kRateHz = 16_000;
/** As the server's limit. */
export const kMaxSeconds = 600;

export type RecorderFault = 'unsupported' | 'denied' | 'no_microphone' | 'broken';
export type RecorderState = 'idle' | 'asking' | 'recording' | 'working' | 'done';

const faultOf = (error: unknown): RecorderFault => {
  const name = error instanceof DOMException ? error.name : '';
  if (name === 'NotAllowedError' || name === 'SecurityError') return 'denied';
  if (name === 'NotFoundError' || name === 'OverconstrainedError') return 'no_microphone';
  return 'broken';
};

/** What the browser compressed, as the WAV that the server reads. */
async function toWav(recorded: Blob): Promise<Blob> {
  const context = new OfflineAudioContext(1, 1, kRateHz);
  const sound = await context.decodeAudioData(await recorded.arrayBuffer());
  return new Blob([wavOf(sound.getChannelData(0), kRateHz)], { type: 'audio/wav' });
}

interface Running {
  stream: MediaStream;
  context: AudioContext;
  recorder: MediaRecorder;
  frame: number;
}

/** Records from the microphone. The microphone is let go of at the end of each take. */
export function useRecorder() {
  const [state, setState] = useState<RecorderState>('idle');
  const [fault, setFault] = useState<RecorderFault>();
  const [level, setLevel] = useState(0);
  const [seconds, setSeconds] = useState(0);
  const [take, setTake] = useState<Blob>();
  const running = useRef<Running>(undefined);

  const release = () => {
    const present = running.current;
    running.current = undefined;
    if (!present) return;
    cancelAnimationFrame(present.frame);
    for (const track of present.stream.getTracks()) track.stop();
    void present.context.close();
    setLevel(0);
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when the page is left
  useEffect(() => release, []);

  const watch = (present: Running, analyser: AnalyserNode, began: number) => {
    const samples = new Float32Array(analyser.fftSize);
    const look = () => {
      analyser.getFloatTimeDomainData(samples);
      setLevel(meterOf(samples));
      const elapsed = (performance.now() - began) / 1000;
      setSeconds(elapsed);
      if (elapsed >= kMaxSeconds) present.recorder.stop();
      else present.frame = requestAnimationFrame(look);
    };
    look();
  };

  const start = async () => {
    setFault(undefined);
    setTake(undefined);
    setSeconds(0);
    if (!navigator.mediaDevices?.getUserMedia || typeof MediaRecorder === 'undefined') {
      setFault('unsupported');
      return;
    }
    setState('asking');
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
      const context = new AudioContext();
      const analyser = context.createAnalyser();
      context.createMediaStreamSource(stream).connect(analyser);
      const recorder = new MediaRecorder(stream);
      const parts: Blob[] = [];
      const present: Running = { stream, context, recorder, frame: 0 };
      running.current = present;
      recorder.ondataavailable = (event) => parts.push(event.data);
      recorder.onstop = () => {
        release();
        setState('working');
        toWav(new Blob(parts, { type: recorder.mimeType }))
          .then((wav) => {
            setTake(wav);
            setState('done');
          })
          .catch(() => {
            setFault('broken');
            setState('idle');
          });
      };
      recorder.start();
      setState('recording');
      watch(present, analyser, performance.now());
    } catch (error) {
      release();
      setFault(faultOf(error));
      setState('idle');
    }
  };

  const stop = () => {
    const present = running.current;
    if (present && present.recorder.state !== 'inactive') present.recorder.stop();
  };
  const discard = () => {
    setTake(undefined);
    setSeconds(0);
    setState('idle');
  };
  return { state, fault, level, seconds, take, start, stop, discard };
}
