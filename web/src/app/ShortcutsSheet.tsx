import { Kbd, Modal } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useRole } from '@/identity/session';
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
  ['g u', 'people'],
] as const;

/** Keys of what not everybody can do; a sheet that promises them to others would be wrong. */
const kOfAgents = new Set<string>(['answer', 'hang_up', 'hold', 'pause', 'transfer', 'desk']);
const kOfSupervisors = new Set<string>(['floor', 'flows', 'prompts']);
const kOfAdministrators = new Set<string>(['people']);

export function ShortcutsSheet(props: { isOpen: boolean; onClose: () => void }) {
  const { isAgent, isSupervisor, isAdministrator } = useRole();
  const shown = kKeys.filter(
    ([, name]) =>
      (isAgent || !kOfAgents.has(name)) &&
      (isSupervisor || !kOfSupervisors.has(name)) &&
      (isAdministrator || !kOfAdministrators.has(name)),
  );
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
