import { useSyncExternalStore } from 'react';

/**
 * Timers on the page count in the server's time, so that a computer with a wrong clock still shows
 * how long a caller has truly waited. Every snapshot carries when it was taken; the difference is
 * kept here.
 */
let offsetMs = 0;

export function noteServerTime(takenAt: string, receivedAtMs: number = Date.now()): void {
  const takenMs = Date.parse(takenAt);
  if (Number.isFinite(takenMs)) offsetMs = takenMs - receivedAtMs;
}

export function serverNow(): number {
  return Date.now() + offsetMs;
}

// One timer for the whole page: a floor of two hundred rows must not own two hundred intervals.
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;
let tick = 0;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  if (timer === undefined) {
    timer = setInterval(() => {
      tick = serverNow();
      for (const each of listeners) each();
    }, 1000);
  }
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0 && timer !== undefined) {
      clearInterval(timer);
      timer = undefined;
      tick = 0;
    }
  };
}

/** The server's time in milliseconds, renewed each second while somebody looks. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => {
    if (tick === 0) tick = serverNow();
    return tick;
  });
}

/** This computer's time in milliseconds, renewed each second: for spans measured here. */
export function useLocalNow(): number {
  return useNow() - offsetMs;
}
