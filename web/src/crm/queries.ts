import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { api, ask } from '@/api/client';

export const customersQuery = (text: string) =>
  infiniteQueryOptions({
    queryKey: ['customers', text],
    initialPageParam: '',
    queryFn: ({ pageParam }) => {
      const query = {
        limit: 50,
        ...(text.trim() !== '' && { text: text.trim() }),
        ...(pageParam !== '' && { cursor: pageParam }),
      };
      return ask(api.GET('/api/v1/customers', { params: { query } }));
    },
    getNextPageParam: (page) => page.next_cursor,
  });

export const accountsQuery = (customerId: string) =>
  queryOptions({
    queryKey: ['accounts', customerId],
    queryFn: () =>
      ask(
        api.GET('/api/v1/customers/{customer_id}/accounts', {
          params: { path: { customer_id: customerId } },
        }),
      ),
  });

export const customerQuery = (customerId: string) =>
  queryOptions({
    queryKey: ['customer', customerId],
    queryFn: () =>
      ask(
        api.GET('/api/v1/customers/{customer_id}', {
          params: { path: { customer_id: customerId } },
        }),
      ),
  });
