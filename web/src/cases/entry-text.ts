import { useTranslation } from 'react-i18next';
import { labelOf, useTopics } from '@/acd/settings';
import type { TimelineEntry } from '@/api/client';
import { day, phone, spokenSpan } from '@/base/format';
import { useLanguage } from '@/base/preferences';

const words = (value: unknown): string => (typeof value === 'string' ? value : '');
const figure = (value: unknown): number => (typeof value === 'number' ? value : 0);

/** The second line of a timeline entry: what matters of the event's fields (docs/journal.md). */
export function useEntryText(): (entry: TimelineEntry) => string {
  const { t } = useTranslation('cases');
  const language = useLanguage();
  const topics = useTopics();
  return ({ kind, data }) => {
    switch (kind) {
      case 'contact_arrived':
        return words(data.caller) === '' ? t('entry.withheld') : phone(words(data.caller));
      case 'contact_connected':
        return t('entry.waited', { span: spokenSpan(figure(data.wait_ms)) });
      case 'outside_answered':
        return phone(words(data.number));
      case 'contact_ended':
        return [
          t(`contact_outcome.${words(data.outcome)}`, { defaultValue: words(data.outcome) }),
          spokenSpan(figure(data.duration_ms)),
        ].join(' · ');
      case 'case_opened':
        return words(data.subject);
      case 'case_linked':
        return t(`entry.linked_${words(data.how)}`, { defaultValue: '' });
      case 'case_updated':
        return [
          data.status && t(`status.${words(data.status)}`, { defaultValue: words(data.status) }),
          words(data.subject),
          data.next_step && t('entry.next_step', { text: words(data.next_step) }),
          data.due && t('entry.due', { day: day(words(data.due), language) }),
        ]
          .filter(Boolean)
          .join(' · ');
      case 'case_closed':
        return t(`outcome.${words(data.outcome)}`, { defaultValue: words(data.outcome) });
      case 'note_saved':
        return words(data.text);
      case 'disposition_recorded':
        return [
          labelOf(topics.data, words(data.topic)),
          t(`outcome.${words(data.outcome)}`, { defaultValue: words(data.outcome) }),
          data.next_step && t('entry.next_step', { text: words(data.next_step) }),
          data.due && t('entry.due', { day: day(words(data.due), language) }),
        ]
          .filter(Boolean)
          .join(' · ');
      case 'recording_ended':
        return spokenSpan(figure(data.duration_ms));
      default:
        return '';
    }
  };
}
