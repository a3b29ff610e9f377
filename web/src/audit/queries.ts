import { infiniteQueryOptions } from '@tanstack/react-query';
import { api, ask, type ExportFilter } from '@/api/client';

/** What is looked for; days are those of the reader's own clock, both included. */
export interface AuditFilter {
  customer?: string;
  user?: string;
  from?: string;
  to?: string;
}

/** The instant at which a local day begins, or the next one does; nothing for what is no day. */
export function dayEdge(day: string | undefined, edge: 'start' | 'end'): string | undefined {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(day ?? '');
  if (!match) return undefined;
  const shift = edge === 'end' ? 1 : 0;
  return new Date(Number(match[1]), Number(match[2]) - 1, Number(match[3]) + shift).toISOString();
}

/** What the list shows, as an export takes it. */
export function exportFilter(filter: AuditFilter): ExportFilter {
  const from = dayEdge(filter.from, 'start');
  const to = dayEdge(filter.to, 'end');
  return {
    ...(filter.customer && { customer_id: filter.customer }),
    ...(filter.user && { user_id: filter.user }),
    ...(from && { from }),
    ...(to && { to }),
  };
}

export const auditQuery = (filter: AuditFilter) =>
  infiniteQueryOptions({
    queryKey: ['audit', filter],
    initialPageParam: '',
    queryFn: ({ pageParam }) => {
      const query = {
        limit: 50,
        ...exportFilter(filter),
        ...(pageParam !== '' && { cursor: pageParam }),
      };
      return ask(api.GET('/api/v1/audit', { params: { query } }));
    },
    getNextPageParam: (page) => page.next_cursor,
  });
