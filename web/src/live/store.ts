import type { QueryClient } from '@tanstack/react-query';
import { create } from 'zustand';
import { deskStaleAfterMs, floorStaleAfterMs, reduceDesk, reduceFloor } from '@/acd/reduce';
import { api, ask, type Desk, type EventFrame, type Floor } from '@/api/client';
import { noteServerTime } from '@/base/clock';
import { Connection, type LinkStatus } from './connection';
import { staleKeys } from './invalidate';
import { Snapshot, type SnapshotPorts, type Taken } from './snapshot';

interface LiveStore {
  link: LinkStatus;
  desk: Desk | undefined;
  deskError: unknown;
  floor: Floor | undefined;
  floorError: unknown;
}

export const useLive = create<LiveStore>(() => ({
  link: { state: 'off', heardAt: 0 },
  desk: undefined,
  deskError: undefined,
  floor: undefined,
  floorError: undefined,
}));

function snapshot<T extends Taken>(
  ports: Omit<SnapshotPorts<T>, 'changed'>,
  keep: (picture: T | undefined, error: unknown) => void,
) {
  return new Snapshot<T>({
    ...ports,
    async fetch() {
      const picture = await ports.fetch();
      noteServerTime(picture.taken_at);
      return picture;
    },
    changed: keep,
  });
}

const desk = snapshot<Desk>(
  {
    fetch: () => ask(api.GET('/api/v1/desk')),
    reduce: reduceDesk,
    staleAfterMs: deskStaleAfterMs,
  },
  (picture, deskError) => useLive.setState({ desk: picture, deskError }),
);

const floor = snapshot<Floor>(
  {
    fetch: () => ask(api.GET('/api/v1/floor')),
    reduce: reduceFloor,
    staleAfterMs: floorStaleAfterMs,
  },
  (picture, floorError) => useLive.setState({ floor: picture, floorError }),
);

// Which pictures somebody looks at; the desk's is always on for agents: their status is in sight.
const wanted = { desk: false, floor: false };

export function watchDesk(): () => void {
  wanted.desk = true;
  void desk.load();
  return () => {
    wanted.desk = false;
    desk.stop();
  };
}

export function watchFloor(): () => void {
  wanted.floor = true;
  void floor.load();
  return () => {
    wanted.floor = false;
    floor.stop();
  };
}

/** After a command: its answer is committed, so a new picture shows it even without the stream. */
export function refreshDesk(): Promise<void> {
  return desk.load();
}

function each(act: (picture: Snapshot<Desk> | Snapshot<Floor>) => void): void {
  if (wanted.desk) act(desk);
  if (wanted.floor) act(floor);
}

/** Opens the stream for the signed-in session; the returned function closes it. */
export function startLive(queries: QueryClient, onSessionEnded: () => void): () => void {
  const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:';
  const stale = new Map<string, readonly unknown[]>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const refetchSoon = (frame: EventFrame) => {
    for (const key of staleKeys(frame)) stale.set(JSON.stringify(key), key);
    timer ??= setTimeout(() => {
      timer = undefined;
      for (const queryKey of stale.values()) void queries.invalidateQueries({ queryKey });
      stale.clear();
    }, 250);
  };
  const connection = new Connection(`${scheme}//${location.host}/api/v1/events`, {
    status: (link) => useLive.setState({ link }),
    serverTime: noteServerTime,
    begins: (seq) => each((picture) => picture.streamBegins(seq)),
    frame(frame) {
      each((picture) => picture.receive(frame));
      refetchSoon(frame);
    },
    snapshotNeeded() {
      each((picture) => void picture.load());
      void queries.invalidateQueries();
    },
    sessionEnded: onSessionEnded,
  });
  const hurry = () => connection.hurry();
  const doubt = () => connection.doubt();
  window.addEventListener('online', hurry);
  window.addEventListener('offline', doubt);
  document.addEventListener('visibilitychange', hurry);
  connection.start();
  return () => {
    window.removeEventListener('online', hurry);
    window.removeEventListener('offline', doubt);
    document.removeEventListener('visibilitychange', hurry);
    clearTimeout(timer);
    connection.stop();
    useLive.setState({ desk: undefined, floor: undefined });
  };
}
