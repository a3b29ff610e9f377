/** Words and figures for people. Pure: language and time are always given. */
export type Language = 'es' | 'en';

/** Regional formats: day before month and a 24-hour clock in both languages. */
const kLocale: Record<Language, string> = { es: 'es-ES', en: 'en-GB' };

/** Seconds as `m:ss`, from an hour on as `h:mm:ss`. Negative spans read as zero. */
export function clockSpan(milliseconds: number): string {
  const total = Math.max(0, Math.floor(milliseconds / 1000));
  const hours = Math.floor(total / 3600);
  const minutes = Math.floor((total % 3600) / 60);
  const seconds = String(total % 60).padStart(2, '0');
  return hours > 0
    ? `${hours}:${String(minutes).padStart(2, '0')}:${seconds}`
    : `${minutes}:${seconds}`;
}

/** Milliseconds from an instant until `now`; zero for the future and for unreadable text. */
export function since(instant: string | null | undefined, now: number): number {
  const started = instant ? Date.parse(instant) : Number.NaN;
  return Number.isFinite(started) ? Math.max(0, now - started) : 0;
}

/** Milliseconds from `now` until an instant; zero once it has passed. */
export function until(instant: string | null | undefined, now: number): number {
  const ends = instant ? Date.parse(instant) : Number.NaN;
  return Number.isFinite(ends) ? Math.max(0, ends - now) : 0;
}

/** A length for a screen reader and for durations as text: "2 min 5 s". */
export function spokenSpan(milliseconds: number): string {
  const total = Math.max(0, Math.round(milliseconds / 1000));
  const hours = Math.floor(total / 3600);
  const minutes = Math.floor((total % 3600) / 60);
  const seconds = total % 60;
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min ${seconds} s` : `${seconds} s`;
}

export function dateTime(instant: string, language: Language): string {
  const at = new Date(instant);
  if (Number.isNaN(at.getTime())) return instant;
  return new Intl.DateTimeFormat(kLocale[language], {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    hour12: false,
  }).format(at);
}

export function timeOfDay(instant: string, language: Language): string {
  const at = new Date(instant);
  if (Number.isNaN(at.getTime())) return instant;
  return new Intl.DateTimeFormat(kLocale[language], {
    hour: '2-digit',
    minute: '2-digit',
    hour12: false,
  }).format(at);
}

/** A calendar day `YYYY-MM-DD` (or the day of an instant) in words, without shifting its zone. */
export function day(value: string, language: Language): string {
  const match = /^(\d{4})-(\d{2})-(\d{2})/.exec(value);
  if (!match) return value;
  const at = new Date(Date.UTC(Number(match[1]), Number(match[2]) - 1, Number(match[3])));
  return new Intl.DateTimeFormat(kLocale[language], {
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    timeZone: 'UTC',
  }).format(at);
}

/** "hace 5 minutos", "5 minutes ago", "dentro de 2 días". */
export function relative(instant: string, now: number, language: Language): string {
  const at = Date.parse(instant);
  if (!Number.isFinite(at)) return instant;
  const seconds = Math.round((at - now) / 1000);
  const steps: [Intl.RelativeTimeFormatUnit, number][] = [
    ['day', 86400],
    ['hour', 3600],
    ['minute', 60],
  ];
  const words = new Intl.RelativeTimeFormat(kLocale[language], { numeric: 'auto' });
  for (const [unit, size] of steps) {
    if (Math.abs(seconds) >= size) return words.format(Math.trunc(seconds / size), unit);
  }
  return words.format(seconds, 'second');
}

export function number(value: number, language: Language): string {
  return new Intl.NumberFormat(kLocale[language]).format(value);
}

/** A flow's money, "1205 EUR" in minor units, as people write it; anything else as it is. */
export function money(value: string, language: Language): string {
  const match = /^(-?\d+) ([A-Z]{3})$/.exec(value);
  if (!match) return value;
  const [, minor = '0', currency] = match;
  const words = new Intl.NumberFormat(kLocale[language], { style: 'currency', currency });
  const digits = words.resolvedOptions().maximumFractionDigits ?? 2;
  return words.format(Number(minor) / 10 ** digits);
}

/** A share as a whole percentage; a dash when nothing was counted, never a made-up 0 or 100. */
export function percent(part: number, whole: number, language: Language): string {
  if (whole <= 0) return '–';
  return new Intl.NumberFormat(kLocale[language], {
    style: 'percent',
    maximumFractionDigits: 0,
  }).format(part / whole);
}

/** A reference in the groups in which it is spoken: 8 digits as 4-4, 9 as 3-3-3, 10 as 3-3-4. */
export function reference(typed: string): string {
  const digits = typed.replace(/\D/g, '');
  const size = digits.length <= 8 ? 4 : 3;
  const groups = Math.max(1, Math.floor(digits.length / size));
  const cut = (index: number) =>
    digits.slice(index * size, index === groups - 1 ? undefined : (index + 1) * size);
  return Array.from({ length: groups }, (_, index) => cut(index)).join(' ');
}

/** Country codes of one and two digits (ITU-T E.164 list); all others have three. */
const kCountry = /^(1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|\d{3})(\d+)$/;

/** An E.164 number in readable groups: +52 55 1234 5678. Anything else is left as it is. */
export function phone(e164: string): string {
  const match = /^\+\d{7,15}$/.test(e164) ? kCountry.exec(e164.slice(1)) : null;
  if (!match) return e164;
  const [, country = '', national = ''] = match;
  const groups = {
    8: /(\d{4})(\d{4})/,
    9: /(\d{3})(\d{3})(\d{3})/,
    10: country === '52' ? /(\d{2})(\d{4})(\d{4})/ : /(\d{3})(\d{3})(\d{4})/,
  }[national.length];
  const parts = groups
    ? (groups.exec(national)?.slice(1) ?? [])
    : (national.match(/\d{1,3}/g) ?? []);
  return `+${country} ${parts.join(' ')}`;
}

/** Initials of a person for the avatar: two letters at most. */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/).filter(Boolean);
  const first = words[0]?.[0] ?? '';
  const last = words.length > 1 ? (words[words.length - 1]?.[0] ?? '') : '';
  return (first + last).toLocaleUpperCase();
}
