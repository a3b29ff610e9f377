import { NativeSelect, SegmentedControl } from '@mantine/core';
import { skipToken, useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Language } from '@/base/format';
import { useLanguage } from '@/base/preferences';
import { Loading, Page, Panel, Trouble } from '@/base/view/parts';
import { FlowPrompts } from '@/prompts/FlowPrompts';
import { FlowDrawing } from './FlowDrawing';
import css from './flow.module.css';
import { flowsQuery, flowVersionQuery } from './queries';

const route = getRouteApi('/flows/$flowId');

export function FlowPage() {
  const { t } = useTranslation('flow');
  const { flowId } = route.useParams();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const pageLanguage = useLanguage();
  const [spoken, setSpoken] = useState<Language>(pageLanguage);
  const flows = useQuery(flowsQuery);
  const flow = flows.data?.find((each) => each.id === flowId);
  const newest = flow?.versions.map((each) => each.version).sort((a, b) => b - a)[0];
  const wanted = search.version ?? flow?.published_version ?? newest;
  const options = wanted ? flowVersionQuery(flowId, wanted) : undefined;
  const version = useQuery({
    queryKey: options?.queryKey ?? ['flows', flowId, 0],
    queryFn: options?.queryFn ?? skipToken,
  });
  const error = flows.error ?? version.error;
  return (
    <Page
      title={version.data?.name ?? flow?.name ?? t('page.title')}
      hint={t('page.hint')}
      actions={
        <>
          {flow && wanted && (
            <NativeSelect
              label={t('page.version')}
              value={String(wanted)}
              onChange={(event) =>
                void navigate({ search: { version: Number(event.currentTarget.value) } })
              }
              data={flow.versions.map((each) => ({
                value: String(each.version),
                label:
                  each.version === flow.published_version
                    ? t('page.published', { version: each.version })
                    : String(each.version),
              }))}
            />
          )}
          <SegmentedControl
            aria-label={t('page.spoken')}
            value={spoken}
            onChange={(value) => setSpoken(value as Language)}
            data={[
              { value: 'es', label: 'Español' },
              { value: 'en', label: 'English' },
            ]}
          />
        </>
      }
    >
      {error && <Trouble error={error} onRetry={() => void version.refetch()} />}
      {version.data && version.data.problems.length > 0 && (
        <ul className={css.problems} aria-label={t('page.problems')}>
          {version.data.problems.map((problem) => (
            <li key={problem.code + problem.node} data-severity={problem.severity}>
              {problem.node && (
                <strong translate="no">{problem.node.replaceAll('_', ' ')}: </strong>
              )}
              {problem.message}
            </li>
          ))}
        </ul>
      )}
      <Panel>
        {version.data ? (
          <FlowDrawing version={version.data} language={spoken} />
        ) : (
          !error && <Loading rows={8} />
        )}
      </Panel>
      {version.data && <FlowPrompts version={version.data} language={spoken} />}
    </Page>
  );
}
