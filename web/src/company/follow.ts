import { type QueryClient, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useEffect } from 'react';
import { type AgentState, api, ask, type CompanyOfSession } from '@/api/client';
import { complain } from '@/base/view/notify';
import { enterCompany } from '@/identity/session';
import { useLive } from '@/live/store';

const kHolding: readonly AgentState[] = ['offered', 'talking', 'wrap_up'];

/** The company whose caller holds the person. */
export const holding = (companies: readonly CompanyOfSession[]) =>
  companies.find((each) => each.agent_state !== null && kHolding.includes(each.agent_state));

async function follow(queries: QueryClient): Promise<boolean> {
  const { items } = await ask(api.GET('/api/v1/companies'));
  const company = holding(items);
  if (!company || company.is_current) return false;
  await enterCompany(queries, company.id);
  return true;
}

/** A call of another company rings: the page goes where it is, so that whoever answers sees whose caller
 * it is. */
export function useFollowCalls(): void {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const isElsewhere = useLive((store) => store.desk?.agent.reason === 'elsewhere');
  useEffect(() => {
    if (!isElsewhere) return;
    follow(queries)
      .then((hasMoved) => (hasMoved ? navigate({ to: '/desk' }) : undefined))
      .catch(complain);
  }, [isElsewhere, queries, navigate]);
}
