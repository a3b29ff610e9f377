import type { EventFrame } from '@/api/client';

export interface Pause {
  fromMs: number;
  toMs: number;
  reason: string;
}

type Marked = Pick<EventFrame, 'type' | 'at' | 'data'>;

/** Where a recording was paused, from the contact's journal. Time goes on while paused (the sound is
 * silence then), so offsets are those of the recording itself. */
export function pausesOf(events: readonly Marked[], recordingId: string, endMs: number): Pause[] {
  const own = events.filter((event) => event.data.recording === recordingId);
  const started = own.find((event) => event.type === 'recording_started');
  if (!started) return [];
  const offset = (at: string) => Math.max(0, Date.parse(at) - Date.parse(started.at));
  const pauses: Pause[] = [];
  for (const event of own) {
    if (event.type === 'recording_paused') {
      const reason = typeof event.data.reason === 'string' ? event.data.reason : '';
      pauses.push({ fromMs: offset(event.at), toMs: endMs, reason });
    }
    const last = pauses.at(-1);
    if (event.type === 'recording_resumed' && last) last.toMs = Math.min(offset(event.at), endMs);
  }
  return pauses;
}
