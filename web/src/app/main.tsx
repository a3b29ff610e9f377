import '@mantine/core/styles.css';
import '@mantine/notifications/styles.css';
import './theme.css';
import './global.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { startTexts } from '@/base/i18n';
import { usePreferences } from '@/base/preferences';
import { Root } from './Root';

const place = document.getElementById('root');
if (place) {
  await startTexts(usePreferences.getState().language);
  createRoot(place).render(
    <StrictMode>
      <Root />
    </StrictMode>,
  );
}
