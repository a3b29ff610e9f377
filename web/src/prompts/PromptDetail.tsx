import { ActionIcon, Button, Modal, Textarea, TextInput } from '@mantine/core';
import { IconEdit, IconReplace, IconTrash, IconX } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, ask, type Prompt } from '@/api/client';
import { dateTime } from '@/base/format';
import { useLanguage } from '@/base/preferences';
import { tell } from '@/base/view/notify';
import { Facts, Panel, Said, Trouble, viewCss } from '@/base/view/parts';
import { useAccess } from '@/identity/session';
import css from './prompts.module.css';
import { audioOf } from './queries';
import { Wave } from './Wave';

type Doing = 'edit' | 'remove' | undefined;

export function PromptDetail(props: {
  prompt: Prompt;
  onClose: () => void;
  onReplace: () => void;
}) {
  const { t } = useTranslation('prompts');
  const language = useLanguage();
  const { may } = useAccess();
  const [doing, setDoing] = useState<Doing>();
  const { prompt } = props;
  return (
    <div className={css.detail}>
      <Panel
        title={<Said text={prompt.title} />}
        testId="prompt-detail"
        aside={
          <ActionIcon variant="subtle" aria-label={t('detail.close')} onClick={props.onClose}>
            <IconX size={18} aria-hidden="true" />
          </ActionIcon>
        }
      >
        <Wave
          key={prompt.sha256}
          source={audioOf(prompt)}
          name={prompt.title}
          durationMs={prompt.duration_ms}
        />
        {prompt.text && (
          <p className={css.said}>
            <Said text={prompt.text} />
          </p>
        )}
        <Facts
          rows={[
            [t('field.language'), t(`language.${prompt.language}`)],
            [t('field.source'), t(`source.${prompt.source}`)],
            [
              t('field.saved'),
              prompt.saved_by
                ? t('detail.by', {
                    when: dateTime(prompt.saved_at, language),
                    who: prompt.saved_by.name,
                  })
                : dateTime(prompt.saved_at, language),
            ],
            [
              t('field.level'),
              t('detail.level', {
                before: prompt.level_before_dbfs,
                after: prompt.level_after_dbfs,
              }),
            ],
            [t('field.used'), <Users key="used" prompt={prompt} />],
          ]}
        />
        {prompt.language !== 'none' && (
          <p className={viewCss.muted}>{t('detail.file', { file: prompt.file })}</p>
        )}
        {may('write_flows') && (
          <div className={css.actions}>
            <Button
              variant="default"
              leftSection={<IconReplace size={16} aria-hidden="true" />}
              onClick={props.onReplace}
              data-testid="prompt-replace"
            >
              {t('detail.replace')}
            </Button>
            <Button
              variant="default"
              leftSection={<IconEdit size={16} aria-hidden="true" />}
              onClick={() => setDoing('edit')}
              data-testid="prompt-edit"
            >
              {t('detail.edit')}
            </Button>
            <Button
              variant="default"
              color="red"
              leftSection={<IconTrash size={16} aria-hidden="true" />}
              onClick={() => setDoing('remove')}
              data-testid="prompt-remove"
            >
              {t('detail.remove')}
            </Button>
          </div>
        )}
      </Panel>
      {doing === 'edit' && <Edit prompt={prompt} onClose={() => setDoing(undefined)} />}
      {doing === 'remove' && (
        <Remove prompt={prompt} onClose={() => setDoing(undefined)} onRemoved={props.onClose} />
      )}
    </div>
  );
}

function Users({ prompt }: { prompt: Prompt }) {
  const { t } = useTranslation('prompts');
  if (prompt.used_by.length === 0) return t('detail.unused');
  return (
    <>
      {prompt.used_by.map((use, index) => (
        <span key={use.id} translate="no">
          {index > 0 && ', '}
          {use.kind === 'flow' ? (
            <Link to="/flows/$flowId" params={{ flowId: use.id }} className={viewCss.link}>
              {use.name}
            </Link>
          ) : (
            use.name
          )}
        </span>
      ))}
    </>
  );
}

function Edit({ prompt, onClose }: { prompt: Prompt; onClose: () => void }) {
  const { t } = useTranslation('prompts');
  const queries = useQueryClient();
  const [title, setTitle] = useState(prompt.title);
  const [text, setText] = useState(prompt.text);
  const save = useMutation({
    mutationFn: () =>
      ask(
        api.PATCH('/api/v1/prompts/{language}/{name}', {
          params: { path: { language: prompt.language, name: prompt.name } },
          body: { title: title.trim(), text: text.trim() },
        }),
      ),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['prompts'] });
      tell(t('detail.saved'));
      onClose();
    },
  });
  return (
    <Modal
      opened
      onClose={onClose}
      title={t('detail.edit')}
      closeButtonProps={{ 'aria-label': t('detail.cancel') }}
    >
      <div className={css.form}>
        <TextInput
          label={t('field.title')}
          maxLength={120}
          value={title}
          onChange={(event) => setTitle(event.currentTarget.value)}
          data-autofocus
          data-testid="edit-title"
        />
        {prompt.language !== 'none' && (
          <Textarea
            label={t('field.text')}
            autosize
            minRows={2}
            maxLength={1000}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
          />
        )}
        {save.error && <Trouble error={save.error} />}
        <div className={css.row}>
          <Button
            disabled={title.trim() === ''}
            loading={save.isPending}
            onClick={() => save.mutate()}
            data-testid="edit-save"
          >
            {t('detail.save')}
          </Button>
          <Button variant="default" onClick={onClose}>
            {t('detail.cancel')}
          </Button>
        </div>
      </div>
    </Modal>
  );
}

function Remove(props: { prompt: Prompt; onClose: () => void; onRemoved: () => void }) {
  const { t } = useTranslation('prompts');
  const queries = useQueryClient();
  const { prompt } = props;
  const remove = useMutation({
    mutationFn: () =>
      ask(
        api.DELETE('/api/v1/prompts/{language}/{name}', {
          params: { path: { language: prompt.language, name: prompt.name } },
        }),
      ),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['prompts'] });
      tell(t('detail.removed'));
      props.onRemoved();
    },
  });
  return (
    <Modal
      opened
      onClose={props.onClose}
      title={t('detail.remove_title')}
      closeButtonProps={{ 'aria-label': t('detail.cancel') }}
    >
      <p>{t('detail.remove_text')}</p>
      {remove.error && <Trouble error={remove.error} testId="remove-trouble" />}
      <div className={css.row}>
        <Button
          color="red"
          loading={remove.isPending}
          onClick={() => remove.mutate()}
          data-testid="remove-confirm"
        >
          {t('detail.remove_confirm')}
        </Button>
        <Button variant="default" onClick={props.onClose} data-autofocus>
          {t('detail.cancel')}
        </Button>
      </div>
    </Modal>
  );
}
