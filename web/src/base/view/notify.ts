import { notifications } from '@mantine/notifications';
import i18next from 'i18next';
import { problemText } from './problem';

/** Says why a command was refused and what to do; nothing fails in silence. */
export function complain(error: unknown): void {
  notifications.show({
    color: 'red',
    title: i18next.t('problem.title', { ns: 'app' }),
    message: problemText(error, i18next.getFixedT(null, 'app')),
    autoClose: 8000,
    withBorder: true,
    closeButtonProps: { 'aria-label': i18next.t('action.close', { ns: 'app' }) },
  });
}

export function tell(message: string): void {
  notifications.show({
    message,
    autoClose: 4000,
    withBorder: true,
    closeButtonProps: { 'aria-label': i18next.t('action.close', { ns: 'app' }) },
  });
}
