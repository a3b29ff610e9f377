/**
 * A text that is never lost: each keystroke is in the browser's storage before anything else; the
 * server has it two seconds after the last one, or at once when the field is left. Versions keep two
 * writers from overwriting each other: a refused version shows both texts.
 *
 * The server may keep less than was sent (the number of a card): then what it kept is shown, unless the
 * person has typed on. Not tied to React or to what the text is; `SaveOutcome` is what the server said.
 */
export type SaveOutcome =
  | { kind: 'saved'; version: number; text: string }
  | { kind: 'conflict'; version: number; text: string }
  | { kind: 'unreachable' }
  | { kind: 'refused' };

export type SaveState =
  | 'clean'
  | 'typing'
  | 'saving'
  | 'saved'
  | 'waiting'
  | 'conflict'
  | 'refused';

export interface Draft {
  text: string;
  /** The version the server holds; 0 before the first save. */
  version: number;
  /** The text of that version. */
  savedText: string;
}

export interface View extends Draft {
  state: SaveState;
  /** The other text, in `conflict`. */
  theirs: string | undefined;
}

export interface Ports {
  save(text: string, version: number): Promise<SaveOutcome>;
  /** Keeps a draft in the browser; undefined forgets it. */
  keep(draft: Draft | undefined): void;
  changed(view: View): void;
}

export const kQuietMs = 2000;
export const kRetryMs = 5000;

export class Autosave {
  private state: SaveState;
  private theirs: { text: string; version: number } | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private inFlight: Promise<void> | undefined;
  private draft: Draft;

  constructor(
    initial: Draft,
    private readonly ports: Ports,
  ) {
    this.draft = { ...initial };
    this.state = this.isDirty() ? 'typing' : 'clean';
    // A text found in storage after a reload has not reached the server: send it.
    if (this.isDirty()) this.schedule(0);
  }

  view(): View {
    return { ...this.draft, state: this.state, theirs: this.theirs?.text };
  }

  type(text: string): void {
    this.draft.text = text;
    this.ports.keep(this.draft);
    if (this.state === 'conflict') {
      this.announce();
      return;
    }
    this.become(this.isDirty() ? 'typing' : 'saved');
    this.schedule(kQuietMs);
  }

  /** Saves now: the field was left, the page is closing, or the wrap-up ends. */
  async flush(): Promise<void> {
    clearTimeout(this.timer);
    if (this.inFlight) await this.inFlight;
    if (this.isDirty() && this.state !== 'conflict') await this.saveNow();
  }

  /** Ends a conflict with the text to keep: ours, theirs or both joined by the person. */
  async resolve(text: string): Promise<void> {
    if (!this.theirs) return;
    this.draft = { text, version: this.theirs.version, savedText: this.theirs.text };
    this.theirs = undefined;
    this.ports.keep(this.isDirty() ? this.draft : undefined);
    this.become('typing');
    await this.flush();
    if (!this.isDirty()) this.become('saved');
  }

  /** Takes over what another window saved; refused while something here is not at the server yet. */
  adopt(stored: Draft): boolean {
    if (this.isDirty() || this.inFlight || this.theirs) return false;
    this.draft = { ...stored };
    this.become('saved');
    return true;
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  private isDirty(): boolean {
    return this.draft.text !== this.draft.savedText;
  }

  private schedule(delayMs: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.flush(), delayMs);
  }

  private async saveNow(): Promise<void> {
    this.inFlight = this.send();
    await this.inFlight;
    this.inFlight = undefined;
  }

  private async send(): Promise<void> {
    const { text, version } = this.draft;
    this.become('saving');
    const outcome = await this.ports.save(text, version + 1);
    switch (outcome.kind) {
      case 'saved':
        this.draft = {
          text: this.draft.text === text ? outcome.text : this.draft.text,
          version: outcome.version,
          savedText: outcome.text,
        };
        this.ports.keep(this.isDirty() ? this.draft : undefined);
        this.become(this.isDirty() ? 'typing' : 'saved');
        if (this.isDirty()) this.schedule(kQuietMs);
        return;
      case 'conflict':
        this.theirs = { text: outcome.text, version: outcome.version };
        this.become('conflict');
        return;
      case 'unreachable':
        this.become('waiting');
        this.schedule(kRetryMs);
        return;
      case 'refused':
        this.become('refused');
    }
  }

  private become(state: SaveState): void {
    this.state = state;
    this.announce();
  }

  private announce(): void {
    this.ports.changed(this.view());
  }
}
