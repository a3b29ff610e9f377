import { Button, NativeSelect, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError, api, ask, type CaseRow, type Named } from '@/api/client';
import { day } from '@/base/format';
import { useLanguage } from '@/base/preferences';
import { tell } from '@/base/view/notify';
import { Panel, Trouble } from '@/base/view/parts';
import {
  changesOf,
  contested,
  type Fields,
  fieldsOf,
  kEditable,
  kFieldNames,
  rebased,
} from './case-fields';
import css from './cases.module.css';
import { useOwners } from './owners';

/** Next step, owner and date of a case. A change that somebody else saved meanwhile is neither
 * overwritten unseen nor does it take away what is being typed. */
export function CaseEdit({ row, etag }: { row: CaseRow; etag: string }) {
  const { t } = useTranslation('cases');
  const queries = useQueryClient();
  const { fields, changes, clashes, set } = useFields(row);
  const owners = useOwners(row.owner);
  const isChanged = Object.keys(changes).length > 0;
  const read = () => queries.invalidateQueries({ queryKey: ['case', row.id] });
  const save = useMutation({
    mutationFn: () =>
      ask(
        api.PATCH('/api/v1/cases/{case_id}', {
          params: { path: { case_id: row.id }, header: { 'If-Match': etag } },
          body: changes,
        }),
      ),
    onSuccess: async () => {
      await read();
      void queries.invalidateQueries({ queryKey: ['cases'] });
      tell(t('edit.saved'));
    },
    onError: (error) => {
      if (isStale(error)) void read();
    },
  });
  function submit(event: FormEvent) {
    event.preventDefault();
    if (isChanged) save.mutate();
  }
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
        {save.error && !isStale(save.error) && (
          <div className={css.formWide}>
            <Trouble error={save.error} />
          </div>
        )}
        {clashes.length > 0 && <Clash clashes={clashes} theirs={fieldsOf(row)} owners={owners} />}
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

const isStale = (error: unknown) => error instanceof ApiError && error.code === 'version_conflict';

/** The fields as typed, on top of the case as it is now. */
function useFields(row: CaseRow) {
  const [typed, setTyped] = useState<Partial<Fields>>({});
  const [before, setBefore] = useState(fieldsOf(row));
  const now = fieldsOf(row);
  const mine = { ...before, ...typed };
  const fields = rebased(before, mine, now);
  const changes = changesOf(now, fields);
  // Once nothing differs any more, the case as it is now is where the next edit starts.
  const isSettled = Object.keys(changes).length === 0;
  useEffect(() => {
    if (!isSettled) return;
    setTyped({});
    setBefore(fieldsOf(row));
  }, [isSettled, row]);
  return {
    fields,
    changes,
    clashes: contested(before, mine, now),
    set: (part: Partial<Fields>) => setTyped({ ...typed, ...part }),
  };
}

/** What somebody else saved in the fields that are being edited here. */
function Clash(props: { clashes: (keyof Fields)[]; theirs: Fields; owners: readonly Named[] }) {
  const { t } = useTranslation('cases');
  const language = useLanguage();
  const { clashes, theirs, owners } = props;
  const words: Record<keyof Fields, string> = {
    next_step: theirs.next_step || t('page.no_next_step'),
    owner: owners.find((each) => each.id === theirs.owner)?.name ?? t('page.no_owner'),
    due: theirs.due ? day(theirs.due, language) : t('page.no_due'),
    status: t(`status.${theirs.status}`),
  };
  return (
    <div className={`${css.conflict} ${css.formWide}`} role="alert" data-testid="case-stale">
      <p>{t('edit.clash')}</p>
      <ul>
        {kFieldNames
          .filter((name) => clashes.includes(name))
          .map((name) => (
            <li key={name}>
              {t(`field.${name}`)}: <strong>{words[name]}</strong>
            </li>
          ))}
      </ul>
      <p>{t('edit.clash_advice')}</p>
    </div>
  );
}
