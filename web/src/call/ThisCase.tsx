import { Button } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { labelOf, useTopics } from '@/acd/settings';
import { api, ask, type CaseDetail, type CaseRow } from '@/api/client';
import { complain } from '@/base/view/notify';
import { Facts, Panel, Reference, Said, viewCss } from '@/base/view/parts';
import { CaseStatusPill, DueDate } from '@/cases/OpenCases';
import { refreshDesk } from '@/live/store';

/** The case of this contact: its reference is what the caller heard. */
export function ThisCase({ detail }: { detail: CaseDetail }) {
  const { t } = useTranslation(['call', 'cases']);
  const topics = useTopics();
  const row = detail.case;
  return (
    <Panel
      title={t('case.title')}
      aside={<CaseStatusPill status={row.status} />}
      testId="desk-case"
    >
      <Facts
        rows={[
          [
            t('cases:field.reference'),
            <Link
              key="reference"
              to="/cases/$caseId"
              params={{ caseId: row.id }}
              className={viewCss.link}
            >
              <Reference digits={row.reference} />
            </Link>,
          ],
          [t('cases:field.subject'), <Said key="subject" text={row.subject} />],
          [t('cases:field.topic'), labelOf(topics.data, row.topic)],
          ...(row.next_step ? [[t('cases:field.next_step'), row.next_step] as const] : []),
          ...(row.due ? [[t('cases:field.due'), <DueDate key="due" row={row} />] as const] : []),
        ]}
      />
    </Panel>
  );
}

/** Hangs the present call on another open case of the customer. */
export function CaseSwitch({ contactId, row }: { contactId: string; row: CaseRow }) {
  const { t } = useTranslation('call');
  const link = useMutation({
    mutationFn: () =>
      ask(
        api.PUT('/api/v1/contacts/{contact_id}/case', {
          params: { path: { contact_id: contactId } },
          body: { case_id: row.id },
        }),
      ),
    onError: complain,
    onSettled: () => refreshDesk(),
  });
  return (
    <Button
      size="compact-xs"
      variant="default"
      onClick={() => link.mutate()}
      loading={link.isPending}
    >
      {t('case.switch')}
      <span className="visually-hidden">{t('case.switch_to', { reference: row.reference })}</span>
    </Button>
  );
}
