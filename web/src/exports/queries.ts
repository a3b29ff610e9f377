import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { api, ask, type ExportWhat } from '@/api/client';

export type ExportView = 'mine' | 'waiting' | 'all';

export const exportsQuery = (view: ExportView) =>
  infiniteQueryOptions({
    queryKey: ['exports', view],
    initialPageParam: '',
    queryFn: ({ pageParam }) => {
      const query = { view, limit: 50, ...(pageParam !== '' && { cursor: pageParam }) };
      return ask(api.GET('/api/v1/exports', { params: { query } }));
    },
    getNextPageParam: (page) => page.next_cursor,
    // Who watches no floor is told of nothing; and what is being made moves on.
    refetchInterval: (query) =>
      query.state.data?.pages.some((page) => page.items.some((one) => one.state === 'making'))
        ? kMakingEvery
        : kWaitingEvery,
  });

const kMakingEvery = 2_000;
const kWaitingEvery = 30_000;

export const exportColumnsQuery = (what: ExportWhat) =>
  queryOptions({
    queryKey: ['export-columns', what],
    queryFn: async () => {
      const params = { query: { what } };
      return (await ask(api.GET('/api/v1/exports/columns', { params }))).items;
    },
  });
