import { useTranslation } from 'react-i18next';
import type { Alert } from '@/api/client';

/** A window as people say it. */
export function windowKey(seconds: number): 'burst' | 'hour' | 'day' | 'week' {
  if (seconds <= 600) return 'burst';
  if (seconds <= 3600) return 'hour';
  return seconds <= 86_400 ? 'day' : 'week';
}

/** What happened, in one sentence with its figures. */
export function useEvidence(): (alert: Alert) => string {
  const { t } = useTranslation('guard');
  return (alert) => {
    const figures = {
      count: alert.count,
      allowed: alert.allowed,
      handled: alert.handled,
      window: t(`window.${windowKey(alert.window_s)}`),
      other: alert.other?.name ?? t('somebody'),
      number: alert.number ?? t('withheld'),
    };
    if (alert.signal === 'canary_contacted') return t(`how.${alert.how ?? 'dialled'}`, figures);
    return t(`evidence.${alert.signal}`, figures);
  };
}
