import { describe, expect, it } from 'vitest';
import type { AgentState, CompanyOfSession } from '@/api/client';
import { holding } from './follow';

const company = (name: string, agent_state: AgentState | null): CompanyOfSession => ({
  id: name,
  key: name,
  name,
  role: 'agent',
  is_current: false,
  agent_state,
  live: null,
});

describe('the company that holds the person', () => {
  it('is the one with a caller, also in wrap-up', () => {
    for (const state of ['offered', 'talking', 'wrap_up'] as const) {
      expect(holding([company('a', 'not_ready'), company('b', state)])?.id).toBe('b');
    }
  });
  it('is none while the person is free, or takes no contacts', () => {
    expect(holding([company('a', 'ready'), company('b', 'ready')])).toBeUndefined();
    expect(holding([company('a', null), company('b', 'signed_out')])).toBeUndefined();
  });
});
