import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { useLanguage } from '@/base/preferences';
import { rolesQuery } from './queries';
import { useAccess } from './session';

/** Those that every company has (src/identity/roles.cpp). */
export const kBuiltInRoles = [
  'agent',
  'senior',
  'supervisor',
  'quality',
  'knowledge_editor',
  'department_head',
  'compliance',
  'administrator',
  'brand_owner',
  'auditor',
] as const;

/** A role's name in the reader's language: a built-in's from the catalogue, an own one's as the company
 * wrote it. Its key while the roles are not known, or not for this reader. */
export function useRoleName(): (key: string) => string {
  const { t, i18n } = useTranslation('identity');
  const language = useLanguage();
  const { may } = useAccess();
  const { data } = useQuery({ ...rolesQuery, enabled: may('manage_users') });
  return (key) => {
    if (i18n.exists(`identity:role.${key}`)) return t(`role.${key}`);
    const own = data?.find((role) => role.key === key);
    return (language === 'es' ? own?.name_es : own?.name_en) ?? key;
  };
}

const kLongestKey = 40;

/** The key of a new role, from its name: "Turno de tarde" is turno_de_tarde. Never one that is taken;
 * empty when the name has no letter or digit to make one of. */
export function roleKey(name: string, taken: readonly string[]): string {
  const plain = name
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
    .slice(0, kLongestKey - 3)
    .replace(/_+$/, '');
  if (plain === '') return '';
  if (!taken.includes(plain)) return plain;
  for (let number = 2; ; number += 1) {
    const key = `${plain}_${number}`;
    if (!taken.includes(key)) return key;
  }
}
