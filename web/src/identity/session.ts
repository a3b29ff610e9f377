import { type QueryClient, queryOptions, useQuery, useQueryClient } from '@tanstack/react-query';
import { ApiError, api, ask, type Permission, type Session, setCsrfToken } from '@/api/client';
import { usePreferences } from '@/base/preferences';

function adopt(session: Session): Session {
  setCsrfToken(session.csrf_token);
  return session;
}

/** The present session; null when nobody is signed in. */
export const sessionQuery = queryOptions({
  queryKey: ['session'],
  staleTime: Number.POSITIVE_INFINITY,
  retry: (count, error) => error instanceof ApiError && error.code === 'network' && count < 5,
  async queryFn(): Promise<Session | null> {
    try {
      return adopt(await ask(api.GET('/api/v1/session')));
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) return null;
      throw error;
    }
  },
});

/** As the server keeps it: a keyboard may compose an accent in two ways, and both are one password. */
export const typed = (password: string) => password.normalize('NFC');

/** `code` is of the second factor; the server says when it wants one. */
export async function signIn(
  queries: QueryClient,
  login: string,
  password: string,
  code: string,
): Promise<void> {
  const body = { login, password: typed(password), ...(code !== '' && { code }) };
  const session = adopt(await ask(api.POST('/api/v1/session', { body })));
  const preferences = usePreferences.getState();
  if (!preferences.chosen) usePreferences.setState({ language: session.user.language });
  queries.setQueryData(sessionQuery.queryKey, session);
}

/** Forgets everything fetched: the next person at this computer must not see it. */
export function forgetSession(queries: QueryClient): void {
  setCsrfToken('');
  queries.removeQueries({ predicate: (query) => query.queryKey[0] !== sessionQuery.queryKey[0] });
  queries.setQueryData(sessionQuery.queryKey, null);
}

/** The stream of a company ended: the session is over, or it went to another one, perhaps in another tab. */
export async function recheckSession(queries: QueryClient, company: string): Promise<void> {
  const present = await queries.fetchQuery({ ...sessionQuery, staleTime: 0 });
  if (present === null || present.company.id === company) return forgetSession(queries);
  queries.removeQueries({ predicate: (query) => query.queryKey[0] !== sessionQuery.queryKey[0] });
}

export async function signOut(queries: QueryClient): Promise<void> {
  await ask(api.DELETE('/api/v1/session'));
  forgetSession(queries);
}

/** Everything fetched was another company's. */
export async function enterCompany(queries: QueryClient, id: string): Promise<void> {
  const body = { company_id: id };
  const session = adopt(await ask(api.POST('/api/v1/session/company', { body })));
  queries.removeQueries({ predicate: (query) => query.queryKey[0] !== sessionQuery.queryKey[0] });
  queries.setQueryData(sessionQuery.queryKey, session);
}

export function useSession() {
  return useQuery(sessionQuery);
}

/** The signed-in session; only for pages inside the shell, which exists only with one. */
export function useSignedIn(): Session {
  const session = useQueryClient().getQueryData(sessionQuery.queryKey);
  const { data } = useQuery(sessionQuery);
  const present = data ?? session;
  if (!present) throw new Error('no session');
  return present;
}

/** What the signed-in person may do; the server refuses the rest, pages do not offer it. */
export function useAccess() {
  const { user, permissions } = useSignedIn();
  return {
    isAgent: user.agent_id !== null,
    may: (permission: Permission) => permissions.includes(permission),
    user,
  };
}
