import { Button } from '@mantine/core';
import { IconMapQuestion } from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { Empty, Page, Panel, Trouble } from '@/base/view/parts';

export function NotFound() {
  const { t } = useTranslation('app');
  const navigate = useNavigate();
  return (
    <Page title={t('not_found.title')}>
      <Panel>
        <Empty
          icon={<IconMapQuestion size={26} />}
          title={t('not_found.heading')}
          text={t('not_found.text')}
          action={
            <Button mt="sm" onClick={() => void navigate({ to: '/' })}>
              {t('not_found.action')}
            </Button>
          }
        />
      </Panel>
    </Page>
  );
}

export function RouteTrouble(props: { error: unknown; reset: () => void }) {
  const { t } = useTranslation('app');
  return (
    <Page title={t('not_found.broken')}>
      <Trouble error={props.error} onRetry={props.reset} />
    </Page>
  );
}
