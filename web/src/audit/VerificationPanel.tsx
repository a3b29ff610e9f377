import { Button } from '@mantine/core';
import { IconShieldCheck } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { type AuditVerification, api, ask } from '@/api/client';
import { number } from '@/base/format';
import { useLanguage } from '@/base/preferences';
import { Panel, Pill, Trouble } from '@/base/view/parts';
import css from './audit.module.css';

/** Whether the log is what was written; asked for by hand, because it reads all of it. */
export function VerificationPanel() {
  const { t } = useTranslation('audit');
  const verification = useMutation({
    mutationFn: () => ask(api.GET('/api/v1/audit/verification')),
  });
  return (
    <Panel
      title={t('verify.title')}
      aside={
        <Button
          variant="default"
          size="compact-md"
          leftSection={<IconShieldCheck size={16} aria-hidden="true" />}
          loading={verification.isPending}
          onClick={() => verification.mutate()}
          data-testid="audit-verify"
        >
          {t('verify.action')}
        </Button>
      }
    >
      <div aria-live="polite">
        {verification.data ? <Result found={verification.data} /> : <p>{t('verify.hint')}</p>}
      </div>
      {verification.error && (
        <Trouble error={verification.error} onRetry={() => verification.mutate()} />
      )}
    </Panel>
  );
}

function Result({ found }: { found: AuditVerification }) {
  const { t } = useTranslation('audit');
  const language = useLanguage();
  return (
    <div className={css.result} data-testid="audit-result">
      <Pill tone={found.is_whole ? 'good' : 'bad'}>
        {found.is_whole ? t('verify.whole') : t('verify.broken')}
      </Pill>
      <span>
        {t('verify.counts', {
          entries: number(found.entries, language),
          checkpoints: number(found.checkpoints, language),
        })}
      </span>
      {found.fault && (
        <strong>{t(`fault.${found.fault.kind}`, { number: found.fault.number })}</strong>
      )}
    </div>
  );
}
