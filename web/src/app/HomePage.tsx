import { Navigate } from '@tanstack/react-router';
import { useAccess } from '@/identity/session';

/** Agents start at their desk, who watches the floor there, others at the first page they may see. */
export function HomePage() {
  const { isAgent, may } = useAccess();
  if (isAgent) return <Navigate to="/desk" replace />;
  if (may('watch_floor')) return <Navigate to="/floor" replace />;
  if (may('read_customers')) return <Navigate to="/cases" replace />;
  return <Navigate to={may('read_flows') ? '/flows' : '/preferences'} replace />;
}
