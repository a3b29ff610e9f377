import { Button, Modal, Textarea } from '@mantine/core';
import { IconEye } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, type ReactNode, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, ask, type RevealField } from '@/api/client';
import { useNow } from '@/base/clock';
import { until } from '@/base/format';
import { Span, Trouble } from '@/base/view/parts';
import { useAccess } from '@/identity/session';
import { refreshDesk } from '@/live/store';
import css from './crm.module.css';
import { kLeastReason, staleByReveal } from './masking';

interface Revealed {
  field: string;
  until: string;
}

/** Fetches anew what a reveal, or its end, shows otherwise. */
function useRefresh(customerId: string): () => void {
  const queries = useQueryClient();
  return () => {
    for (const queryKey of staleByReveal(customerId)) void queries.invalidateQueries({ queryKey });
    void refreshDesk();
  };
}

/** A value that may be masked: as the server gave it, with a way to see it for some minutes. */
export function Masked(props: {
  customerId: string;
  field: RevealField;
  /** What the button and the dialog call it. */
  name: string;
  isMasked: boolean;
  revealed: readonly Revealed[] | undefined;
  children: ReactNode;
}) {
  const { t } = useTranslation('crm');
  const { may } = useAccess();
  const [isAsking, setIsAsking] = useState(false);
  const mayReveal = may(props.field === 'balance' ? 'reveal_financial' : 'reveal');
  const shownUntil = props.revealed?.find((each) => each.field === props.field)?.until;
  if (shownUntil !== undefined) {
    return (
      <ForAWhile customerId={props.customerId} until={shownUntil} name={props.name}>
        {props.children}
      </ForAWhile>
    );
  }
  return (
    <span className={css.masked}>
      <span>{props.children}</span>
      {props.isMasked && mayReveal && (
        <Button
          size="compact-xs"
          variant="default"
          leftSection={<IconEye size={13} aria-hidden="true" />}
          aria-label={t('reveal.show_of', { name: props.name })}
          onClick={() => setIsAsking(true)}
          data-testid={`reveal-${props.field}`}
        >
          {t('reveal.show')}
        </Button>
      )}
      {isAsking && (
        <RevealModal
          customerId={props.customerId}
          field={props.field}
          name={props.name}
          onClose={() => setIsAsking(false)}
        />
      )}
    </span>
  );
}

/** What is shown until an instant, and hides by itself then, also when the server cannot be asked. */
function ForAWhile(props: {
  customerId: string;
  until: string;
  name: string;
  children: ReactNode;
}) {
  const { t } = useTranslation('crm');
  const left = until(props.until, useNow());
  const isOver = left === 0;
  const refresh = useRefresh(props.customerId);
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, at its end
  useEffect(() => {
    if (isOver) refresh();
  }, [isOver]);
  if (isOver) return <span>{t('reveal.hidden')}</span>;
  return (
    <span className={css.masked} data-testid="revealed">
      <span>{props.children}</span>
      <span className={css.left} title={t('reveal.left_of', { name: props.name })}>
        {t('reveal.left')} <Span milliseconds={left} />
      </span>
    </span>
  );
}

function RevealModal(props: {
  customerId: string;
  field: RevealField;
  name: string;
  onClose: () => void;
}) {
  const { t } = useTranslation(['crm', 'app']);
  const [reason, setReason] = useState('');
  const refresh = useRefresh(props.customerId);
  const reveal = useMutation({
    mutationFn: () =>
      ask(
        api.POST('/api/v1/customers/{customer_id}/reveal', {
          params: { path: { customer_id: props.customerId } },
          body: { fields: [props.field], reason: reason.trim() },
        }),
      ),
    onSuccess: () => {
      refresh();
      props.onClose();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (reason.trim().length >= kLeastReason) reveal.mutate();
  };
  return (
    <Modal
      opened
      onClose={props.onClose}
      title={t('reveal.title', { name: props.name })}
      closeButtonProps={{ 'aria-label': t('reveal.cancel') }}
    >
      <form onSubmit={submit} className={css.form}>
        <Textarea
          label={t('reveal.reason')}
          description={t('reveal.reason_hint', { count: kLeastReason })}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
          maxLength={300}
          minRows={2}
          autosize
          data-autofocus
          data-testid="reveal-reason"
        />
        {reveal.error && <Trouble error={reveal.error} testId="reveal-trouble" />}
        <div className={css.buttons}>
          <Button
            type="submit"
            disabled={reason.trim().length < kLeastReason}
            loading={reveal.isPending}
            data-testid="reveal-confirm"
          >
            {t('reveal.show')}
          </Button>
          <Button variant="default" onClick={props.onClose}>
            {t('reveal.cancel')}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
