import { ActionIcon } from '@mantine/core';
import { IconPlayerPauseFilled, IconPlayerPlayFilled } from '@tabler/icons-react';
import { useRef, useState } from 'react';

/** A sound that the browser plays from its address, with controls of our own. `place` is asked where to
 * go instead, for what nobody listens to. */
export function usePlayback(
  endMs: number,
  startMs: number,
  place = (milliseconds: number) => milliseconds,
) {
  const audio = useRef<HTMLAudioElement>(null);
  const [atMs, setAtMs] = useState(startMs);
  const [isPlaying, setPlaying] = useState(false);
  const [isBroken, setBroken] = useState(false);
  const seek = (milliseconds: number) => {
    if (!audio.current) return;
    const target = place(Math.min(Math.max(milliseconds, 0), endMs));
    audio.current.currentTime = target / 1000;
    setAtMs(target);
  };
  const heard = (milliseconds: number) => {
    if (place(milliseconds) !== milliseconds) seek(milliseconds);
    else setAtMs(milliseconds);
  };
  const toggle = () => {
    const player = audio.current;
    if (!player) return;
    if (player.paused) void player.play().catch(() => setBroken(true));
    else player.pause();
  };
  return {
    atMs,
    isPlaying,
    isBroken,
    seek,
    toggle,
    setRate: (rate: number) => {
      if (audio.current) audio.current.playbackRate = rate;
    },
    /** For the `audio` element. */
    element: {
      ref: audio,
      preload: 'metadata',
      onTimeUpdate: () => heard((audio.current?.currentTime ?? 0) * 1000),
      onPlay: () => setPlaying(true),
      onPause: () => setPlaying(false),
      onError: () => setBroken(true),
    },
  } as const;
}

export function PlayButton(props: {
  isPlaying: boolean;
  labels: { play: string; pause: string };
  onToggle: () => void;
  testId: string;
}) {
  const Icon = props.isPlaying ? IconPlayerPauseFilled : IconPlayerPlayFilled;
  return (
    <ActionIcon
      size="xl"
      radius="xl"
      aria-label={props.isPlaying ? props.labels.pause : props.labels.play}
      onClick={props.onToggle}
      data-testid={props.testId}
    >
      <Icon size={20} aria-hidden="true" />
    </ActionIcon>
  );
}
