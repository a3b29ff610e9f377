import { IconPhoneIncoming } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { ContactLive, Floor } from '@/api/client';
import { useNow } from '@/base/clock';
import { phone, since } from '@/base/format';
import { Empty, Panel, Pill, Reference, Since, Table, viewCss } from '@/base/view/parts';
import css from './acd.module.css';
import { kContactTone, waitTone } from './states';

const kOrder: ContactLive['state'][] = [
  'waiting',
  'offered',
  'talking',
  'held',
  'menu',
  'voicemail',
  'ended',
];

/** Everybody on the line now; those who wait first, in their order. */
export function CallersTable({ floor }: { floor: Floor }) {
  const { t } = useTranslation('acd');
  const shown = [...floor.contacts].sort(
    (a, b) =>
      kOrder.indexOf(a.state) - kOrder.indexOf(b.state) ||
      (a.position ?? 0) - (b.position ?? 0) ||
      a.arrived_at.localeCompare(b.arrived_at),
  );
  return (
    <Panel title={t('callers.title', { count: shown.length })}>
      {shown.length === 0 ? (
        <Empty
          icon={<IconPhoneIncoming size={26} />}
          title={t('callers.none')}
          text={t('callers.none_text')}
        />
      ) : (
        <Table
          label={t('callers.caption')}
          heads={[
            { text: t('callers.place'), isNumber: true },
            { text: t('callers.who') },
            { text: t('callers.where') },
            { text: t('callers.time'), isNumber: true },
          ]}
        >
          {shown.map((contact) => (
            <Row key={contact.id} contact={contact} floor={floor} />
          ))}
        </Table>
      )}
    </Panel>
  );
}

function Row({ contact, floor }: { contact: ContactLive; floor: Floor }) {
  const { t } = useTranslation('acd');
  const now = useNow();
  const queue = floor.queues.find((each) => each.id === contact.queue_id);
  const agent = floor.agents.find((each) => each.id === contact.agent_id);
  const isWaiting = contact.state === 'waiting' || contact.state === 'offered';
  const tone = isWaiting ? waitTone(since(contact.arrived_at, now)) : 'quiet';
  const where = [queue?.name ?? contact.line_name, agent?.name].filter(Boolean).join(' · ');
  return (
    <tr data-testid={`floor-contact-${contact.id}`} data-state={contact.state}>
      <td className={viewCss.number} data-testid={`place-${contact.id}`}>
        {contact.position ?? ''}
      </td>
      <td>
        <span className={css.who}>
          {contact.customer?.name ??
            (contact.caller ? phone(contact.caller) : t('caller.withheld'))}
        </span>
        <span className={css.sub}>
          {contact.customer && contact.caller ? phone(contact.caller) : ''}
          {contact.customer && contact.caller && contact.case && ' · '}
          {contact.case && <Reference digits={contact.case.reference} />}
        </span>
      </td>
      <td>
        <Pill tone={kContactTone[contact.state]}>{t(`contact_state.${contact.state}`)}</Pill>
        <span className={css.sub}>{where}</span>
      </td>
      <td className={viewCss.number} data-testid={`time-${contact.id}`}>
        <span className={tone === 'bad' ? css.overdue : undefined}>
          <Since instant={isWaiting ? contact.arrived_at : contact.since} />
        </span>
      </td>
    </tr>
  );
}
