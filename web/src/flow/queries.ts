import { queryOptions } from '@tanstack/react-query';
import { api, ask } from '@/api/client';

export const flowsQuery = queryOptions({
  queryKey: ['flows'],
  queryFn: async () => (await ask(api.GET('/api/v1/flows'))).items,
});

export const flowVersionQuery = (flowId: string, version: number) =>
  queryOptions({
    queryKey: ['flows', flowId, version],
    queryFn: () =>
      ask(
        api.GET('/api/v1/flows/{flow_id}/versions/{version}', {
          params: { path: { flow_id: flowId, version } },
        }),
      ),
  });
