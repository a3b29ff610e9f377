import { useTranslation } from 'react-i18next';
import { labelOf, useReasons } from './settings';
import { kSystemReasons } from './states';

/** A Not Ready reason in words: the server's own ones from the catalogue, the rest from its list. */
export function useReasonText(): (code: string | null) => string {
  const { t } = useTranslation('acd');
  const reasons = useReasons();
  return (code) => {
    if (code === null || code === '') return '';
    const own = kSystemReasons.find((reason) => reason === code);
    return own ? t(`system_reason.${own}`) : labelOf(reasons.data, code);
  };
}
