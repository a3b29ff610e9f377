import { IconUsers } from '@tabler/icons-react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { Empty, Page, Paged, Table, viewCss } from '@/base/view/parts';
import { SearchBox } from '@/base/view/SearchBox';
import { ExportButton } from '@/exports/ExportButton';
import { Numbers } from './CustomerFacts';
import { customersQuery } from './queries';

const route = getRouteApi('/customers');

export function CustomersPage() {
  const { t } = useTranslation(['crm', 'call']);
  const { text = '' } = route.useSearch();
  const navigate = route.useNavigate();
  const list = useInfiniteQuery(customersQuery(text));
  return (
    <Page
      title={t('list.title')}
      hint={t('list.hint')}
      actions={
        <>
          <SearchBox
            label={t('list.search')}
            text={text}
            onSearch={(wanted) =>
              void navigate({ search: wanted ? { text: wanted } : {}, replace: true })
            }
          />
          <ExportButton what="customers" filter={text ? { text } : {}} />
        </>
      }
    >
      <Paged
        list={list}
        empty={
          <Empty
            icon={<IconUsers size={26} />}
            title={t('list.none')}
            text={text ? t('list.none_filtered') : t('list.none_text')}
          />
        }
      >
        {(rows) => (
          <Table
            label={t('list.title')}
            heads={[
              { text: t('field.name') },
              { text: t('field.numbers') },
              { text: t('field.document') },
              { text: t('field.language') },
            ]}
          >
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
                <td>
                  <Numbers customer={row} />
                </td>
                <td>{row.document ?? ''}</td>
                <td>
                  {row.language &&
                    t(`call:language.${row.language}`, { defaultValue: row.language })}
                </td>
              </tr>
            ))}
          </Table>
        )}
      </Paged>
    </Page>
  );
}
