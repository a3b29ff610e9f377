import { queryOptions, useQuery } from '@tanstack/react-query';
import { api, ask } from '@/api/client';
import { useLanguage } from '@/base/preferences';

const long = { staleTime: 10 * 60_000 };

export function useReasons() {
  const language = useLanguage();
  return useQuery({
    ...long,
    queryKey: ['settings', 'reasons', language],
    queryFn: async () => (await ask(api.GET('/api/v1/reasons'))).items,
  });
}

export function useTopics() {
  const language = useLanguage();
  return useQuery({
    ...long,
    queryKey: ['settings', 'topics', language],
    queryFn: async () => (await ask(api.GET('/api/v1/topics'))).items,
  });
}

export function useQueueSettings() {
  return useQuery({
    ...long,
    queryKey: ['settings', 'queues'],
    queryFn: async () => (await ask(api.GET('/api/v1/queues'))).items,
  });
}

export const agentsQuery = queryOptions({
  queryKey: ['agents'],
  queryFn: async () => (await ask(api.GET('/api/v1/agents'))).items,
});

/** A code in words, or the code itself when the list does not have it. */
export function labelOf(
  choices: readonly { code: string; label: string }[] | undefined,
  code: string,
) {
  return choices?.find((choice) => choice.code === code)?.label ?? code.replaceAll('_', ' ');
}
