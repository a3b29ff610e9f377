import { Button, Modal, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, ask, type Canary } from '@/api/client';
import { dateTime } from '@/base/format';
import { useLanguage } from '@/base/preferences';
import { tell } from '@/base/view/notify';
import { Loading, Panel, Said, Table, Trouble, viewCss } from '@/base/view/parts';
import { Sure } from '@/identity/Modals';
import css from './guard.module.css';
import { canariesQuery } from './queries';

/** Planted customers. Only who may plant them is shown that they exist. */
export function CanariesPanel() {
  const { t } = useTranslation('guard');
  const queries = useQueryClient();
  const canaries = useQuery(canariesQuery);
  const [isPlanting, setPlanting] = useState(false);
  const [leaving, setLeaving] = useState<Canary>();
  return (
    <Panel
      title={t('canary.title')}
      testId="canaries"
      aside={
        <Button
          size="xs"
          variant="default"
          onClick={() => setPlanting(true)}
          data-testid="canary-new"
        >
          {t('canary.plant')}
        </Button>
      }
    >
      <p className={viewCss.muted}>{t('canary.hint')}</p>
      {canaries.error && <Trouble error={canaries.error} onRetry={() => void canaries.refetch()} />}
      {canaries.isPending && <Loading rows={2} />}
      {canaries.data?.items.length === 0 && <p>{t('canary.none')}</p>}
      {canaries.data && canaries.data.items.length > 0 && (
        <Rows rows={canaries.data.items} onRemove={setLeaving} />
      )}
      {isPlanting && <Plant onClose={() => setPlanting(false)} />}
      {leaving && (
        <Sure
          title={t('canary.remove_title', { name: leaving.customer?.name ?? leaving.number })}
          text={t('canary.remove_text')}
          action={t('canary.remove')}
          run={async () => {
            const params = { path: { canary_id: leaving.id } };
            await ask(api.DELETE('/api/v1/canaries/{canary_id}', { params }));
            await queries.invalidateQueries({ queryKey: canariesQuery.queryKey });
            tell(t('canary.removed'));
          }}
          onDone={() => setLeaving(undefined)}
          onClose={() => setLeaving(undefined)}
        />
      )}
    </Panel>
  );
}

function Rows(props: { rows: readonly Canary[]; onRemove: (canary: Canary) => void }) {
  const { t } = useTranslation('guard');
  const language = useLanguage();
  return (
    <Table
      label={t('canary.title')}
      heads={[
        { text: t('canary.name') },
        { text: t('canary.number') },
        { text: t('canary.email') },
        { text: t('canary.planted') },
        { text: t('canary.contacts'), isNumber: true },
        { text: t('canary.remove'), isHidden: true },
      ]}
    >
      {props.rows.map((canary) => (
        <tr key={canary.id} data-testid="canary">
          <td>
            {canary.customer && (
              <Link
                to="/customers/$customerId"
                params={{ customerId: canary.customer.id }}
                className={viewCss.link}
              >
                {canary.customer.name}
              </Link>
            )}
          </td>
          <td>
            <span translate="no">{canary.number}</span>
            {canary.line && (
              <div className={viewCss.muted}>{t('canary.line', { line: canary.line })}</div>
            )}
          </td>
          <td>
            <Said text={canary.email ?? ''} />
          </td>
          <td className={viewCss.when}>{dateTime(canary.planted_at, language)}</td>
          <td className={viewCss.number}>{canary.contacts}</td>
          <td>
            <Button
              size="xs"
              variant="default"
              aria-label={t('canary.remove_of', { name: canary.customer?.name ?? canary.number })}
              onClick={() => props.onRemove(canary)}
            >
              {t('canary.remove')}
            </Button>
          </td>
        </tr>
      ))}
    </Table>
  );
}

const kFields = ['name', 'number', 'email', 'document', 'address'] as const;
type Field = (typeof kFields)[number];
const kLengths: Record<Field, number> = {
  name: 200,
  number: 30,
  email: 200,
  document: 40,
  address: 300,
};

function Plant({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation('guard');
  const language = useLanguage();
  const queries = useQueryClient();
  const [given, setGiven] = useState<Record<Field, string>>({
    name: '',
    number: '',
    email: '',
    document: '',
    address: '',
  });
  const plant = useMutation({
    mutationFn: () => {
      const filled = Object.fromEntries(
        kFields.map((field) => [field, given[field].trim()]).filter(([, value]) => value),
      );
      const body = { name: given.name.trim(), number: given.number.trim(), language, ...filled };
      return ask(api.POST('/api/v1/canaries', { body }));
    },
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: canariesQuery.queryKey });
      tell(t('canary.done'));
      onClose();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    plant.mutate();
  };
  return (
    <Modal
      opened
      onClose={onClose}
      title={t('canary.plant')}
      closeButtonProps={{ 'aria-label': t('close') }}
    >
      <form onSubmit={submit} className={css.form}>
        <p className={viewCss.muted}>{t('canary.real')}</p>
        {kFields.map((field) => (
          <TextInput
            key={field}
            label={t(`canary.${field}`)}
            required={field === 'name' || field === 'number'}
            withAsterisk={false}
            maxLength={kLengths[field]}
            value={given[field]}
            onChange={(event) => {
              const { value } = event.currentTarget;
              setGiven((before) => ({ ...before, [field]: value }));
            }}
            data-testid={`canary-${field}`}
          />
        ))}
        {plant.error && <Trouble error={plant.error} testId="canary-trouble" />}
        <div className={css.row}>
          <Button type="submit" loading={plant.isPending} data-testid="canary-create">
            {t('canary.create')}
          </Button>
          <Button variant="default" onClick={onClose}>
            {t('cancel')}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
