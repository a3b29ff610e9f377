import { Button } from '@mantine/core';
import { IconBuildingStore, IconPhone } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { CompanyOfSession, Line } from '@/api/client';
import { complain } from '@/base/view/notify';
import { Empty, Loading, Page, Panel, Pill, Said, Table, Trouble } from '@/base/view/parts';
import { useRoleName } from '@/identity/roles';
import { enterCompany, useAccess } from '@/identity/session';
import css from './company.module.css';
import { LineEdit } from './LineEdit';
import { companiesQuery, linesQuery } from './queries';

export function CompaniesPage() {
  const { t } = useTranslation('company');
  const { may } = useAccess();
  return (
    <Page title={t('title')} hint={t('hint')}>
      <div className={css.panels}>
        <Companies />
        {(may('manage_directory') || may('read_flows')) && <Lines />}
      </div>
    </Page>
  );
}

function Companies() {
  const { t } = useTranslation('company');
  const companies = useQuery(companiesQuery);
  return (
    <Panel title={t('companies')} testId="companies">
      {companies.error && (
        <Trouble error={companies.error} onRetry={() => void companies.refetch()} />
      )}
      {companies.isPending && <Loading rows={2} />}
      {companies.data && (
        <Table
          label={t('companies')}
          heads={[
            { text: t('name') },
            { text: t('role') },
            { text: t('waiting') },
            { text: t('talking') },
            { text: t('ready') },
            { text: t('enter'), isHidden: true },
          ]}
        >
          {companies.data.map((company) => (
            <CompanyRow key={company.id} company={company} />
          ))}
        </Table>
      )}
    </Panel>
  );
}

function CompanyRow({ company }: { company: CompanyOfSession }) {
  const { t } = useTranslation('company');
  const nameOf = useRoleName();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const enter = useMutation({
    mutationFn: () => enterCompany(queries, company.id),
    onSuccess: () => navigate({ to: '/' }),
    onError: complain,
  });
  const figure = (name: 'waiting' | 'talking' | 'ready') =>
    company.live ? company.live[name] : '–';
  return (
    <tr data-testid={`company-${company.key}`}>
      <td>
        <Said text={company.name} />
      </td>
      <td>{nameOf(company.role)}</td>
      <td>{figure('waiting')}</td>
      <td>{figure('talking')}</td>
      <td>{figure('ready')}</td>
      <td>
        {company.is_current ? (
          <Pill tone="good">{t('here')}</Pill>
        ) : (
          <Button
            size="compact-sm"
            variant="default"
            loading={enter.isPending}
            onClick={() => enter.mutate()}
            aria-label={t('enter_named', { name: company.name })}
            data-testid={`enter-${company.key}`}
          >
            {t('enter')}
          </Button>
        )}
      </td>
    </tr>
  );
}

function Lines() {
  const { t } = useTranslation('company');
  const { may } = useAccess();
  const lines = useQuery(linesQuery);
  const [edited, setEdited] = useState<Line>();
  return (
    <Panel title={t('lines')} testId="lines">
      {lines.error && <Trouble error={lines.error} onRetry={() => void lines.refetch()} />}
      {lines.isPending && <Loading rows={2} />}
      {lines.data?.length === 0 && (
        <Empty icon={<IconPhone size={26} />} title={t('no_lines_title')} text={t('no_lines')} />
      )}
      {lines.data && lines.data.length > 0 && (
        <Table
          label={t('lines')}
          heads={[
            { text: t('dialled') },
            { text: t('name') },
            { text: t('flow') },
            { text: t('language') },
            { text: t('recorded') },
            { text: t('edit'), isHidden: true },
          ]}
        >
          {lines.data.map((line) => (
            <tr key={line.id} data-testid={`line-${line.dialled}`}>
              <td translate="no">{line.dialled}</td>
              <td>
                <Said text={line.name} />
              </td>
              <td>
                <Said text={line.flow.name} />
              </td>
              <td>{t(`language_name.${line.language}`)}</td>
              <td>{line.is_recorded ? t('yes') : t('no')}</td>
              <td>
                {may('manage_directory') && (
                  <Button
                    size="compact-sm"
                    variant="default"
                    onClick={() => setEdited(line)}
                    aria-label={t('edit_named', { name: line.name })}
                    data-testid={`edit-line-${line.dialled}`}
                  >
                    {t('edit')}
                  </Button>
                )}
              </td>
            </tr>
          ))}
        </Table>
      )}
      {edited && <LineEdit line={edited} onClose={() => setEdited(undefined)} />}
    </Panel>
  );
}

/** Whose callers these are; only for who works for several. */
export function CompanyBadge({ name }: { name: string }) {
  const { t } = useTranslation('company');
  return (
    <Pill tone="accent" testId="company-badge">
      <IconBuildingStore size={14} aria-hidden="true" />
      <span className="visually-hidden">{t('badge')} </span>
      <Said text={name} />
    </Pill>
  );
}
