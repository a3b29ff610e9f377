import { Button, Checkbox, Modal, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type ApiKey, api, ask, type KeyPermission } from '@/api/client';
import { dateTime } from '@/base/format';
import { useLanguage } from '@/base/preferences';
import { tell } from '@/base/view/notify';
import { Loading, Panel, Pill, Said, Table, Trouble, viewCss } from '@/base/view/parts';
import css from './identity.module.css';
import { Sure, Told } from './Modals';
import { keysQuery } from './queries';

type Doing = { kind: 'nothing' } | { kind: 'new' } | { kind: 'revoke'; key: ApiKey };

export function KeysPanel() {
  const { t } = useTranslation('account');
  const queries = useQueryClient();
  const keys = useQuery(keysQuery);
  const [doing, setDoing] = useState<Doing>({ kind: 'nothing' });
  const stop = () => setDoing({ kind: 'nothing' });
  return (
    <Panel
      title={t('keys.title')}
      testId="keys"
      aside={
        <Button
          size="xs"
          variant="default"
          onClick={() => setDoing({ kind: 'new' })}
          data-testid="key-new"
        >
          {t('keys.new')}
        </Button>
      }
    >
      <p className={viewCss.muted}>{t('keys.hint')}</p>
      {keys.error && <Trouble error={keys.error} onRetry={() => void keys.refetch()} />}
      {keys.isPending && <Loading rows={2} />}
      {keys.data?.items.length === 0 && <p>{t('keys.none')}</p>}
      {keys.data && keys.data.items.length > 0 && (
        <Rows keys={keys.data.items} onRevoke={(key) => setDoing({ kind: 'revoke', key })} />
      )}
      {doing.kind === 'new' && keys.data && (
        <NewKey offered={keys.data.permissions} onClose={stop} />
      )}
      {doing.kind === 'revoke' && (
        <Sure
          title={t('keys.revoke_title', { name: doing.key.name })}
          text={t('keys.revoke_text')}
          action={t('keys.revoke')}
          run={async () => {
            const params = { path: { api_key_id: doing.key.id } };
            await ask(api.DELETE('/api/v1/api-keys/{api_key_id}', { params }));
            await queries.invalidateQueries({ queryKey: keysQuery.queryKey });
            tell(t('keys.revoked'));
          }}
          onDone={stop}
          onClose={stop}
        />
      )}
    </Panel>
  );
}

function Rows(props: { keys: readonly ApiKey[]; onRevoke: (key: ApiKey) => void }) {
  const { t } = useTranslation('account');
  const language = useLanguage();
  return (
    <Table
      label={t('keys.title')}
      heads={[
        { text: t('keys.name') },
        { text: t('keys.permissions') },
        { text: t('keys.by') },
        { text: t('keys.used') },
        { text: t('keys.expires') },
        { text: t('keys.revoke'), isHidden: true },
      ]}
    >
      {props.keys.map((key) => (
        <tr key={key.id} data-testid="key">
          <td>
            <Said text={key.name} />
          </td>
          <td>{key.permissions.map((each) => t(`permission.${each}`)).join(', ')}</td>
          <td translate="no">{key.created_by ?? 'escuchactl'}</td>
          <td className={viewCss.when}>
            {key.last_used_at ? dateTime(key.last_used_at, language) : t('keys.never')}
          </td>
          <td className={viewCss.when}>
            {dateTime(key.expires_at, language)}{' '}
            {!key.is_good && <Pill tone="quiet">{t('keys.ended')}</Pill>}
          </td>
          <td>
            <Button
              size="xs"
              variant="default"
              aria-label={t('keys.revoke_of', { name: key.name })}
              onClick={() => props.onRevoke(key)}
              data-testid="key-revoke"
            >
              {t('keys.revoke')}
            </Button>
          </td>
        </tr>
      ))}
    </Table>
  );
}

const kDay = 24 * 3600e3;
const dayFromNow = (days: number) => new Date(Date.now() + days * kDay).toISOString().slice(0, 10);

function NewKey(props: { offered: readonly KeyPermission[]; onClose: () => void }) {
  const { t } = useTranslation('account');
  const queries = useQueryClient();
  const [name, setName] = useState('');
  const [chosen, setChosen] = useState<string[]>([]);
  const [lastDay, setLastDay] = useState(() => dayFromNow(90));
  const make = useMutation({
    mutationFn: () =>
      ask(
        api.POST('/api/v1/api-keys', {
          body: {
            name: name.trim(),
            permissions: props.offered.filter((each) => chosen.includes(each)),
            // The whole of that day, as the browser's clock has it.
            expires_at: new Date(`${lastDay}T23:59:59`).toISOString(),
          },
        }),
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: keysQuery.queryKey }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    make.mutate();
  };
  if (make.data) {
    return (
      <Told
        title={t('keys.told_title')}
        text={t('keys.told')}
        secret={make.data.key}
        close={t('keys.told_close')}
        onClose={props.onClose}
      />
    );
  }
  return (
    <Modal
      opened
      onClose={props.onClose}
      title={t('keys.new')}
      closeButtonProps={{ 'aria-label': t('keys.cancel') }}
    >
      <form onSubmit={submit} className={css.form}>
        <TextInput
          label={t('keys.name')}
          maxLength={100}
          required
          withAsterisk={false}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          data-autofocus
          data-testid="key-name"
        />
        <Checkbox.Group label={t('keys.permissions')} value={chosen} onChange={setChosen}>
          <div className={css.choices}>
            {props.offered.map((each) => (
              <Checkbox
                key={each}
                value={each}
                label={t(`permission.${each}`)}
                data-testid={`key-may-${each}`}
              />
            ))}
          </div>
        </Checkbox.Group>
        <TextInput
          type="date"
          label={t('keys.expires')}
          min={dayFromNow(1)}
          max={dayFromNow(364)}
          required
          withAsterisk={false}
          value={lastDay}
          onChange={(event) => setLastDay(event.currentTarget.value)}
        />
        {make.error && <Trouble error={make.error} testId="key-trouble" />}
        <div className={css.row}>
          <Button
            type="submit"
            disabled={chosen.length === 0}
            loading={make.isPending}
            data-testid="key-create"
          >
            {t('keys.create')}
          </Button>
          <Button variant="default" onClick={props.onClose}>
            {t('keys.cancel')}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
