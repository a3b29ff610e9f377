import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Connection, type ConnectionEvents } from './connection';
import { frame } from './frames';

/** Stands for the browser's WebSocket; the test plays the server. */
class FakeSocket {
  static all: FakeSocket[] = [];
  onmessage: ((message: { data: string }) => void) | undefined;
  onclose: ((closed: { code: number }) => void) | undefined;
  isClosed = false;
  constructor(readonly url: string) {
    FakeSocket.all.push(this);
  }
  close() {
    this.isClosed = true;
  }
  send(value: unknown) {
    this.onmessage?.({ data: JSON.stringify(value) });
  }
  lose(code = 1006) {
    this.onclose?.({ code });
  }
}

const last = () => {
  const socket = FakeSocket.all.at(-1);
  if (!socket) throw new Error('no socket');
  return socket;
};
const hello = (seq: number) => ({ type: 'hello', seq, at: '2026-11-23T10:00:00Z' });

function connect() {
  const heard: number[] = [];
  const states: string[] = [];
  const calls = { snapshot: 0, begins: [] as number[], ended: 0 };
  const events: ConnectionEvents = {
    status: ({ state }) => states.push(state),
    frame: (next) => heard.push(next.seq),
    serverTime: () => {},
    begins: (seq) => calls.begins.push(seq),
    snapshotNeeded: () => {
      calls.snapshot += 1;
    },
    sessionEnded: () => {
      calls.ended += 1;
    },
  };
  const connection = new Connection('ws://here/events', events, () => 0.5);
  connection.start();
  return { connection, heard, states, calls };
}

describe('the connection to the stream', () => {
  beforeEach(() => {
    vi.useFakeTimers();
    FakeSocket.all = [];
    vi.stubGlobal('WebSocket', FakeSocket);
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  test('begins at the server’s position, and after a loss asks for what came since', () => {
    const { heard, states, calls } = connect();
    expect(last().url).toBe('ws://here/events');
    last().send(hello(7));
    last().send(frame(8, 'x'));
    last().lose();
    expect(states.at(-1)).toBe('lost');
    vi.advanceTimersByTime(500);
    expect(last().url).toBe('ws://here/events?since=8');
    last().send(hello(8));
    last().send(frame(9, 'x'));
    expect(heard).toEqual([8, 9]);
    expect(states.at(-1)).toBe('live');
    expect(calls).toMatchObject({ begins: [7], snapshot: 0 });
  });

  test('drops a frame it has already', () => {
    const { heard } = connect();
    last().send(hello(7));
    last().send(frame(8, 'x'));
    last().send(frame(8, 'x'));
    expect(heard).toEqual([8]);
  });

  test('asks again from the last good frame when one is missing', () => {
    const { heard } = connect();
    last().send(hello(7));
    last().send(frame(8, 'x'));
    const broken = last();
    broken.send(frame(11, 'x'));
    expect(broken.isClosed).toBe(true);
    expect(heard).toEqual([8]);
    vi.advanceTimersByTime(500);
    expect(last().url).toBe('ws://here/events?since=8');
  });

  test('takes a new snapshot when the server cannot replay', () => {
    const { calls } = connect();
    last().send(hello(7));
    last().lose();
    vi.advanceTimersByTime(500);
    last().send({ type: 'snapshot_needed', at: '2026-11-23T10:00:00Z' });
    last().lose(4000);
    expect(calls.snapshot).toBe(1);
    vi.advanceTimersByTime(1000);
    expect(last().url).toBe('ws://here/events');
    last().send(hello(50));
    expect(calls.begins).toEqual([7, 50]);
  });

  test('treats 25 seconds of silence as a loss', () => {
    const { states } = connect();
    last().send(hello(7));
    vi.advanceTimersByTime(24_999);
    expect(states.at(-1)).toBe('live');
    vi.advanceTimersByTime(1);
    expect(states.at(-1)).toBe('lost');
  });

  test('stays closed when the session has ended', () => {
    const { calls } = connect();
    last().send(hello(7));
    last().lose(4001);
    vi.advanceTimersByTime(60_000);
    expect(calls.ended).toBe(1);
    expect(FakeSocket.all).toHaveLength(1);
  });

  test('does not trust the line once the browser says the network is gone', () => {
    const { connection, states } = connect();
    last().send(hello(7));
    connection.doubt();
    expect(states.at(-1)).toBe('lost');
    vi.advanceTimersByTime(500);
    expect(last().url).toBe('ws://here/events?since=7');
  });

  test('tries at once when the network is back', () => {
    const { connection } = connect();
    last().send(hello(7));
    last().lose();
    connection.hurry();
    expect(FakeSocket.all).toHaveLength(2);
  });
});
