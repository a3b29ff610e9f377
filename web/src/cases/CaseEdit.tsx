import { Button, NativeSelect, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError, api, ask, type CasePatch, type CaseRow } from '@/api/client';
import { tell } from '@/base/view/notify';
import { Panel, Trouble } from '@/base/view/parts';
import css from './cases.module.css';
import { useOwners } from './owners';

/** Closing has its own button: it asks how the matter ended. */
const kEditable = ['open', 'in_progress', 'waiting_customer', 'resolved'] as const;
type EditableStatus = (typeof kEditable)[number];

interface Fields {
  status: EditableStatus;
  next_step: string;
  owner: string;
  due: string;
}

const fieldsOf = (row: CaseRow): Fields => ({
  status: row.status === 'closed' ? 'resolved' : row.status,
  next_step: row.next_step ?? '',
  owner: row.owner?.id ?? '',
  due: row.due ?? '',
});

/** Only what was changed is sent, so an untouched field cannot undo somebody else's work. */
export function changesOf(before: Fields, after: Fields): CasePatch {
  return {
    ...(after.status !== before.status && { status: after.status }),
    ...(after.next_step.trim() !== before.next_step && {
      next_step: after.next_step.trim() || null,
    }),
    ...(after.owner !== before.owner && { owner: after.owner || null }),
    ...(after.due !== before.due && { due: after.due || null }),
  };
}

/** Next step, owner and date of a case. Refuses to overwrite a change made since it was read. */
export function CaseEdit({ row, etag }: { row: CaseRow; etag: string }) {
  const { t } = useTranslation('cases');
  const queries = useQueryClient();
  const before = fieldsOf(row);
  const [fields, setFields] = useState(before);
  const owners = useOwners(row.owner);
  const changes = changesOf(before, fields);
  const isChanged = Object.keys(changes).length > 0;
  const save = useMutation({
    mutationFn: () =>
      ask(
        api.PATCH('/api/v1/cases/{case_id}', {
          params: { path: { case_id: row.id }, header: { 'If-Match': etag } },
          body: changes,
        }),
      ),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['case', row.id] });
      void queries.invalidateQueries({ queryKey: ['cases'] });
      tell(t('edit.saved'));
    },
  });
  const isStale = save.error instanceof ApiError && save.error.code === 'version_conflict';
  function submit(event: FormEvent) {
    event.preventDefault();
    if (isChanged) save.mutate();
  }
  const set = (part: Partial<Fields>) => setFields({ ...fields, ...part });
  return (
    <Panel title={t('edit.title')} testId="case-edit">
      <form onSubmit={submit} className={css.form}>
        <TextInput
          className={css.formWide}
          label={t('field.next_step')}
          maxLength={500}
          value={fields.next_step}
          onChange={(event) => set({ next_step: event.currentTarget.value })}
          data-testid="case-next-step"
        />
        <NativeSelect
          label={t('field.owner')}
          value={fields.owner}
          onChange={(event) => set({ owner: event.currentTarget.value })}
          data={[
            { value: '', label: t('page.no_owner') },
            ...owners.map((owner) => ({ value: owner.id, label: owner.name })),
          ]}
          data-testid="case-owner"
        />
        <TextInput
          type="date"
          label={t('field.due')}
          value={fields.due}
          onChange={(event) => set({ due: event.currentTarget.value })}
          data-testid="case-due"
        />
        <NativeSelect
          label={t('field.status')}
          value={fields.status}
          onChange={(event) => set({ status: event.currentTarget.value as Fields['status'] })}
          data={kEditable.map((value) => ({
            value,
            label: t(`status.${value}`),
          }))}
        />
        {save.error && (
          <div className={css.formWide}>
            <Trouble
              error={save.error}
              onRetry={
                isStale
                  ? () => void queries.invalidateQueries({ queryKey: ['case', row.id] })
                  : undefined
              }
            />
          </div>
        )}
        <div className={`${css.row} ${css.formWide}`}>
          <Button
            type="submit"
            disabled={!isChanged}
            loading={save.isPending}
            data-testid="case-save"
          >
            {t('edit.save')}
          </Button>
        </div>
      </form>
    </Panel>
  );
}
