import type { CaseDatum } from '@/api/client';
import { day, type Language, money } from '@/base/format';

/** A value as people write it; texts are left to whoever knows the company's words for them. */
export function datumText(datum: Pick<CaseDatum, 'type' | 'value'>, language: Language): string {
  if (datum.type === 'date') return day(datum.value, language);
  if (datum.type === 'money') return money(datum.value, language);
  return datum.value;
}
