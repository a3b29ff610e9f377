import { Button, Modal, Textarea } from '@mantine/core';
import { IconFolderCheck } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, ask, type CaseRow } from '@/api/client';
import { tell } from '@/base/view/notify';
import { Trouble } from '@/base/view/parts';
import css from './cases.module.css';

export function CloseCase({ row }: { row: CaseRow }) {
  const { t } = useTranslation('cases');
  const queries = useQueryClient();
  const [isOpen, setOpen] = useState(false);
  const [outcome, setOutcome] = useState('');
  const close = useMutation({
    mutationFn: () =>
      ask(
        api.POST('/api/v1/cases/{case_id}/close', {
          params: { path: { case_id: row.id } },
          body: { outcome: outcome.trim() },
        }),
      ),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['case', row.id] });
      void queries.invalidateQueries({ queryKey: ['cases'] });
      setOpen(false);
      tell(t('close.done'));
    },
  });
  return (
    <>
      <Button
        variant="default"
        leftSection={<IconFolderCheck size={17} aria-hidden="true" />}
        onClick={() => setOpen(true)}
        data-testid="case-close"
      >
        {t('close.open')}
      </Button>
      <Modal
        opened={isOpen}
        onClose={() => setOpen(false)}
        title={t('close.title')}
        closeButtonProps={{ 'aria-label': t('close.cancel') }}
      >
        <p>{t('close.text')}</p>
        <Textarea
          label={t('close.outcome')}
          autosize
          minRows={2}
          maxLength={500}
          value={outcome}
          onChange={(event) => setOutcome(event.currentTarget.value)}
          mb="md"
          data-autofocus
          data-testid="close-outcome"
        />
        {close.error && <Trouble error={close.error} />}
        <div className={css.row}>
          <Button
            disabled={outcome.trim() === ''}
            onClick={() => close.mutate()}
            loading={close.isPending}
            data-testid="close-confirm"
          >
            {t('close.confirm')}
          </Button>
          <Button variant="default" onClick={() => setOpen(false)}>
            {t('close.cancel')}
          </Button>
        </div>
      </Modal>
    </>
  );
}
