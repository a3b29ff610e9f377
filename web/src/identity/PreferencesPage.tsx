import { SegmentedControl, Switch } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Language } from '@/base/format';
import { type ThemeChoice, usePreferences } from '@/base/preferences';
import { Facts, Page, Panel, viewCss } from '@/base/view/parts';
import css from './identity.module.css';
import { useSignedIn } from './session';

export function PreferencesPage() {
  const { t } = useTranslation('identity');
  const { user, company } = useSignedIn();
  const { language, theme, sound, change } = usePreferences();
  return (
    <Page title={t('preferences.title')} hint={t('preferences.hint')}>
      <Panel>
        <div className={css.settings}>
          <Facts
            rows={[
              [t('preferences.name'), user.name],
              [t('preferences.login'), user.login],
              [t('preferences.role'), t(`role.${user.role}`, { defaultValue: user.role })],
              [t('preferences.company'), company.name],
            ]}
          />
          <fieldset className={css.setting}>
            <legend>{t('preferences.language')}</legend>
            <SegmentedControl
              value={language}
              onChange={(value) => change({ language: value as Language })}
              data={[
                { value: 'es', label: 'Español' },
                { value: 'en', label: <span data-testid="choose-english">English</span> },
              ]}
              data-testid="preferences-language"
            />
          </fieldset>
          <fieldset className={css.setting}>
            <legend>{t('preferences.theme')}</legend>
            <SegmentedControl
              value={theme}
              onChange={(value) => change({ theme: value as ThemeChoice })}
              data={[
                { value: 'auto', label: t('preferences.theme_auto') },
                { value: 'light', label: t('preferences.theme_light') },
                { value: 'dark', label: t('preferences.theme_dark') },
              ]}
              data-testid="preferences-theme"
            />
          </fieldset>
          <fieldset className={css.setting}>
            <legend>{t('preferences.sound')}</legend>
            <Switch
              checked={sound}
              onChange={(event) => change({ sound: event.currentTarget.checked })}
              label={t('preferences.sound_label')}
            />
          </fieldset>
          <p className={viewCss.muted}>{t('preferences.where')}</p>
        </div>
      </Panel>
    </Page>
  );
}
