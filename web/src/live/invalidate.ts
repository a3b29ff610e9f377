import type { EventFrame } from '@/api/client';

/** Which fetched things an event makes stale, as query keys (see the hooks of each folder). */
export function staleKeys(frame: EventFrame): readonly (readonly unknown[])[] {
  const keys: (readonly unknown[])[] = [];
  const matter = frame.type.split('_')[0];
  if (
    frame.case_id !== null &&
    (matter === 'case' || matter === 'note' || matter === 'disposition')
  ) {
    keys.push(['cases'], ['case', frame.case_id]);
  }
  if (matter === 'customer' || frame.type === 'contact_identified') {
    keys.push(['customers'], ['customer', frame.customer_id]);
  }
  if (frame.type === 'identity_checked' || frame.type === 'contact_identified') {
    keys.push(['verification', frame.contact_id], ['accounts']);
  }
  if (matter === 'recording') keys.push(['recordings']);
  if (matter === 'export') keys.push(['exports']);
  if (matter === 'prompt') keys.push(['prompts'], ['flows']);
  if (frame.type === 'queue_stopped' || frame.type === 'queue_resumed') keys.push(['queues']);
  if (frame.type === 'queue_music_chosen') keys.push(['queues'], ['prompts']);
  if (matter === 'agent' || matter === 'phone') keys.push(['agents']);
  if (matter === 'alert' || matter === 'canary' || matter === 'read') {
    keys.push(['alerts'], ['canaries']);
  }
  if (frame.contact_id !== null) keys.push(['contact', frame.contact_id]);
  const isOnTimeline =
    matter === 'case' ||
    matter === 'note' ||
    matter === 'disposition' ||
    matter === 'customer' ||
    frame.type === 'contact_arrived' ||
    frame.type === 'contact_connected' ||
    frame.type === 'contact_ended' ||
    frame.type === 'recording_ended';
  if (isOnTimeline) keys.push(['timeline']);
  if (frame.type === 'contact_ended' || frame.type === 'contact_left_queue') keys.push(['figures']);
  return keys;
}
