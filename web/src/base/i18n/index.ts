import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';
import { setRequestLanguage } from '@/api/client';
import type { Language } from '../format';

export const kNamespaces = [
  'app',
  'account',
  'acd',
  'audit',
  'call',
  'cases',
  'company',
  'crm',
  'exports',
  'flow',
  'guard',
  'identity',
  'media',
  'prompts',
] as const;

type Catalogue = Record<(typeof kNamespaces)[number], object>;

const catalogues: Record<Language, () => Promise<{ catalogue: Catalogue }>> = {
  es: () => import('./es'),
  en: () => import('./en'),
};

async function load(language: Language): Promise<void> {
  if (i18next.hasResourceBundle(language, 'app')) return;
  const { catalogue } = await catalogues[language]();
  for (const name of kNamespaces) i18next.addResourceBundle(language, name, catalogue[name]);
}

export async function startTexts(language: Language): Promise<void> {
  await i18next.use(initReactI18next).init({
    lng: language,
    fallbackLng: false,
    ns: kNamespaces,
    defaultNS: 'app',
    resources: {},
    interpolation: { escapeValue: false },
    react: { useSuspense: false },
  });
  await switchTexts(language);
}

export async function switchTexts(language: Language): Promise<void> {
  await load(language);
  await i18next.changeLanguage(language);
  setRequestLanguage(language);
  document.documentElement.lang = language;
}
