import { Button, Modal } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Trouble } from '@/base/view/parts';
import css from './identity.module.css';

/** A secret that is on screen once and nowhere after. Closes by its button only: a click beside it would
 * lose what nobody has written down yet. */
export function Told(props: {
  title: string;
  text: string;
  secret: string;
  close: string;
  onClose: () => void;
}) {
  return (
    <Modal
      opened
      onClose={props.onClose}
      title={props.title}
      withCloseButton={false}
      closeOnClickOutside={false}
      closeOnEscape={false}
    >
      <div className={css.form}>
        <p>{props.text}</p>
        <code className={css.told} translate="no" data-testid="told">
          {props.secret}
        </code>
        <div className={css.row}>
          <Button onClick={props.onClose} data-autofocus data-testid="told-close">
            {props.close}
          </Button>
        </div>
      </div>
    </Modal>
  );
}

/** Asks before something that cannot be taken back, and stays while it is being done. */
export function Sure<Result>(props: {
  title: string;
  text: string;
  action: string;
  run: () => Promise<Result>;
  onDone: (result: Result) => void;
  onClose: () => void;
}) {
  const { t } = useTranslation('account');
  const act = useMutation({ mutationFn: props.run, onSuccess: props.onDone });
  return (
    <Modal
      opened
      onClose={props.onClose}
      title={props.title}
      closeButtonProps={{ 'aria-label': t('people.cancel') }}
    >
      <div className={css.form}>
        <p>{props.text}</p>
        {act.error && <Trouble error={act.error} testId="sure-trouble" />}
        <div className={css.row}>
          <Button
            color="red"
            loading={act.isPending}
            onClick={() => act.mutate()}
            data-testid="sure"
          >
            {props.action}
          </Button>
          <Button variant="default" onClick={props.onClose} data-autofocus>
            {t('people.cancel')}
          </Button>
        </div>
      </div>
    </Modal>
  );
}
