import { Button, Modal, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, ask, type QueueLive } from '@/api/client';
import { Trouble } from '@/base/view/parts';
import css from './acd.module.css';

/** Says what stopping does before it is done, and wants to know why. */
export function StopQueue({ queue, onClose }: { queue: QueueLive; onClose: () => void }) {
  const { t } = useTranslation('acd');
  const [reason, setReason] = useState('');
  const stop = useMutation({
    mutationFn: () =>
      ask(
        api.POST('/api/v1/queues/{queue_id}/stop', {
          params: { path: { queue_id: queue.id } },
          body: { reason: reason.trim() },
        }),
      ),
    onSuccess: onClose,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    stop.mutate();
  };
  return (
    <Modal
      opened
      onClose={onClose}
      title={t('queue.stop_title', { name: queue.name })}
      closeButtonProps={{ 'aria-label': t('queue.stop_cancel') }}
    >
      <form onSubmit={submit} className={css.stopForm}>
        <p>{t('queue.stop_text')}</p>
        <TextInput
          label={t('queue.stop_reason')}
          required
          withAsterisk={false}
          minLength={3}
          maxLength={200}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
          data-autofocus
          data-testid="stop-reason"
        />
        {stop.error && <Trouble error={stop.error} />}
        <div className={css.stopping}>
          <Button type="submit" color="red" loading={stop.isPending} data-testid="stop-confirm">
            {t('queue.stop')}
          </Button>
          <Button variant="default" onClick={onClose}>
            {t('queue.stop_cancel')}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
