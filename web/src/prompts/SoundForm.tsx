import {
  Button,
  FileButton,
  Modal,
  NativeSelect,
  Progress,
  SegmentedControl,
  Textarea,
  TextInput,
} from '@mantine/core';
import { IconUpload } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useCallback, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Prompt } from '@/api/client';
import { tell } from '@/base/view/notify';
import { Trouble } from '@/base/view/parts';
import css from './prompts.module.css';
import { type NewSound, sendSound } from './queries';
import { Recorder } from './Recorder';
import { BlobWave } from './Wave';
import { isPromptName, nameFrom } from './wave';

const kMaxBytes = 32 * 1024 * 1024;
const kTypes = '.wav,.flac,.ogg,.oga,.opus,.mp3,audio/*';
const kLanguages = ['es', 'en', 'none'] as const;

/** A new prompt, or another sound for one that is there. */
export function SoundForm(props: {
  replaced?: Prompt | undefined;
  language?: Prompt['language'] | undefined;
  known: readonly Prompt[];
  onClose: () => void;
  onSaved: (prompt: Prompt) => void;
}) {
  const { t } = useTranslation('prompts');
  const queries = useQueryClient();
  const { replaced } = props;
  const [how, setHow] = useState<Prompt['source']>('recorded');
  const [sound, setSound] = useState<Blob>();
  const [language, setLanguage] = useState<Prompt['language']>(
    replaced?.language ?? props.language ?? 'es',
  );
  const [title, setTitle] = useState(replaced?.title ?? '');
  const [typedName, setTypedName] = useState<string>();
  const [text, setText] = useState(replaced?.text ?? '');
  const [share, setShare] = useState<number>();
  const abort = useRef<() => void>(undefined);
  const onTake = useCallback((take: Blob | undefined) => setSound(take), []);

  const name = replaced?.name ?? typedName ?? nameFrom(title);
  const isTaken =
    !replaced && props.known.some((each) => each.language === language && each.name === name);
  const isBad = typedName !== undefined && typedName !== '' && !isPromptName(typedName);
  const canSave = sound !== undefined && isPromptName(name) && !isTaken && title.trim() !== '';

  const save = useMutation({
    mutationFn: (wanted: NewSound) => {
      const sending = sendSound(wanted, setShare);
      abort.current = sending.abort;
      return sending.done;
    },
    onSuccess: async (prompt) => {
      await queries.invalidateQueries({ queryKey: ['prompts'] });
      void queries.invalidateQueries({ queryKey: ['flows'] });
      tell(t('form.done'));
      props.onSaved(prompt);
    },
    onSettled: () => setShare(undefined),
  });
  const close = () => {
    abort.current?.();
    props.onClose();
  };
  const choose = (file: File) => {
    setSound(file);
    if (title === '') setTitle(file.name.replace(/\.[A-Za-z0-9]{2,4}$/, ''));
  };
  return (
    <Modal
      opened
      onClose={close}
      size="lg"
      title={replaced ? t('form.replace_title', { name: replaced.title }) : t('form.new_title')}
      closeButtonProps={{ 'aria-label': t('form.cancel') }}
    >
      <form
        className={css.form}
        data-testid="sound-form"
        onSubmit={(event) => {
          event.preventDefault();
          if (!sound || !canSave) return;
          const about = { title: title.trim(), text: text.trim() };
          save.mutate({ language, name, ...about, source: how, sound, isNew: !replaced });
        }}
      >
        <SegmentedControl
          aria-label={t('form.how')}
          value={how}
          onChange={(value) => {
            setHow(value as Prompt['source']);
            setSound(undefined);
          }}
          data={[
            { value: 'recorded', label: t('form.record') },
            { value: 'uploaded', label: <span data-testid="how-upload">{t('form.upload')}</span> },
          ]}
        />
        {how === 'recorded' ? (
          <Recorder onTake={onTake} />
        ) : (
          <Upload sound={sound} onChoose={choose} />
        )}
        <TextInput
          label={t('field.title')}
          description={t('form.title_hint')}
          maxLength={120}
          required
          value={title}
          onChange={(event) => setTitle(event.currentTarget.value)}
          data-testid="sound-title"
        />
        {!replaced && (
          <>
            <NativeSelect
              label={t('field.language')}
              value={language}
              onChange={(event) => setLanguage(event.currentTarget.value as Prompt['language'])}
              data={kLanguages.map((each) => ({ value: each, label: t(`language.${each}`) }))}
              data-testid="sound-language"
            />
            <TextInput
              label={t('field.name')}
              description={t('form.name_hint')}
              maxLength={60}
              required
              value={name}
              error={isBad ? t('form.name_bad') : isTaken ? t('form.name_taken') : undefined}
              onChange={(event) => setTypedName(event.currentTarget.value)}
              data-testid="sound-name"
            />
          </>
        )}
        {language !== 'none' && (
          <Textarea
            label={t('field.text')}
            description={t('form.text_hint')}
            autosize
            minRows={2}
            maxLength={1000}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
            data-testid="sound-text"
          />
        )}
        {save.error && <Trouble error={save.error} testId="sound-trouble" />}
        {share !== undefined && (
          <div role="status">
            <Progress
              value={share * 100}
              aria-label={t('form.sending')}
              data-testid="sound-progress"
            />
            {share >= 1 && <p className={css.name}>{t('form.working')}</p>}
          </div>
        )}
        <div className={css.row}>
          <Button
            type="submit"
            disabled={!canSave}
            loading={save.isPending}
            data-testid="sound-save"
          >
            {t('form.save')}
          </Button>
          <Button variant="default" onClick={close}>
            {t('form.cancel')}
          </Button>
        </div>
      </form>
    </Modal>
  );
}

function Upload(props: { sound: Blob | undefined; onChoose: (file: File) => void }) {
  const { t } = useTranslation('prompts');
  const [isOver, setOver] = useState(false);
  const [complaint, setComplaint] = useState('');
  const take = (file: File | null | undefined) => {
    if (!file) return;
    const isSound =
      file.type.startsWith('audio/') || /\.(wav|flac|og[ga]|opus|mp3)$/i.test(file.name);
    setComplaint('');
    if (!isSound) setComplaint(t('form.not_sound', { name: file.name }));
    else if (file.size > kMaxBytes) setComplaint(t('form.too_large', { name: file.name }));
    else props.onChoose(file);
  };
  return (
    <>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: dropping is a shortcut; the button does the same by keyboard */}
      <div
        className={css.drop}
        data-over={isOver}
        data-testid="sound-drop"
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => {
          event.preventDefault();
          setOver(false);
          take(event.dataTransfer.files[0]);
        }}
      >
        <p>{t('form.drop')}</p>
        <FileButton onChange={take} accept={kTypes} inputProps={{ 'aria-label': t('form.choose') }}>
          {(button) => (
            <Button
              {...button}
              variant="default"
              leftSection={<IconUpload size={16} aria-hidden="true" />}
              data-testid="sound-choose"
            >
              {t('form.choose')}
            </Button>
          )}
        </FileButton>
      </div>
      {complaint && (
        <p className={css.broken} role="alert" data-testid="sound-complaint">
          {complaint}
        </p>
      )}
      {props.sound instanceof File && (
        <>
          <p className={css.name}>{t('form.chosen', { name: props.sound.name })}</p>
          <BlobWave sound={props.sound} name={props.sound.name} />
        </>
      )}
    </>
  );
}
