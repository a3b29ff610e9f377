import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api, ask } from '@/api/client';
import css from './call.module.css';

/** Steps of the menu worth telling: where the caller chose, gave or asked something. */
const kTold = new Set(['menu', 'collect', 'find_case', 'open_case', 'look_up', 'voicemail']);

export function menuSteps(
  events: readonly { type: string; data: Record<string, unknown> }[],
): string[] {
  const steps: string[] = [];
  for (const event of events) {
    if (event.type !== 'flow_node_entered') continue;
    const { node, kind } = event.data;
    if (typeof node !== 'string' || typeof kind !== 'string' || !kTold.has(kind)) continue;
    const words = node.replaceAll(/[_-]+/g, ' ');
    const step = words.charAt(0).toUpperCase() + words.slice(1);
    if (steps.at(-1) !== step) steps.push(step);
  }
  return steps;
}

/** The way the caller took through the menu. */
export function MenuPath({ contactId }: { contactId: string }) {
  const { t } = useTranslation('call');
  const detail = useQuery({
    queryKey: ['contact', contactId],
    queryFn: () =>
      ask(
        api.GET('/api/v1/contacts/{contact_id}', { params: { path: { contact_id: contactId } } }),
      ),
  });
  const steps = menuSteps(detail.data?.events ?? []);
  if (steps.length === 0) return null;
  return (
    <ol className={css.path} aria-label={t('context.path')} translate="no">
      {steps.map((step, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a step may come twice; the order is the key
        <li key={index}>{step}</li>
      ))}
    </ol>
  );
}
