import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { api, ask } from '@/api/client';

export type AlertState = 'open' | 'blocking' | 'all';

export const alertsQuery = (state: AlertState) =>
  infiniteQueryOptions({
    queryKey: ['alerts', state],
    initialPageParam: '',
    queryFn: ({ pageParam }) => {
      const query = { state, limit: 50, ...(pageParam !== '' && { cursor: pageParam }) };
      return ask(api.GET('/api/v1/alerts', { params: { query } }));
    },
    getNextPageParam: (page) => page.next_cursor,
  });

/** How many wait. Who does not work on the floor is told nothing live, so it is asked now and then. */
export const openAlertsQuery = queryOptions({
  queryKey: ['alerts', 'count'],
  queryFn: () => ask(api.GET('/api/v1/alerts', { params: { query: { limit: 1 } } })),
  select: (page) => page.open,
  refetchInterval: 60_000,
});

/** Users whom a block stops, with the alert that began it. */
export const blockedQuery = queryOptions({
  queryKey: ['alerts', 'blocked'],
  queryFn: () =>
    ask(api.GET('/api/v1/alerts', { params: { query: { state: 'blocking', limit: 100 } } })),
  select: (page) => new Map(page.items.map((alert) => [alert.reader.id, alert.id])),
});

export const alertQuery = (id: string) =>
  queryOptions({
    queryKey: ['alerts', 'one', id],
    queryFn: () =>
      ask(api.GET('/api/v1/alerts/{alert_id}', { params: { path: { alert_id: id } } })),
  });

export const canariesQuery = queryOptions({
  queryKey: ['canaries'],
  queryFn: () => ask(api.GET('/api/v1/canaries')),
});
