import { Navigate } from '@tanstack/react-router';
import { useRole } from '@/identity/session';

/** Agents start at their desk, supervisors on the floor. */
export function HomePage() {
  const { isAgent, isSupervisor } = useRole();
  if (isAgent) return <Navigate to="/desk" replace />;
  return <Navigate to={isSupervisor ? '/floor' : '/cases'} replace />;
}
