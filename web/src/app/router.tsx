import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from '@tanstack/react-router';
import type { AuditFilter } from '@/audit/queries';
import type { ExportView } from '@/exports/queries';
import type { AlertState } from '@/guard/queries';
import { HomePage } from './HomePage';
import { NotFound, RouteTrouble } from './NotFound';
import { Shell } from './Shell';

const kCaseFilters = [
  'open',
  'in_progress',
  'waiting_customer',
  'resolved',
  'closed',
  'live',
] as const;

export interface CaseSearch {
  status?: (typeof kCaseFilters)[number];
  mine?: boolean;
  text?: string;
}

const root = createRootRoute({
  component: Shell,
  notFoundComponent: NotFound,
  errorComponent: RouteTrouble,
});

const word = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined);

const home = createRoute({ getParentRoute: () => root, path: '/', component: HomePage });
const desk = createRoute({
  getParentRoute: () => root,
  path: '/desk',
  component: lazyRouteComponent(() => import('@/call/DeskPage'), 'DeskPage'),
});
const floor = createRoute({
  getParentRoute: () => root,
  path: '/floor',
  component: lazyRouteComponent(() => import('@/acd/FloorPage'), 'FloorPage'),
});
const cases = createRoute({
  getParentRoute: () => root,
  path: '/cases',
  validateSearch: (search: Record<string, unknown>): CaseSearch => {
    const status = word(search.status);
    const text = word(search.text);
    const isStatus = (value?: string): value is NonNullable<CaseSearch['status']> =>
      kCaseFilters.some((each) => each === value);
    return {
      ...(isStatus(status) && { status }),
      ...(search.mine === true && { mine: true }),
      ...(text && { text }),
    };
  },
  component: lazyRouteComponent(() => import('@/cases/CasesPage'), 'CasesPage'),
});
const oneCase = createRoute({
  getParentRoute: () => root,
  path: '/cases/$caseId',
  component: lazyRouteComponent(() => import('@/cases/CasePage'), 'CasePage'),
});
/** The address a reference opens: /c/4829173 (docs: "opens the case everywhere it is typed"). */
const byReference = createRoute({
  getParentRoute: () => root,
  path: '/c/$reference',
  beforeLoad: ({ params }) => {
    throw redirect({ to: '/cases', search: { text: params.reference } });
  },
});
const customers = createRoute({
  getParentRoute: () => root,
  path: '/customers',
  validateSearch: (search: Record<string, unknown>): { text?: string } => {
    const text = word(search.text);
    return text ? { text } : {};
  },
  component: lazyRouteComponent(() => import('@/crm/CustomersPage'), 'CustomersPage'),
});
const customer = createRoute({
  getParentRoute: () => root,
  path: '/customers/$customerId',
  component: lazyRouteComponent(() => import('@/crm/CustomerPage'), 'CustomerPage'),
});
const recordings = createRoute({
  getParentRoute: () => root,
  path: '/recordings',
  validateSearch: (search: Record<string, unknown>): { play?: string } => {
    const play = word(search.play);
    return play ? { play } : {};
  },
  component: lazyRouteComponent(() => import('@/media/RecordingsPage'), 'RecordingsPage'),
});
const flows = createRoute({
  getParentRoute: () => root,
  path: '/flows',
  component: lazyRouteComponent(() => import('@/flow/FlowsPage'), 'FlowsPage'),
});
const flow = createRoute({
  getParentRoute: () => root,
  path: '/flows/$flowId',
  validateSearch: (search: Record<string, unknown>): { version?: number } => {
    const version = Number(search.version);
    return Number.isInteger(version) && version > 0 ? { version } : {};
  },
  component: lazyRouteComponent(() => import('@/flow/FlowPage'), 'FlowPage'),
});
const companies = createRoute({
  getParentRoute: () => root,
  path: '/companies',
  component: lazyRouteComponent(() => import('@/company/CompaniesPage'), 'CompaniesPage'),
});
const prompts = createRoute({
  getParentRoute: () => root,
  path: '/prompts',
  validateSearch: (search: Record<string, unknown>): { open?: string } => {
    const open = word(search.open);
    return open ? { open } : {};
  },
  component: lazyRouteComponent(() => import('@/prompts/PromptsPage'), 'PromptsPage'),
});
const audit = createRoute({
  getParentRoute: () => root,
  path: '/audit',
  validateSearch: (search: Record<string, unknown>): AuditFilter => {
    const found: AuditFilter = {};
    for (const name of ['customer', 'user', 'from', 'to'] as const) {
      const value = word(search[name]);
      if (value) found[name] = value;
    }
    return found;
  },
  component: lazyRouteComponent(() => import('@/audit/AuditPage'), 'AuditPage'),
});
const approvals = createRoute({
  getParentRoute: () => root,
  path: '/approvals',
  validateSearch: (search: Record<string, unknown>): { view?: ExportView } => {
    const view = word(search.view);
    return view === 'waiting' || view === 'mine' || view === 'all' ? { view } : {};
  },
  component: lazyRouteComponent(() => import('@/exports/ApprovalsPage'), 'ApprovalsPage'),
});
const preferences = createRoute({
  getParentRoute: () => root,
  path: '/preferences',
  component: lazyRouteComponent(() => import('@/identity/PreferencesPage'), 'PreferencesPage'),
});

const account = createRoute({
  getParentRoute: () => root,
  path: '/account',
  component: lazyRouteComponent(() => import('@/identity/AccountPage'), 'AccountPage'),
});
const people = createRoute({
  getParentRoute: () => root,
  path: '/people',
  validateSearch: (search: Record<string, unknown>): { open?: string } => {
    const open = word(search.open);
    return open ? { open } : {};
  },
  component: lazyRouteComponent(() => import('@/identity/PeoplePage'), 'PeoplePage'),
});
const alerts = createRoute({
  getParentRoute: () => root,
  path: '/alerts',
  validateSearch: (search: Record<string, unknown>): { state?: AlertState; open?: string } => {
    const { state } = search;
    const open = word(search.open);
    return {
      ...((state === 'blocking' || state === 'all') && { state }),
      ...(open && { open }),
    };
  },
  component: lazyRouteComponent(() => import('@/guard/AlertsPage'), 'AlertsPage'),
});

export const router = createRouter({
  routeTree: root.addChildren([
    home,
    desk,
    floor,
    cases,
    oneCase,
    byReference,
    customers,
    customer,
    recordings,
    flows,
    flow,
    companies,
    prompts,
    audit,
    approvals,
    preferences,
    account,
    people,
    alerts,
  ]),
  defaultPreload: 'intent',
  scrollRestoration: false,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
