import { IconCloudOff } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useLocalNow } from '@/base/clock';
import { useLive } from '@/live/store';
import css from './Shell.module.css';

/** Below this age a loss is a blink that repairs itself before anybody could read about it. */
const kBlinkMs = 1500;

/** While the server is not heard, how old everything on screen is. */
export function ConnectionBanner() {
  const link = useLive((store) => store.link);
  return link.state === 'lost' ? (
    <Age heardAt={link.heardAt} />
  ) : (
    <output data-testid="link-live" />
  );
}

function Age(props: { heardAt: number }) {
  const { t } = useTranslation('app');
  const age = useLocalNow() - props.heardAt;
  if (age < kBlinkMs) return null;
  return (
    <div className={css.banner} role="status" data-testid="connection-banner">
      <IconCloudOff size={18} aria-hidden="true" />
      <span>
        <span className="figures">{t('link.age', { count: Math.round(age / 1000) })}</span>{' '}
        {t('link.lost')}
      </span>
    </div>
  );
}
