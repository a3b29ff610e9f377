import { IconHeadset } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { CaseDetail, ContactLive, Desk } from '@/api/client';
import { Empty, Loading, Page, Panel, Pill, Trouble } from '@/base/view/parts';
import { NoteEditor } from '@/cases/NoteEditor';
import { CaseList } from '@/cases/OpenCases';
import { Timeline } from '@/cases/Timeline';
import { useNote } from '@/cases/use-note';
import { AccountsPanel } from '@/crm/AccountsPanel';
import { CallerCustomer } from '@/crm/CallerCustomer';
import { useAccess, useSignedIn } from '@/identity/session';
import { refreshDesk, useLive } from '@/live/store';
import { CallBar } from './CallBar';
import { ConsultationCard } from './ConsultationCard';
import { ContextPanel } from './ContextPanel';
import css from './call.module.css';
import { IdleDesk } from './IdleDesk';
import { OfferCard } from './OfferCard';
import { partOf } from './part';
import { CaseSwitch, ThisCase } from './ThisCase';
import { VerifyPanel } from './VerifyPanel';
import { WrapUpForm } from './WrapUpForm';

export function DeskPage() {
  const { t } = useTranslation('call');
  const { isAgent } = useAccess();
  const desk = useLive((store) => store.desk);
  const error = useLive((store) => store.deskError);
  if (!isAgent) {
    return (
      <Page title={t('desk.title')}>
        <Panel>
          <Empty
            icon={<IconHeadset size={26} />}
            title={t('desk.no_agent')}
            text={t('desk.no_agent_text')}
          />
        </Panel>
      </Page>
    );
  }
  if (!desk) {
    return (
      <Page title={t('desk.title')}>
        <Panel>
          {error ? (
            <Trouble error={error} onRetry={() => void refreshDesk()} />
          ) : (
            <Loading rows={6} />
          )}
        </Panel>
      </Page>
    );
  }
  return (
    <>
      <h1 className="visually-hidden">{t('desk.title')}</h1>
      {desk.contact ? (
        <Conversation key={desk.contact.id} desk={desk} contact={desk.contact} />
      ) : (
        <IdleDesk desk={desk} />
      )}
    </>
  );
}

function Conversation({ desk, contact }: { desk: Desk; contact: ContactLive }) {
  const { t } = useTranslation('call');
  const isOffered = desk.agent.state === 'offered';
  // Of a contact that is not theirs yet they read everything and change nothing.
  const part = partOf(desk, contact);
  const isReader = isOffered || part !== null;
  return (
    <div className={css.desk} data-testid="desk" data-contact={contact.id}>
      <div className={css.wide}>
        {isOffered ? (
          <OfferCard desk={desk} contact={contact} />
        ) : part !== null ? (
          <ConsultationCard desk={desk} contact={contact} part={part} />
        ) : (
          <CallBar desk={desk} contact={contact} />
        )}
      </div>
      <div className={css.column}>
        <CallerCustomer contact={contact} customer={desk.customer} canLink={!isReader} />
        {desk.customer && !isReader && (
          <VerifyPanel contactId={contact.id} customerId={desk.customer.id} />
        )}
        <ContextPanel contact={contact} />
        {desk.customer && <AccountsPanel customerId={desk.customer.id} />}
      </div>
      <div className={css.column}>
        {desk.case ? (
          isReader ? (
            <ThisCase detail={desk.case} />
          ) : (
            <Work desk={desk} contact={contact} detail={desk.case} />
          )
        ) : (
          <Panel title={t('case.title')}>
            <p className={css.sub}>{t('case.opening')}</p>
          </Panel>
        )}
      </div>
      <div className={`${css.column} ${css.last}`}>
        <CaseList
          title={
            desk.open_cases.length > 0
              ? t('case.open_cases', { count: desk.open_cases.length })
              : t('case.open_cases_none')
          }
          cases={desk.open_cases}
          emptyText={t('case.no_open_cases')}
          action={(row) =>
            row.id === desk.case?.case.id ? (
              <Pill tone="accent" dot={false}>
                {t('case.this')}
              </Pill>
            ) : (
              !isReader && <CaseSwitch contactId={contact.id} row={row} />
            )
          }
        />
        {desk.customer ? (
          <Timeline of="customer" id={desk.customer.id} />
        ) : (
          desk.case && <Timeline of="case" id={desk.case.case.id} />
        )}
      </div>
    </div>
  );
}

function Work(props: { desk: Desk; contact: ContactLive; detail: CaseDetail }) {
  const { desk, contact, detail } = props;
  const { user } = useSignedIn();
  const stored = detail.notes.findLast(
    (note) => note.contact_id === contact.id && note.author?.id === user.agent_id,
  );
  const note = useNote({ contactId: contact.id, caseId: detail.case.id, stored });
  return (
    <>
      <ThisCase detail={detail} />
      <NoteEditor note={note} />
      <WrapUpForm desk={desk} contact={contact} row={detail.case} note={note} />
    </>
  );
}
