import { Button } from '@mantine/core';
import { IconPlus, IconUserCog } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Account } from '@/api/client';
import { dateTime } from '@/base/format';
import { useLanguage } from '@/base/preferences';
import {
  Empty,
  Loading,
  Page,
  Panel,
  Pill,
  Said,
  Table,
  Trouble,
  viewCss,
} from '@/base/view/parts';
import css from './identity.module.css';
import { KeysPanel } from './KeysPanel';
import { NewPerson } from './NewPerson';
import { PersonDetail } from './PersonDetail';
import { peopleQuery } from './queries';
import { RolesPanel } from './RolesPanel';
import { useRoleName } from './roles';
import { useAccess } from './session';

const route = getRouteApi('/people');

export function PeoplePage() {
  const { t } = useTranslation('account');
  const { may } = useAccess();
  if (may('manage_users')) return <People />;
  return (
    <Page title={t('people.title')}>
      <Panel>
        <Empty
          icon={<IconUserCog size={26} />}
          title={t('people.forbidden_title')}
          text={t('people.forbidden')}
        />
      </Panel>
    </Page>
  );
}

function People() {
  const { t } = useTranslation('account');
  const { open } = route.useSearch();
  const navigate = route.useNavigate();
  const [isAdding, setAdding] = useState(false);
  const people = useQuery(peopleQuery);
  const chosen = people.data?.find((each) => each.id === open);
  return (
    <Page
      title={t('people.title')}
      hint={t('people.hint')}
      actions={
        <Button
          leftSection={<IconPlus size={16} aria-hidden="true" />}
          onClick={() => setAdding(true)}
          data-testid="person-new"
        >
          {t('people.new')}
        </Button>
      }
    >
      <div className={css.panels}>
        {chosen && (
          <PersonDetail
            key={chosen.id}
            person={chosen}
            onClose={() => void navigate({ search: {} })}
          />
        )}
        <Panel testId="people">
          {people.error && <Trouble error={people.error} onRetry={() => void people.refetch()} />}
          {people.isPending && <Loading rows={6} />}
          {people.data && <Rows people={people.data} />}
        </Panel>
        <RolesPanel />
        <KeysPanel />
      </div>
      {isAdding && <NewPerson onClose={() => setAdding(false)} />}
    </Page>
  );
}

function Rows({ people }: { people: readonly Account[] }) {
  const { t } = useTranslation('account');
  const nameOf = useRoleName();
  const language = useLanguage();
  return (
    <Table
      label={t('people.title')}
      heads={[
        { text: t('people.name') },
        { text: t('people.login') },
        { text: t('people.role') },
        { text: t('people.state') },
        { text: t('people.factor') },
        { text: t('people.seen') },
        { text: t('people.more'), isHidden: true },
      ]}
    >
      {people.map((person) => (
        <tr key={person.id} data-testid={`person-${person.login}`}>
          <td>
            <Said text={person.name} />
            {person.account_of && (
              <Pill tone="quiet">
                {t('people.account_of', { company: person.account_of.name })}
              </Pill>
            )}
          </td>
          <td translate="no">{person.login}</td>
          <td>{nameOf(person.role)}</td>
          <td>
            <PersonState person={person} />
          </td>
          <td>{person.has_second_factor ? t('people.yes') : t('people.no')}</td>
          <td className={viewCss.when}>
            {person.last_seen_at && dateTime(person.last_seen_at, language)}
          </td>
          <td>
            <Link
              to="/people"
              search={{ open: person.id }}
              className={viewCss.link}
              aria-label={t('people.open', { name: person.name })}
              data-testid={`open-${person.login}`}
            >
              {t('people.more')}
            </Link>
          </td>
        </tr>
      ))}
    </Table>
  );
}

export function PersonState({ person }: { person: Account }) {
  const { t } = useTranslation('account');
  if (!person.is_active) return <Pill tone="quiet">{t('people.inactive')}</Pill>;
  if (person.locked_until !== null) return <Pill tone="warn">{t('people.locked')}</Pill>;
  if (person.must_change_password) return <Pill tone="accent">{t('people.one_time')}</Pill>;
  return <Pill tone="good">{t('people.active')}</Pill>;
}
