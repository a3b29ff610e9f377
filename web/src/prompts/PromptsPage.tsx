import { Button, NativeSelect } from '@mantine/core';
import { IconMessage2Share, IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Prompt } from '@/api/client';
import { dateTime } from '@/base/format';
import { useLanguage } from '@/base/preferences';
import {
  Empty,
  Loading,
  Page,
  Panel,
  Pill,
  Said,
  Span,
  Table,
  Trouble,
  viewCss,
} from '@/base/view/parts';
import { SearchBox } from '@/base/view/SearchBox';
import { useAccess } from '@/identity/session';
import { PromptDetail } from './PromptDetail';
import css from './prompts.module.css';
import { QueueMusic } from './QueueMusic';
import { keyOf, promptsQuery } from './queries';
import { SoundForm } from './SoundForm';
import { chosenOf, type Shelf } from './shelf';

const route = getRouteApi('/prompts');

export function PromptsPage() {
  const { t } = useTranslation('prompts');
  const { may } = useAccess();
  if (may('read_flows')) return <Library />;
  return (
    <Page title={t('list.title')}>
      <Panel>
        <Empty
          icon={<IconMessage2Share size={26} />}
          title={t('list.forbidden_title')}
          text={t('list.forbidden')}
        />
      </Panel>
    </Page>
  );
}

function Library() {
  const { t } = useTranslation('prompts');
  const { may } = useAccess();
  const isWriter = may('write_flows');
  const { open } = route.useSearch();
  const navigate = route.useNavigate();
  const [shelf, setShelf] = useState<Shelf>('');
  const [text, setText] = useState('');
  const [form, setForm] = useState<{ replaced?: Prompt; language?: Prompt['language'] }>();
  const prompts = useQuery(promptsQuery);
  const all = prompts.data ?? [];
  const rows = chosenOf(all, shelf, text);
  const opened = all.find((each) => keyOf(each) === open);
  const begin = (language?: Prompt['language']) => setForm(language ? { language } : {});
  const newButton = (
    <Button
      leftSection={<IconPlus size={17} aria-hidden="true" />}
      onClick={() => begin(shelf === '' ? undefined : shelf)}
      data-testid="prompt-new"
    >
      {t('list.new')}
    </Button>
  );
  return (
    <Page
      title={t('list.title')}
      hint={t('list.hint')}
      actions={
        <>
          <SearchBox text={text} onSearch={setText} label={t('list.search')} />
          <NativeSelect
            label={t('list.language')}
            value={shelf}
            onChange={(event) => setShelf(event.currentTarget.value as Shelf)}
            data={[
              { value: '', label: t('list.all') },
              ...(['es', 'en', 'none'] as const).map((each) => ({
                value: each,
                label: t(`language.${each}`),
              })),
            ]}
            data-testid="prompt-shelf"
          />
          {isWriter && newButton}
        </>
      }
    >
      {opened && (
        <PromptDetail
          key={keyOf(opened)}
          prompt={opened}
          onClose={() => void navigate({ search: {} })}
          onReplace={() => setForm({ replaced: opened })}
        />
      )}
      <Panel>
        {prompts.error && <Trouble error={prompts.error} onRetry={() => void prompts.refetch()} />}
        {prompts.isPending && <Loading rows={6} />}
        {prompts.data && all.length === 0 && (
          <Empty
            icon={<IconMessage2Share size={26} />}
            title={t('list.none')}
            text={t('list.none_text')}
          />
        )}
        {all.length > 0 && rows.length === 0 && (
          <Empty
            icon={<IconMessage2Share size={26} />}
            title={t('list.nothing')}
            text={t('list.nothing_text')}
          />
        )}
        {rows.length > 0 && <Rows rows={rows} open={open} />}
      </Panel>
      <div className={css.below}>
        <QueueMusic music={all.filter((each) => each.language === 'none')} />
      </div>
      {isWriter && (
        <div className={css.actions}>
          <Button variant="default" onClick={() => begin('none')}>
            {t('list.new_music')}
          </Button>
        </div>
      )}
      {form && (
        <SoundForm
          {...form}
          known={all}
          onClose={() => setForm(undefined)}
          onSaved={(prompt) => {
            setForm(undefined);
            void navigate({ search: { open: keyOf(prompt) } });
          }}
        />
      )}
    </Page>
  );
}

function Rows({ rows, open }: { rows: readonly Prompt[]; open: string | undefined }) {
  const { t } = useTranslation('prompts');
  const language = useLanguage();
  return (
    <Table
      label={t('list.title')}
      heads={[
        { text: t('field.title') },
        { text: t('field.language') },
        { text: t('field.duration'), isNumber: true },
        { text: t('field.source') },
        { text: t('field.used') },
        { text: t('field.saved') },
      ]}
    >
      {rows.map((row) => (
        <tr
          key={keyOf(row)}
          className={keyOf(row) === open ? css.open : ''}
          data-testid="prompt-row"
        >
          <td>
            <Link
              to="/prompts"
              search={{ open: keyOf(row) }}
              className={viewCss.link}
              aria-label={t('detail.open', { name: row.title })}
              translate="no"
              data-testid={`prompt-${row.language}-${row.name}`}
            >
              {row.title}
            </Link>
            <div className={css.name} translate="no">
              {row.name}
            </div>
          </td>
          <td>
            <Pill tone={row.language === 'none' ? 'accent' : 'quiet'} dot={false}>
              {t(`language.${row.language}`)}
            </Pill>
          </td>
          <td className={viewCss.number}>
            <Span milliseconds={row.duration_ms} />
          </td>
          <td>{t(`source.${row.source}`)}</td>
          <td>
            <Said text={row.used_by.map((use) => use.name).join(', ')} />
          </td>
          <td className={viewCss.when}>{dateTime(row.saved_at, language)}</td>
        </tr>
      ))}
    </Table>
  );
}
