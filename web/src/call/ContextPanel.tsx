import { IconCheck } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useTopics } from '@/acd/settings';
import type { ContactLive, Datum } from '@/api/client';
import { phone, timeOfDay } from '@/base/format';
import { useLanguage } from '@/base/preferences';
import { Panel, Pill, viewCss } from '@/base/view/parts';
import css from './call.module.css';
import { MenuPath } from './MenuPath';

export function useDatumName(): (name: string) => string {
  const { t } = useTranslation('call');
  return (name) => {
    const plain = name.replaceAll(/[._]+/g, ' ');
    const fallback = plain.charAt(0).toUpperCase() + plain.slice(1);
    return t(`datum.${name.replaceAll('.', '_')}`, { defaultValue: fallback });
  };
}

/** Told beside the context, in larger letters: from which number the call comes, and whose it is. */
const kToldElsewhere = new Set([
  'caller.number',
  'caller.name',
  'customer.name',
  'call.diverted_from',
  'call.diversion',
]);

/** Whose telephone a line for the family took it for. On other lines it is the number's label. */
const kGroups = new Set(['child', 'grandchild', 'friend']);

/** What the caller said or keyed, and what was found for them. */
export function givenBy(contact: ContactLive): Datum[] {
  return contact.context.filter(
    ({ name, value }) =>
      !kToldElsewhere.has(name) && (name !== 'caller.group' || kGroups.has(value)),
  );
}

/** A value as people say it: a topic's name for its code, a number in groups. */
export function useDatumValue(): (value: string) => string {
  const { t } = useTranslation('call');
  const topics = useTopics();
  return (value) => {
    if (kGroups.has(value)) return t(`group.${value}`);
    const topic = topics.data?.find((each) => each.code === value);
    return topic?.label ?? phone(value);
  };
}

export function DatumLine({ datum }: { datum: Datum }) {
  const name = useDatumName();
  const value = useDatumValue();
  return (
    <p className={css.sub}>
      {name(datum.name)}: <strong>{value(datum.value)}</strong>
    </p>
  );
}

/** What the caller has said or keyed: who gave each datum, when, and how it was verified, so that
 * nobody asks for it again. */
export function ContextPanel({ contact }: { contact: ContactLive }) {
  const { t } = useTranslation('call');
  const language = useLanguage();
  const name = useDatumName();
  const value = useDatumValue();
  const given = givenBy(contact);
  return (
    <Panel
      title={t('context.title')}
      testId="context-panel"
      aside={
        contact.reasks > 0 ? (
          <Pill tone="warn">{t('context.reasks', { count: contact.reasks })}</Pill>
        ) : undefined
      }
    >
      <MenuPath contactId={contact.id} />
      {given.length === 0 ? (
        <p className={viewCss.muted}>{t('context.none')}</p>
      ) : (
        <ul className={css.data}>
          {given.map((datum) => (
            <li key={datum.name} className={css.datum}>
              <div className={css.datumName}>{name(datum.name)}</div>
              <div className={css.datumValue}>{value(datum.value)}</div>
              <div className={css.datumSource}>
                <span>
                  {t(`given_by.${datum.given_by}`, { defaultValue: datum.given_by })} ·{' '}
                  {timeOfDay(datum.at, language)}
                </span>
                {datum.verified === '' ? (
                  <span>{t('context.unverified')}</span>
                ) : (
                  <Pill tone="good" dot={false}>
                    <IconCheck size={12} aria-hidden="true" />
                    {t(`verified.${datum.verified}`, { defaultValue: t('context.verified') })}
                  </Pill>
                )}
              </div>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
