import { Button, Checkbox, Modal, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, ask, type Permission, type RoleDetail } from '@/api/client';
import { tell } from '@/base/view/notify';
import { Loading, Panel, Pill, Said, Table, Trouble, viewCss } from '@/base/view/parts';
import css from './identity.module.css';
import { Sure } from './Modals';
import { rolesQuery } from './queries';
import { roleKey, useRoleName } from './roles';
import { useAccess } from './session';

type Doing =
  | { kind: 'nothing' }
  | { kind: 'edit'; role: RoleDetail | null }
  | { kind: 'remove'; role: RoleDetail };

/** What each role may; the company adds its own beside those that every company has. */
export function RolesPanel() {
  const { t } = useTranslation('account');
  const queries = useQueryClient();
  const nameOf = useRoleName();
  const roles = useQuery(rolesQuery);
  const [doing, setDoing] = useState<Doing>({ kind: 'nothing' });
  const stop = () => setDoing({ kind: 'nothing' });
  return (
    <Panel
      title={t('roles.title')}
      testId="roles"
      aside={
        <Button
          size="xs"
          variant="default"
          onClick={() => setDoing({ kind: 'edit', role: null })}
          data-testid="role-new"
        >
          {t('roles.new')}
        </Button>
      }
    >
      <p className={viewCss.muted}>{t('roles.hint')}</p>
      {roles.error && <Trouble error={roles.error} onRetry={() => void roles.refetch()} />}
      {roles.isPending && <Loading rows={4} />}
      {roles.data && (
        <Rows
          roles={roles.data}
          onEdit={(role) => setDoing({ kind: 'edit', role })}
          onRemove={(role) => setDoing({ kind: 'remove', role })}
        />
      )}
      {doing.kind === 'edit' && roles.data && (
        <EditRole role={doing.role} taken={roles.data.map((each) => each.key)} onClose={stop} />
      )}
      {doing.kind === 'remove' && (
        <Sure
          title={t('roles.remove_title', { name: nameOf(doing.role.key) })}
          text={t('roles.remove_text')}
          action={t('roles.remove')}
          run={async () => {
            const params = { path: { role_key: doing.role.key } };
            await ask(api.DELETE('/api/v1/roles/{role_key}', { params }));
            await queries.invalidateQueries({ queryKey: rolesQuery.queryKey });
            tell(t('roles.removed'));
          }}
          onDone={stop}
          onClose={stop}
        />
      )}
    </Panel>
  );
}

function Rows(props: {
  roles: readonly RoleDetail[];
  onEdit: (role: RoleDetail) => void;
  onRemove: (role: RoleDetail) => void;
}) {
  const { t } = useTranslation('account');
  const nameOf = useRoleName();
  return (
    <Table
      label={t('roles.title')}
      heads={[
        { text: t('roles.name') },
        { text: t('roles.permissions') },
        { text: t('roles.edit'), isHidden: true },
      ]}
    >
      {props.roles.map((role) => (
        <tr key={role.key} data-testid={`role-${role.key}`}>
          <td>
            <Said text={nameOf(role.key)} />{' '}
            {!role.is_built_in && <Pill tone="quiet">{t('roles.own')}</Pill>}
          </td>
          <td>{role.permissions.map((each) => t(`permission.${each}`)).join(', ')}</td>
          <td>
            {!role.is_built_in && (
              <div className={css.row}>
                <Button
                  size="xs"
                  variant="default"
                  aria-label={t('roles.edit_of', { name: nameOf(role.key) })}
                  onClick={() => props.onEdit(role)}
                  data-testid="role-edit"
                >
                  {t('roles.edit')}
                </Button>
                <Button
                  size="xs"
                  variant="default"
                  aria-label={t('roles.remove_of', { name: nameOf(role.key) })}
                  onClick={() => props.onRemove(role)}
                  data-testid="role-remove"
                >
                  {t('roles.remove')}
                </Button>
              </div>
            )}
          </td>
        </tr>
      ))}
    </Table>
  );
}

function EditRole(props: {
  role: RoleDetail | null;
  taken: readonly string[];
  onClose: () => void;
}) {
  const { t } = useTranslation('account');
  const queries = useQueryClient();
  const { may } = useAccess();
  const roles = useQuery(rolesQuery);
  const [nameEs, setNameEs] = useState(props.role?.name_es ?? '');
  const [nameEn, setNameEn] = useState(props.role?.name_en ?? '');
  const [chosen, setChosen] = useState<string[]>(props.role?.permissions ?? []);
  // Taking contacts is work and not power: whoever gives it need not have it.
  const everything = [...new Set((roles.data ?? []).flatMap((role) => role.permissions))];
  const offered = everything.filter((each) => each === 'take_contacts' || may(each));
  const key = props.role?.key ?? roleKey(nameEs, props.taken);
  const save = useMutation({
    mutationFn: () =>
      ask(
        api.PUT('/api/v1/roles/{role_key}', {
          params: { path: { role_key: key } },
          body: {
            name_es: nameEs.trim(),
            name_en: nameEn.trim(),
            permissions: offered.filter((each): each is Permission => chosen.includes(each)),
          },
        }),
      ),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: rolesQuery.queryKey });
      tell(t('roles.saved'));
      props.onClose();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <Modal
      opened
      onClose={props.onClose}
      title={props.role ? t('roles.edit') : t('roles.new')}
      closeButtonProps={{ 'aria-label': t('people.cancel') }}
    >
      <form onSubmit={submit} className={css.form}>
        <TextInput
          label={t('roles.name_es')}
          maxLength={80}
          required
          withAsterisk={false}
          value={nameEs}
          onChange={(event) => setNameEs(event.currentTarget.value)}
          data-autofocus
          data-testid="role-name-es"
        />
        <TextInput
          label={t('roles.name_en')}
          maxLength={80}
          required
          withAsterisk={false}
          value={nameEn}
          onChange={(event) => setNameEn(event.currentTarget.value)}
          data-testid="role-name-en"
        />
        <Checkbox.Group label={t('roles.permissions')} value={chosen} onChange={setChosen}>
          <div className={css.choices}>
            {offered.map((each) => (
              <Checkbox
                key={each}
                value={each}
                label={t(`permission.${each}`)}
                data-testid={`role-may-${each}`}
              />
            ))}
          </div>
        </Checkbox.Group>
        {save.error && <Trouble error={save.error} testId="role-trouble" />}
        <div className={css.row}>
          <Button
            type="submit"
            disabled={key === ''}
            loading={save.isPending}
            data-testid="role-save"
          >
            {t('roles.save')}
          </Button>
          <Button variant="default" onClick={props.onClose}>
            {t('people.cancel')}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
