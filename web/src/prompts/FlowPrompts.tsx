import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import type { FlowVersion } from '@/api/client';
import type { Language } from '@/base/format';
import { Panel, Said, viewCss } from '@/base/view/parts';
import { useAccess } from '@/identity/session';
import { filesOf } from './files';
import css from './prompts.module.css';
import { audioOf, promptsQuery } from './queries';
import { Wave } from './Wave';

/** What callers of this flow hear that somebody recorded, to be listened to. */
export function FlowPrompts({ version, language }: { version: FlowVersion; language: Language }) {
  const { t } = useTranslation('prompts');
  const { may } = useAccess();
  const prompts = useQuery({ ...promptsQuery, enabled: may('read_flows') });
  const files = filesOf(version.document, language);
  const heard = (prompts.data ?? []).filter(
    (each) => each.language === language && files.includes(each.file),
  );
  if (heard.length === 0) return null;
  return (
    <div className={css.below}>
      <Panel title={t('flow.title')} testId="flow-prompts">
        <p className={viewCss.muted}>{t('flow.hint')}</p>
        <div className={css.musics}>
          {heard.map((each) => (
            <div key={each.sha256}>
              <p className={css.name}>
                <Said text={each.title} />
              </p>
              <Wave source={audioOf(each)} name={each.title} durationMs={each.duration_ms} />
            </div>
          ))}
        </div>
      </Panel>
    </div>
  );
}
