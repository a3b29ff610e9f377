import type { EventFrame, StreamFrame } from '@/api/client';
import { backOff, judge } from './stream';

/** `live`: hearing the server. `lost`: not hearing it; what is on screen is from `heardAt`. */
export type LinkState = 'off' | 'connecting' | 'live' | 'lost';

export interface LinkStatus {
  state: LinkState;
  /** Local time in milliseconds when the server was last heard. */
  heardAt: number;
}

export interface ConnectionEvents {
  status(status: LinkStatus): void;
  /** Frames in order, each once. */
  frame(frame: EventFrame): void;
  /** The server's clock, from hello and ping frames. */
  serverTime(at: string): void;
  /** The stream begins after `seq`; there is nothing before it to replay. */
  begins(seq: number): void;
  /** The stream cannot continue from where the page stands: take a new snapshot. */
  snapshotNeeded(): void;
  sessionEnded(): void;
}

const kSilenceLimitMs = 25_000;
const kCloseSnapshotNeeded = 4000;
const kCloseSessionEnded = 4001;

/**
 * One WebSocket to /api/v1/events, kept up for as long as somebody is signed in. It owns the
 * position in the stream: after a loss it asks for what was missed, and a frame that does not
 * follow the last one makes it ask again instead of showing a picture with holes.
 */
export class Connection {
  private socket: WebSocket | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private silence: ReturnType<typeof setTimeout> | undefined;
  private attempt = 0;
  private heardAt = Date.now();
  private isOpen = false;
  /** Everything up to this number is here; undefined before the stream began. */
  private last: number | undefined;

  constructor(
    private readonly url: string,
    private readonly events: ConnectionEvents,
    private readonly chance: () => number = Math.random,
  ) {}

  start(): void {
    this.isOpen = true;
    this.connect();
  }

  stop(): void {
    this.isOpen = false;
    clearTimeout(this.timer);
    clearTimeout(this.silence);
    this.drop();
    this.events.status({ state: 'off', heardAt: this.heardAt });
  }

  /** The network is back or the page is looked at again: do not wait for the next attempt. */
  hurry(): void {
    if (!this.isOpen || this.socket) return;
    clearTimeout(this.timer);
    this.attempt = 0;
    this.connect();
  }

  /** The browser says that the network is gone: do not wait for the silence to tell. A server on
   * this same computer is found again at the first attempt. */
  doubt(): void {
    if (this.isOpen && this.socket) this.reconnectNow();
  }

  private connect(): void {
    if (this.last === undefined) {
      this.events.status({ state: 'connecting', heardAt: this.heardAt });
    }
    const query = this.last === undefined ? '' : `?since=${this.last}`;
    const socket = new WebSocket(this.url + query);
    this.socket = socket;
    this.watchSilence();
    socket.onmessage = (message) => this.receive(String(message.data));
    socket.onclose = (closed) => this.closed(socket, closed.code);
  }

  private receive(text: string): void {
    let frame: StreamFrame;
    try {
      frame = JSON.parse(text) as StreamFrame;
    } catch {
      this.reconnectNow();
      return;
    }
    this.heardAt = Date.now();
    this.watchSilence();
    if (frame.type === 'snapshot_needed') {
      this.startAfresh();
      return;
    }
    if (isEvent(frame)) {
      this.take(frame);
      return;
    }
    this.events.serverTime(frame.at);
    if (this.last === undefined && 'seq' in frame) {
      this.last = frame.seq;
      this.events.begins(frame.seq);
    }
    this.attempt = 0;
    this.events.status({ state: 'live', heardAt: this.heardAt });
  }

  private take(frame: EventFrame): void {
    const verdict = this.last === undefined ? 'apply' : judge({ last: this.last }, frame);
    if (verdict === 'gap') this.reconnectNow();
    if (verdict !== 'apply') return;
    this.last = frame.seq;
    this.events.frame(frame);
    this.events.status({ state: 'live', heardAt: this.heardAt });
  }

  private startAfresh(): void {
    this.last = undefined;
    this.events.snapshotNeeded();
  }

  private closed(socket: WebSocket, code: number): void {
    if (socket !== this.socket) return;
    this.socket = undefined;
    clearTimeout(this.silence);
    if (code === kCloseSessionEnded) {
      this.isOpen = false;
      this.events.sessionEnded();
      return;
    }
    if (code === kCloseSnapshotNeeded && this.last !== undefined) this.startAfresh();
    this.retryLater();
  }

  private reconnectNow(): void {
    this.drop();
    this.retryLater();
  }

  private retryLater(): void {
    if (!this.isOpen) return;
    this.events.status({ state: 'lost', heardAt: this.heardAt });
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.connect(), backOff(this.attempt, this.chance()));
    this.attempt += 1;
  }

  private watchSilence(): void {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => this.reconnectNow(), kSilenceLimitMs);
  }

  private drop(): void {
    const socket = this.socket;
    this.socket = undefined;
    socket?.close();
  }
}

function isEvent(frame: StreamFrame): frame is EventFrame {
  return 'prev' in frame;
}
