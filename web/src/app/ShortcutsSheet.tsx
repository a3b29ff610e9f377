import { Kbd, Modal } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Permission } from '@/api/client';
import { useAccess } from '@/identity/session';
import css from './Shell.module.css';

const kKeys = [
  ['F2', 'answer'],
  ['F4', 'hang_up'],
  ['F8', 'hold'],
  ['F9', 'pause'],
  ['F10', 'transfer'],
  ['F1', 'sheet'],
  ['?', 'sheet_too'],
  ['g d', 'desk'],
  ['g p', 'floor'],
  ['g c', 'cases'],
  ['g l', 'customers'],
  ['g r', 'recordings'],
  ['g f', 'flows'],
  ['g v', 'prompts'],
  ['g a', 'audit'],
  ['g u', 'people'],
  ['g e', 'companies'],
  ['g b', 'approvals'],
  ['g t', 'alerts'],
] as const;

/** Keys of what not everybody can do; a sheet that promises them to others would be wrong. */
const kOfAgents = new Set<string>(['answer', 'hang_up', 'hold', 'pause', 'transfer', 'desk']);
const kNeeds: Record<string, Permission> = {
  floor: 'watch_floor',
  cases: 'read_customers',
  customers: 'read_customers',
  recordings: 'listen_to_own',
  flows: 'read_flows',
  prompts: 'read_flows',
  people: 'manage_users',
  audit: 'read_audit',
  alerts: 'handle_alerts',
};

export function ShortcutsSheet(props: { isOpen: boolean; onClose: () => void }) {
  const { isAgent, may } = useAccess();
  const shown = kKeys.filter(([, name]) => {
    const needed = kNeeds[name];
    return (isAgent || !kOfAgents.has(name)) && (needed === undefined || may(needed));
  });
  const { t } = useTranslation('app');
  return (
    <Modal
      opened={props.isOpen}
      onClose={props.onClose}
      title={t('shortcuts.title')}
      closeButtonProps={{ 'aria-label': t('action.close') }}
      data-testid="shortcuts"
    >
      <dl className={css.keys}>
        {shown.map(([key, name]) => (
          <Row key={key} keys={key.split(' ')} name={t(`shortcuts.${name}`)} />
        ))}
      </dl>
    </Modal>
  );
}

function Row(props: { keys: string[]; name: string }) {
  return (
    <>
      <dt>
        {props.keys.map((key) => (
          <Kbd key={key} mr={4}>
            {key}
          </Kbd>
        ))}
      </dt>
      <dd>{props.name}</dd>
    </>
  );
}
