import { IconRoute } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { dateTime } from '@/base/format';
import { useLanguage } from '@/base/preferences';
import { Empty, Loading, Page, Panel, Pill, Table, Trouble, viewCss } from '@/base/view/parts';
import { flowsQuery } from './queries';

export function FlowsPage() {
  const { t } = useTranslation('flow');
  const language = useLanguage();
  const flows = useQuery(flowsQuery);
  return (
    <Page title={t('list.title')} hint={t('list.hint')}>
      <Panel>
        {flows.error && <Trouble error={flows.error} onRetry={() => void flows.refetch()} />}
        {flows.isPending && <Loading />}
        {flows.data?.length === 0 && (
          <Empty icon={<IconRoute size={26} />} title={t('list.none')} text={t('list.none_text')} />
        )}
        {flows.data && flows.data.length > 0 && (
          <Table
            label={t('list.title')}
            heads={[
              { text: t('list.name') },
              { text: t('list.published') },
              { text: t('list.versions') },
              { text: t('list.changed') },
            ]}
          >
            {flows.data.map((flow) => {
              const newest = flow.versions
                .map((each) => each.created_at)
                .sort()
                .at(-1);
              return (
                <tr key={flow.id}>
                  <td>
                    <Link
                      to="/flows/$flowId"
                      params={{ flowId: flow.id }}
                      className={viewCss.link}
                      data-testid="flow-link"
                    >
                      {flow.name}
                    </Link>
                  </td>
                  <td>
                    {flow.published_version === null ? (
                      <Pill tone="warn">{t('list.unpublished')}</Pill>
                    ) : (
                      <Pill tone="good">
                        {t('list.version', { version: flow.published_version })}
                      </Pill>
                    )}
                  </td>
                  <td>{flow.versions.length}</td>
                  <td>{newest ? dateTime(newest, language) : ''}</td>
                </tr>
              );
            })}
          </Table>
        )}
      </Panel>
    </Page>
  );
}
