import type { ExportFilter } from '@/api/client';
import { type CaseFilter, isReference } from './queries';

/** What the list shows, as an export takes it. */
export function exportFilter(filter: CaseFilter, userId: string): ExportFilter {
  const text = filter.text?.trim() ?? '';
  return {
    ...(filter.status === 'live' && { live: 'yes' }),
    ...(filter.status && filter.status !== 'live' && { status: filter.status }),
    ...(filter.mine && { owner: userId }),
    ...(text !== '' && (isReference(text) ? { reference: text } : { text })),
  };
}
