import { Button, Checkbox, Modal, Textarea } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, ask, type ExportFilter, type ExportWhat } from '@/api/client';
import { tell } from '@/base/view/notify';
import { Loading, Pill, Trouble, viewCss } from '@/base/view/parts';
import { useAccess } from '@/identity/session';
import css from './exports.module.css';
import { exportColumnsQuery } from './queries';

/** Asks for a list, or for a recording, as a file. Nothing for whoever may not ask. */
export function ExportButton(props: { what: ExportWhat; filter: ExportFilter }) {
  const { t } = useTranslation('exports');
  const { may } = useAccess();
  const [isOpen, setOpen] = useState(false);
  if (!may('ask_export')) return null;
  return (
    <>
      <Button
        variant="default"
        leftSection={<IconDownload size={16} aria-hidden="true" />}
        onClick={() => setOpen(true)}
        data-testid="export"
      >
        {t('ask.open')}
      </Button>
      {isOpen && <AskModal {...props} onClose={() => setOpen(false)} />}
    </>
  );
}

const kLeastReason = 10;
const kMostReason = 500;

function AskModal(props: { what: ExportWhat; filter: ExportFilter; onClose: () => void }) {
  const { t } = useTranslation('exports');
  const queries = useQueryClient();
  const isSound = props.what === 'recording' || props.what === 'contact_recordings';
  const columns = useQuery({ ...exportColumnsQuery(props.what), enabled: !isSound });
  const [left, setLeft] = useState<readonly string[]>([]);
  const [reason, setReason] = useState('');
  const chosen = (columns.data ?? []).map((one) => one.key).filter((key) => !left.includes(key));
  const send = useMutation({
    mutationFn: () =>
      ask(
        api.POST('/api/v1/exports', {
          body: { what: props.what, filter: props.filter, columns: chosen, reason: reason.trim() },
        }),
      ),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['exports'] });
      tell(t('ask.asked'));
      props.onClose();
    },
  });
  const isShort = reason.trim().length < kLeastReason;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!isShort) send.mutate();
  };
  return (
    <Modal
      opened
      onClose={props.onClose}
      title={t(`ask.title.${props.what}`)}
      closeButtonProps={{ 'aria-label': t('ask.cancel') }}
    >
      <form className={css.form} onSubmit={submit}>
        <p>{t('ask.text')}</p>
        <p className={viewCss.muted}>
          {Object.keys(props.filter).length > 0 ? t('ask.filtered') : t('ask.whole')}
        </p>
        {columns.isPending && !isSound && <Loading rows={2} />}
        {columns.error && <Trouble error={columns.error} onRetry={() => void columns.refetch()} />}
        {columns.data && (
          <fieldset className={css.columns}>
            <legend>{t('ask.columns')}</legend>
            {columns.data.map((column) => (
              <div key={column.key} className={css.column}>
                <Checkbox
                  label={column.label}
                  checked={!left.includes(column.key)}
                  onChange={(event) =>
                    setLeft(
                      event.currentTarget.checked
                        ? left.filter((key) => key !== column.key)
                        : [...left, column.key],
                    )
                  }
                />
                {column.sensitivity !== 'internal' && (
                  <Pill tone="warn">{t(`sensitivity.${column.sensitivity}`)}</Pill>
                )}
              </div>
            ))}
          </fieldset>
        )}
        <Textarea
          label={t('ask.reason')}
          description={t('ask.reason_hint')}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
          required
          autosize
          minRows={2}
          maxLength={kMostReason}
          data-autofocus
          data-testid="export-reason"
        />
        {send.error && <Trouble error={send.error} testId="export-trouble" />}
        <div className={css.row}>
          <Button
            type="submit"
            loading={send.isPending}
            disabled={isShort || (!isSound && chosen.length === 0)}
            data-testid="export-send"
          >
            {t('ask.send')}
          </Button>
          <Button variant="default" onClick={props.onClose}>
            {t('ask.cancel')}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
