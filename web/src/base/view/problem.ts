import type { TFunction } from 'i18next';
import { ApiError } from '@/api/client';

/** A sentence that tells what happened and what to do. The server's own detail is in the reader's
 * language and names the field or state at fault, so it comes first when it is there. */
export function problemText(error: unknown, t: TFunction<'app'>): string {
  if (!(error instanceof ApiError)) return t('problem.internal');
  const advice = t(`problem.${error.code}`);
  if (error.code === 'network' || error.detail === '') return advice;
  const detail = /[.!?]$/.test(error.detail) ? error.detail : `${error.detail}.`;
  return `${detail} ${advice}`;
}
