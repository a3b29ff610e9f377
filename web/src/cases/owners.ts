import { useQuery } from '@tanstack/react-query';
import { agentsQuery } from '@/acd/settings';
import type { Named } from '@/api/client';
import { useSignedIn } from '@/identity/session';

/** Who a next step can be given to: oneself first, then colleagues, and whoever has it now. */
export function useOwners(present?: Named | null): Named[] {
  const { user } = useSignedIn();
  const agents = useQuery(agentsQuery);
  const owners: Named[] = [{ id: user.id, name: user.name }];
  const add = (one: Named) => {
    if (!owners.some((each) => each.id === one.id)) owners.push(one);
  };
  if (present) add(present);
  for (const agent of agents.data ?? []) {
    add({ id: agent.user_id ?? agent.id, name: agent.name });
  }
  return owners;
}
