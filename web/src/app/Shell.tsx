import { ActionIcon, Menu, Tooltip } from '@mantine/core';
import {
  IconBellRinging,
  IconBuildingStore,
  IconChecklist,
  IconEye,
  IconFolders,
  IconHeadset,
  IconKeyboard,
  IconLayoutDashboard,
  IconLogout,
  IconMessage2Share,
  IconPlayerPlay,
  IconRoute,
  IconSettings,
  IconUserCog,
  IconUserShield,
  IconUsers,
} from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, Outlet, useNavigate } from '@tanstack/react-router';
import { type ReactNode, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { StatusControl } from '@/acd/StatusControl';
import { initials } from '@/base/format';
import { useGoTo, useHotkey } from '@/base/hotkeys';
import { Logo } from '@/base/view/Logo';
import { complain } from '@/base/view/notify';
import { CallStrip } from '@/call/CallStrip';
import { ReferenceSearch } from '@/cases/ReferenceSearch';
import { CompanyBadge } from '@/company/CompaniesPage';
import { useFollowCalls } from '@/company/follow';
import { ExportsWaiting } from '@/exports/ExportsWaiting';
import { openAlertsQuery } from '@/guard/queries';
import { recheckSession, signOut, useAccess, useSignedIn } from '@/identity/session';
import { startLive, watchDesk } from '@/live/store';
import { ConnectionBanner } from './ConnectionBanner';
import css from './Shell.module.css';
import { ShortcutsSheet } from './ShortcutsSheet';

type Place =
  | '/desk'
  | '/floor'
  | '/cases'
  | '/customers'
  | '/recordings'
  | '/flows'
  | '/prompts'
  | '/audit'
  | '/people'
  | '/companies'
  | '/approvals'
  | '/alerts';

export function Shell() {
  const { t } = useTranslation('app');
  const queries = useQueryClient();
  const { isAgent, may, user } = useAccess();
  const { company, companies } = useSignedIn();
  // The server sends what happens only to those who work on the floor.
  const isLive = may('take_contacts') || may('watch_floor');
  const [isSheetOpen, setSheetOpen] = useState(false);
  useHotkey('F1', () => setSheetOpen(true));
  useHotkey('?', () => setSheetOpen(true));
  useEffect(() => {
    const recheck = () => void recheckSession(queries, company.id).catch(complain);
    return isLive ? startLive(queries, recheck) : undefined;
  }, [isLive, queries, company.id]);
  useEffect(() => (isAgent ? watchDesk() : undefined), [isAgent]);
  useFollowCalls();

  return (
    <div className={css.shell}>
      <a href="#main" className={css.skip}>
        {t('skip')}
      </a>
      <Rail />
      <section className={css.bar} aria-label={t('bar')}>
        {companies.length > 1 && <CompanyBadge name={company.name} />}
        {isAgent && <StatusControl key={user.id} />}
        <CallStrip />
        <span className={css.spacer} />
        <div className={css.search}>
          <ReferenceSearch />
        </div>
        <Tooltip label={t('shortcuts.title')}>
          <ActionIcon
            className={css.keysButton ?? ''}
            variant="subtle"
            size="lg"
            aria-label={t('shortcuts.title')}
            onClick={() => setSheetOpen(true)}
          >
            <IconKeyboard size={20} aria-hidden="true" />
          </ActionIcon>
        </Tooltip>
        <PersonMenu />
      </section>
      <main className={css.main} id="main" tabIndex={-1}>
        <ConnectionBanner />
        <Outlet />
      </main>
      <ShortcutsSheet isOpen={isSheetOpen} onClose={() => setSheetOpen(false)} />
    </div>
  );
}

function Rail() {
  const { t } = useTranslation('app');
  const navigate = useNavigate();
  const { isAgent, may } = useAccess();
  const { companies } = useSignedIn();
  const size = { size: 22, stroke: 1.7, 'aria-hidden': true };
  const places: {
    to: Place;
    letter: string;
    icon: ReactNode;
    isShown: boolean;
    name: string;
    waits?: ReactNode;
  }[] = [
    {
      to: '/desk',
      letter: 'd',
      icon: <IconHeadset {...size} />,
      isShown: isAgent,
      name: t('nav.desk'),
    },
    {
      to: '/floor',
      letter: 'p',
      icon: <IconLayoutDashboard {...size} />,
      isShown: may('watch_floor'),
      name: t('nav.floor'),
    },
    {
      to: '/cases',
      letter: 'c',
      icon: <IconFolders {...size} />,
      isShown: may('read_customers'),
      name: t('nav.cases'),
    },
    {
      to: '/customers',
      letter: 'l',
      icon: <IconUsers {...size} />,
      isShown: may('read_customers'),
      name: t('nav.customers'),
    },
    {
      to: '/recordings',
      letter: 'r',
      icon: <IconPlayerPlay {...size} />,
      isShown: may('listen_to_own'),
      name: t('nav.recordings'),
    },
    {
      to: '/flows',
      letter: 'f',
      icon: <IconRoute {...size} />,
      isShown: may('read_flows'),
      name: t('nav.flows'),
    },
    {
      to: '/prompts',
      letter: 'v',
      icon: <IconMessage2Share {...size} />,
      isShown: may('read_flows'),
      name: t('nav.prompts'),
    },
    {
      to: '/people',
      letter: 'u',
      icon: <IconUserCog {...size} />,
      isShown: may('manage_users'),
      name: t('nav.people'),
    },
    {
      to: '/companies',
      letter: 'e',
      icon: <IconBuildingStore {...size} />,
      isShown: companies.length > 1 || may('manage_directory'),
      name: t('nav.companies'),
    },
    {
      to: '/audit',
      letter: 'a',
      icon: <IconEye {...size} />,
      isShown: may('read_audit'),
      name: t('nav.audit'),
    },
    {
      to: '/approvals',
      letter: 'b',
      icon: <IconChecklist {...size} />,
      isShown: may('ask_export') || may('approve_export'),
      name: t('nav.approvals'),
      waits: <ExportsWaiting />,
    },
  ];
  places.push({
    to: '/alerts',
    letter: 't',
    icon: <AlertsIcon />,
    isShown: may('handle_alerts'),
    name: t('nav.alerts'),
  });
  const shown = places.filter((place) => place.isShown);
  useGoTo(
    Object.fromEntries(shown.map((place) => [place.letter, () => void navigate({ to: place.to })])),
  );
  return (
    <nav className={css.rail} aria-label={t('nav.label')}>
      <span className={css.logo}>
        <Logo size={38} />
      </span>
      {shown.map((place) => (
        <Link
          key={place.to}
          to={place.to}
          className={css.railLink}
          data-testid={`nav-${place.to.slice(1)}`}
        >
          {place.icon}
          <span>{place.name}</span>
          {place.waits}
        </Link>
      ))}
    </nav>
  );
}

/** The bell, with how many alerts wait for somebody. */
function AlertsIcon() {
  const { t } = useTranslation('app');
  const { data: open } = useQuery(openAlertsQuery);
  return (
    <span className={css.bell}>
      <IconBellRinging size={22} stroke={1.7} aria-hidden="true" />
      {open !== undefined && open > 0 && (
        <span className={css.badge} data-testid="alerts-open">
          <span aria-hidden="true">{open > 99 ? '99+' : open}</span>
          <span className="visually-hidden">{t('nav.alerts_open', { count: open })}</span>
        </span>
      )}
    </span>
  );
}

function PersonMenu() {
  const { t } = useTranslation('app');
  const queries = useQueryClient();
  const navigate = useNavigate();
  const { user, company, companies } = useSignedIn();
  return (
    <Menu position="bottom-end" width={230}>
      <Menu.Target>
        <button type="button" className={css.person} data-testid="person-menu">
          <span aria-hidden="true">{initials(user.name)}</span>
          <span className="visually-hidden">{t('person', { name: user.name })}</span>
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{user.name}</Menu.Label>
        <Menu.Item
          leftSection={<IconUserShield size={16} aria-hidden="true" />}
          onClick={() => void navigate({ to: '/account' })}
          data-testid="open-account"
        >
          {t('nav.account')}
        </Menu.Item>
        <Menu.Item
          leftSection={<IconSettings size={16} aria-hidden="true" />}
          onClick={() => void navigate({ to: '/preferences' })}
        >
          {t('nav.preferences')}
        </Menu.Item>
        <Menu.Item
          disabled={companies.length < 2}
          leftSection={<IconBuildingStore size={16} aria-hidden="true" />}
          onClick={() => void navigate({ to: '/companies' })}
          data-testid="open-companies"
        >
          {company.name}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item
          leftSection={<IconLogout size={16} aria-hidden="true" />}
          onClick={() => void signOut(queries).catch((error) => complain(error))}
          data-testid="sign-out"
        >
          {t('sign_out')}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
