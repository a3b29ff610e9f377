import { Button, Modal, NativeSelect, Switch, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, ask, type Line } from '@/api/client';
import { tell } from '@/base/view/notify';
import { Trouble } from '@/base/view/parts';
import css from './company.module.css';
import { flowsQuery, linesQuery } from './queries';

export function LineEdit({ line, onClose }: { line: Line; onClose: () => void }) {
  const { t } = useTranslation('company');
  const queries = useQueryClient();
  const flows = useQuery(flowsQuery);
  const [name, setName] = useState(line.name);
  const [language, setLanguage] = useState(line.language);
  const [flow, setFlow] = useState(line.flow.id);
  const [isRecorded, setRecorded] = useState(line.is_recorded);
  const save = useMutation({
    mutationFn: () =>
      ask(
        api.PATCH('/api/v1/lines/{line_id}', {
          params: { path: { line_id: line.id } },
          body: { name: name.trim(), language, flow_id: flow, is_recorded: isRecorded },
        }),
      ),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: linesQuery.queryKey });
      tell(t('saved'));
      onClose();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  const published = (flows.data ?? []).filter((each) => each.published_version !== null);
  return (
    <Modal
      opened
      onClose={onClose}
      title={t('edit_title', { dialled: line.dialled })}
      closeButtonProps={{ 'aria-label': t('cancel') }}
    >
      <form onSubmit={submit} className={css.form}>
        <TextInput
          label={t('name')}
          required
          withAsterisk={false}
          maxLength={80}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          data-autofocus
          data-testid="line-name"
        />
        <NativeSelect
          label={t('flow')}
          description={t('flow_hint')}
          value={flow}
          onChange={(event) => setFlow(event.currentTarget.value)}
          data={published.map((each) => ({ value: each.id, label: each.name }))}
        />
        <NativeSelect
          label={t('language')}
          value={language}
          onChange={(event) => setLanguage(event.currentTarget.value as Line['language'])}
          data={[
            { value: 'es', label: t('language_name.es') },
            { value: 'en', label: t('language_name.en') },
          ]}
        />
        <Switch
          label={t('recorded_long')}
          checked={isRecorded}
          onChange={(event) => setRecorded(event.currentTarget.checked)}
        />
        {save.error && <Trouble error={save.error} />}
        <div className={css.row}>
          <Button type="submit" loading={save.isPending} data-testid="line-save">
            {t('save')}
          </Button>
          <Button variant="default" onClick={onClose}>
            {t('cancel')}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
