import { Button, Kbd } from '@mantine/core';
import { IconPhone, IconPhoneX } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useAgentCommand } from '@/acd/commands';
import type { ContactLive, Desk } from '@/api/client';
import { phone } from '@/base/format';
import { Reference, Said, Since, Until } from '@/base/view/parts';
import { DatumLine, givenBy } from './ContextPanel';
import css from './call.module.css';
import { DiversionLine } from './Diversion';
import { MenuPath } from './MenuPath';

/** Who is about to ring and why, shown from the offer on, before the phone rings. */
export function OfferCard({ desk, contact }: { desk: Desk; contact: ContactLive }) {
  const { t } = useTranslation('call');
  const command = useAgentCommand(desk.agent.id);
  const queue = desk.queues.find((each) => each.id === contact.queue_id);
  const name = useCallerName(contact);
  const given = givenBy(contact);
  return (
    <section className={css.offer} aria-label={t('offer.label')} data-testid="offer-card">
      <div className={css.offerTop}>
        <div className={css.offerWho}>
          <p className={css.kicker}>
            {t('offer.kicker', { queue: queue?.name ?? contact.line_name })}
          </p>
          <h2 className={css.name} data-testid="offer-caller">
            {name}
          </h2>
          <p className={css.sub}>
            {contact.customer && contact.caller ? `${phone(contact.caller)} · ` : ''}
            {t(`language.${contact.language}`, { defaultValue: contact.language })}
          </p>
          <DiversionLine contact={contact} />
        </div>
        <div className={css.offerWait}>
          <p className={css.sub}>{t('offer.waited')}</p>
          <Since instant={contact.arrived_at} className={css.bigTimer} />
        </div>
      </div>
      <div className={css.why}>
        <div>
          <p className={css.whyTitle}>{t('offer.why')}</p>
          {contact.case && (
            <p className={css.sub}>
              <strong translate="no">{contact.case.subject}</strong> ·{' '}
              <Reference digits={contact.case.reference} />
            </p>
          )}
          <MenuPath contactId={contact.id} />
          {!contact.case && given.length === 0 && <p className={css.sub}>{t('context.none')}</p>}
        </div>
        {given.length > 0 && (
          <div>
            <p className={css.whyTitle}>{t('offer.given')}</p>
            {given.slice(0, 4).map((datum) => (
              <DatumLine key={datum.name} datum={datum} />
            ))}
          </div>
        )}
        {desk.open_cases.length > 0 && (
          <div>
            <p className={css.whyTitle}>{t('offer.cases', { count: desk.open_cases.length })}</p>
            {desk.open_cases.slice(0, 3).map((row) => (
              <p key={row.id} className={css.sub}>
                <Reference digits={row.reference} /> · <Said text={row.subject} />
              </p>
            ))}
          </div>
        )}
      </div>
      <div className={css.actions}>
        <Button
          size="md"
          leftSection={<IconPhone size={18} aria-hidden="true" />}
          rightSection={<Kbd size="xs">F2</Kbd>}
          onClick={() => command.mutate({ kind: 'answer' })}
          loading={command.isPending}
          data-testid="call-answer"
        >
          {t('action.answer')}
        </Button>
        <Button
          size="md"
          variant="default"
          leftSection={<IconPhoneX size={18} aria-hidden="true" />}
          onClick={() => command.mutate({ kind: 'decline' })}
          data-testid="call-decline"
        >
          {t('action.decline')}
        </Button>
        {desk.agent.until && (
          <span className={css.sub}>
            {t('offer.rings')} <Until instant={desk.agent.until} />
          </span>
        )}
      </div>
    </section>
  );
}

export function useCallerName(contact: ContactLive): string {
  const { t } = useTranslation('call');
  return contact.customer?.name ?? (contact.caller ? phone(contact.caller) : t('withheld'));
}
