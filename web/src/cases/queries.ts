import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { api, ask, askWithResponse } from '@/api/client';

export interface CaseFilter {
  status?: 'open' | 'in_progress' | 'waiting_customer' | 'resolved' | 'closed' | 'live';
  mine?: boolean;
  text?: string;
}

/** Digits and blanks alone are a reference; anything else is words. */
export function isReference(text: string): boolean {
  return /^[\d\s.-]{3,20}$/.test(text.trim()) && /\d{3}/.test(text.replace(/\D/g, ''));
}

export const casesQuery = (filter: CaseFilter) =>
  infiniteQueryOptions({
    queryKey: ['cases', filter],
    initialPageParam: '',
    queryFn: ({ pageParam }) => {
      const text = filter.text?.trim() ?? '';
      const query = {
        limit: 50,
        ...(filter.status && { status: filter.status }),
        ...(filter.mine && { mine: true }),
        ...(text !== '' && (isReference(text) ? { reference: text } : { text })),
        ...(pageParam !== '' && { cursor: pageParam }),
      };
      return ask(api.GET('/api/v1/cases', { params: { query } }));
    },
    getNextPageParam: (page) => page.next_cursor,
  });

/** A case with the ETag an edit must send back. */
export const caseQuery = (caseId: string) =>
  queryOptions({
    queryKey: ['case', caseId],
    queryFn: async () => {
      const { data, response } = await askWithResponse(
        api.GET('/api/v1/cases/{case_id}', { params: { path: { case_id: caseId } } }),
      );
      return { ...data, etag: response.headers.get('ETag') ?? `"${data.case.version}"` };
    },
  });

export type TimelineOf = { of: 'case' | 'customer'; id: string };

export const timelineQuery = ({ of, id }: TimelineOf) =>
  infiniteQueryOptions({
    queryKey: ['timeline', of, id],
    initialPageParam: '',
    queryFn: ({ pageParam }) => {
      const query = { limit: 30, ...(pageParam !== '' && { cursor: pageParam }) };
      return ask(
        of === 'case'
          ? api.GET('/api/v1/cases/{case_id}/timeline', {
              params: { path: { case_id: id }, query },
            })
          : api.GET('/api/v1/customers/{customer_id}/timeline', {
              params: { path: { customer_id: id }, query },
            }),
      );
    },
    getNextPageParam: (page) => page.next_cursor,
  });
