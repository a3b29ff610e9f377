import { queryOptions } from '@tanstack/react-query';
import { api, ask } from '@/api/client';

export const companiesQuery = queryOptions({
  queryKey: ['companies'],
  refetchInterval: 10_000,
  queryFn: async () => (await ask(api.GET('/api/v1/companies'))).items,
});

export const linesQuery = queryOptions({
  queryKey: ['lines'],
  queryFn: async () => (await ask(api.GET('/api/v1/lines'))).items,
});

export const flowsQuery = queryOptions({
  queryKey: ['flows'],
  queryFn: async () => (await ask(api.GET('/api/v1/flows'))).items,
});

export const membershipsOf = (userId: string) =>
  queryOptions({
    queryKey: ['memberships', userId],
    queryFn: async () => {
      const params = { path: { user_id: userId } };
      return (await ask(api.GET('/api/v1/users/{user_id}/memberships', { params }))).items;
    },
  });
