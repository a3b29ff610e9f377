import { TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, ask } from '@/api/client';
import { complain } from '@/base/view/notify';
import css from './cases.module.css';
import { isReference } from './queries';

/** A reference opens its case from anywhere; words search the list. */
export function ReferenceSearch() {
  const { t } = useTranslation('cases');
  const navigate = useNavigate();
  const [text, setText] = useState('');
  async function submit(event: FormEvent) {
    event.preventDefault();
    const wanted = text.trim();
    if (wanted === '') return;
    if (!isReference(wanted)) return void navigate({ to: '/cases', search: { text: wanted } });
    try {
      const path = { reference: wanted.replace(/\D/g, '') };
      const found = await ask(
        api.GET('/api/v1/cases/by-reference/{reference}', { params: { path } }),
      );
      setText('');
      void navigate({ to: '/cases/$caseId', params: { caseId: found.case.id } });
    } catch (error) {
      complain(error);
    }
  }
  return (
    <search className={css.search}>
      <form onSubmit={submit}>
        <TextInput
          size="sm"
          aria-label={t('search.label')}
          placeholder={t('search.placeholder')}
          leftSection={<IconSearch size={16} aria-hidden="true" />}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          data-testid="reference-search"
        />
      </form>
    </search>
  );
}
