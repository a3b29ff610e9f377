import type { ContactLive, SecureInput, SecureInputKind } from '@/api/client';

// What the page says of a secret that the caller keys. Pure; the digits are never here.

export const kSecureKinds: readonly SecureInputKind[] = [
  'card',
  'security_code',
  'document',
  'other',
];

/** The two do not hear each other, and nothing else can be done with the call. */
export function isSecureInputOpen(contact: ContactLive): boolean {
  return contact.secure_input !== null && contact.secure_input.state !== 'ended';
}

/** A dot for each digit in groups of four; of a whole card the last four. */
export function maskOf(input: SecureInput): string {
  const shown = input.last_four ?? '';
  const dots = '•'.repeat(Math.max(0, input.digits - shown.length));
  return (dots + shown).replace(/(.{4})(?=.)/g, '$1 ');
}

type Words =
  | 'waiting'
  | 'keying'
  | 'again'
  | 'checking'
  | 'delivered'
  | `result.${NonNullable<SecureInput['result']>}`;

/** The text of the catalogue for this state. */
export function wordsOf(input: SecureInput): Words {
  if (input.state === 'checking') return 'checking';
  if (input.state === 'ended') {
    return input.is_delivered ? 'delivered' : `result.${input.result ?? 'interrupted'}`;
  }
  if (input.digits > 0) return 'keying';
  return input.attempt > 1 ? 'again' : 'waiting';
}
