import type { EventFrame } from '@/api/client';

/** What a picture of the live centre must say of itself. */
export interface Taken {
  seq: number;
  taken_at: string;
}

export interface SnapshotPorts<T extends Taken> {
  fetch(): Promise<T>;
  /** The picture after one frame. Returns the same object when nothing changed. Pure. */
  reduce(picture: T, frame: EventFrame): T;
  /** Milliseconds after which the picture must be taken anew because of this frame; undefined when
   * the frame says everything itself. */
  staleAfterMs(picture: T | undefined, frame: EventFrame): number | undefined;
  changed(picture: T | undefined, error: unknown): void;
}

/** Pictures are not taken more often than this, however many frames come. */
export const kLeastGapMs = 250;

/**
 * A live picture: a snapshot of the server and the frames after it. Frames that arrive while a new
 * snapshot is under way are kept, and those newer than it are applied on top, so nothing is lost
 * and nothing counts twice.
 */
export class Snapshot<T extends Taken> {
  private picture: T | undefined;
  private meanwhile: EventFrame[] = [];
  private isLoading = false;
  private isWantedAgain = false;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private dueAt = 0;
  private startedAt = Number.NEGATIVE_INFINITY;

  constructor(private readonly ports: SnapshotPorts<T>) {}

  current(): T | undefined {
    return this.picture;
  }

  receive(frame: EventFrame): void {
    if (this.isLoading) this.meanwhile.push(frame);
    const before = this.picture;
    if (before && frame.seq > before.seq) {
      this.picture = withSeq(this.ports.reduce(before, frame), frame.seq);
      this.ports.changed(this.picture, undefined);
    }
    const delay = this.ports.staleAfterMs(before, frame);
    if (delay !== undefined) this.loadWithin(delay);
  }

  /** The stream begins at `seq`: a picture older than that has a hole before it. */
  streamBegins(seq: number): void {
    if (this.isLoading) this.isWantedAgain = true;
    else if (this.picture === undefined || this.picture.seq < seq) void this.load();
  }

  async load(): Promise<void> {
    clearTimeout(this.timer);
    this.dueAt = 0;
    if (this.isLoading) {
      this.isWantedAgain = true;
      return;
    }
    this.isLoading = true;
    this.isWantedAgain = false;
    this.startedAt = Date.now();
    this.meanwhile = [];
    await this.take();
    this.isLoading = false;
    this.meanwhile = [];
    if (this.isWantedAgain) this.loadWithin(0);
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  private async take(): Promise<void> {
    try {
      let taken = await this.ports.fetch();
      for (const frame of this.meanwhile) {
        if (frame.seq > taken.seq) taken = withSeq(this.ports.reduce(taken, frame), frame.seq);
      }
      this.picture = taken;
      this.ports.changed(taken, undefined);
    } catch (error) {
      this.ports.changed(this.picture, error);
    }
  }

  private loadWithin(delayMs: number): void {
    if (this.isLoading) {
      this.isWantedAgain = true;
      return;
    }
    const at = Math.max(Date.now() + delayMs, this.startedAt + kLeastGapMs);
    if (this.dueAt !== 0 && this.dueAt <= at) return;
    clearTimeout(this.timer);
    this.dueAt = at;
    this.timer = setTimeout(() => void this.load(), at - Date.now());
  }
}

function withSeq<T extends Taken>(picture: T, seq: number): T {
  return { ...picture, seq };
}
