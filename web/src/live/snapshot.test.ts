import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { EventFrame } from '@/api/client';
import { frame } from './frames';
import { kLeastGapMs, Snapshot } from './snapshot';

interface Picture {
  seq: number;
  taken_at: string;
  seen: number[];
}

/** A picture that notes which frames were applied, and a server that answers when told to. */
function fixture() {
  const answers: ((picture: Picture) => void)[] = [];
  const refusals: ((error: unknown) => void)[] = [];
  let latest: Picture | undefined;
  let error: unknown;
  let staleAfter: number | undefined;
  const snapshot = new Snapshot<Picture>({
    fetch: () =>
      new Promise((resolve, reject) => {
        answers.push(resolve);
        refusals.push(reject);
      }),
    reduce: (picture, next: EventFrame) => ({ ...picture, seen: [...picture.seen, next.seq] }),
    staleAfterMs: () => staleAfter,
    changed(picture, trouble) {
      latest = picture;
      error = trouble;
    },
  });
  const settle = async () => {
    await vi.advanceTimersByTimeAsync(0);
  };
  return {
    snapshot,
    settle,
    requests: () => answers.length,
    async answer(seq: number) {
      answers.at(-1)?.({ seq, taken_at: '2026-11-23T10:00:00Z', seen: [] });
      await settle();
    },
    async refuse() {
      refusals.at(-1)?.(new Error('unreachable'));
      await settle();
    },
    staleAfter(delay: number | undefined) {
      staleAfter = delay;
    },
    latest: () => latest,
    error: () => error,
  };
}

describe('a live picture', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test('applies frames that came while it was being fetched, once, and only the newer ones', async () => {
    const it = fixture();
    void it.snapshot.load();
    it.snapshot.receive(frame(99, 'x'));
    it.snapshot.receive(frame(100, 'x'));
    it.snapshot.receive(frame(101, 'x'));
    await it.answer(100);
    expect(it.latest()).toMatchObject({ seq: 101, seen: [101] });
    it.snapshot.receive(frame(101, 'x'));
    it.snapshot.receive(frame(102, 'x'));
    expect(it.latest()).toMatchObject({ seq: 102, seen: [101, 102] });
  });

  test('is fetched again when the stream begins after it', async () => {
    const it = fixture();
    void it.snapshot.load();
    await it.answer(100);
    it.snapshot.streamBegins(100);
    expect(it.requests()).toBe(1);
    it.snapshot.streamBegins(104);
    expect(it.requests()).toBe(2);
  });

  test('stays on screen with the error when the server cannot be asked', async () => {
    const it = fixture();
    void it.snapshot.load();
    await it.answer(100);
    void it.snapshot.load();
    await it.refuse();
    expect(it.latest()?.seq).toBe(100);
    expect(it.error()).toBeInstanceOf(Error);
  });

  test('is fetched once for a burst of frames that make it stale', async () => {
    const it = fixture();
    void it.snapshot.load();
    await it.answer(100);
    it.staleAfter(0);
    for (let seq = 101; seq < 120; seq += 1) it.snapshot.receive(frame(seq, 'x'));
    await vi.advanceTimersByTimeAsync(kLeastGapMs - 1);
    expect(it.requests()).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(it.requests()).toBe(2);
  });

  test('is fetched once more when frames made it stale during the fetch', async () => {
    const it = fixture();
    void it.snapshot.load();
    it.staleAfter(0);
    it.snapshot.receive(frame(101, 'x'));
    await it.answer(100);
    await vi.advanceTimersByTimeAsync(kLeastGapMs);
    expect(it.requests()).toBe(2);
  });
});
