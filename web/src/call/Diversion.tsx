import { useTranslation } from 'react-i18next';
import type { ContactLive } from '@/api/client';
import { phone } from '@/base/format';
import css from './call.module.css';

/** The number the caller had dialled first, and why the call came here. */
export function DiversionLine({ contact }: { contact: ContactLive }) {
  const { t } = useTranslation('call');
  const { diversion } = contact;
  if (diversion === null) return null;
  const from = diversion.from
    ? t('diversion.from', { number: phone(diversion.from) })
    : t('diversion.private');
  const why = diversion.reason === 'unknown' ? '' : t(`diversion.reason.${diversion.reason}`);
  const times = diversion.count > 1 ? t('diversion.times', { count: diversion.count }) : '';
  const more = [why, times].filter(Boolean).join(', ');
  return (
    <p className={css.sub} data-testid="call-diversion">
      {more ? `${from} (${more})` : from}
    </p>
  );
}
