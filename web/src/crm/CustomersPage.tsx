import { IconUsers } from '@tabler/icons-react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { phone } from '@/base/format';
import {
  Empty,
  Loading,
  More,
  Page,
  Panel,
  TableScroll,
  Trouble,
  viewCss,
} from '@/base/view/parts';
import { SearchBox } from '@/base/view/SearchBox';
import { customersQuery } from './queries';

const route = getRouteApi('/customers');

export function CustomersPage() {
  const { t } = useTranslation(['crm', 'call']);
  const { text = '' } = route.useSearch();
  const navigate = route.useNavigate();
  const list = useInfiniteQuery(customersQuery(text));
  const rows = list.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Page
      title={t('list.title')}
      hint={t('list.hint')}
      actions={
        <SearchBox
          label={t('list.search')}
          text={text}
          onSearch={(wanted) =>
            void navigate({ search: wanted ? { text: wanted } : {}, replace: true })
          }
        />
      }
    >
      <Panel>
        {list.error && <Trouble error={list.error} onRetry={() => void list.refetch()} />}
        {list.isPending && <Loading rows={8} />}
        {list.data && rows.length === 0 && (
          <Empty
            icon={<IconUsers size={26} />}
            title={t('list.none')}
            text={text ? t('list.none_filtered') : t('list.none_text')}
          />
        )}
        {rows.length > 0 && (
          <TableScroll label={t('list.title')}>
            <table className={viewCss.table}>
              <caption className="visually-hidden">{t('list.title')}</caption>
              <thead>
                <tr>
                  <th scope="col">{t('field.name')}</th>
                  <th scope="col">{t('field.numbers')}</th>
                  <th scope="col">{t('field.document')}</th>
                  <th scope="col">{t('field.language')}</th>
                </tr>
              </thead>
              <tbody>
                {rows.map((row) => (
                  <tr key={row.id}>
                    <td>
                      <Link
                        to="/customers/$customerId"
                        params={{ customerId: row.id }}
                        className={viewCss.link}
                      >
                        {row.name}
                      </Link>
                    </td>
                    <td>{row.numbers.map((each) => phone(each.number)).join(', ')}</td>
                    <td>{row.document ?? ''}</td>
                    <td>
                      {row.language &&
                        t(`call:language.${row.language}`, { defaultValue: row.language })}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </TableScroll>
        )}
        <More
          has={list.hasNextPage}
          isLoading={list.isFetchingNextPage}
          onMore={() => void list.fetchNextPage()}
        />
      </Panel>
    </Page>
  );
}
