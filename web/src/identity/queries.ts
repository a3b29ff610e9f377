import { queryOptions } from '@tanstack/react-query';
import { api, ask } from '@/api/client';

export const factorQuery = queryOptions({
  queryKey: ['second-factor'],
  queryFn: () => ask(api.GET('/api/v1/me/second-factor')),
});

export const ownSessionsQuery = queryOptions({
  queryKey: ['sessions', 'own'],
  queryFn: async () => (await ask(api.GET('/api/v1/me/sessions'))).items,
});

export const sessionsOf = (userId: string) =>
  queryOptions({
    queryKey: ['sessions', userId],
    queryFn: async () => {
      const params = { path: { user_id: userId } };
      return (await ask(api.GET('/api/v1/users/{user_id}/sessions', { params }))).items;
    },
  });

export const peopleQuery = queryOptions({
  queryKey: ['people'],
  queryFn: async () => (await ask(api.GET('/api/v1/users'))).items,
});

export const rolesQuery = queryOptions({
  queryKey: ['roles'],
  queryFn: async () => (await ask(api.GET('/api/v1/roles'))).items,
});

export const keysQuery = queryOptions({
  queryKey: ['api-keys'],
  queryFn: () => ask(api.GET('/api/v1/api-keys')),
});
