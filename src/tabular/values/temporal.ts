/**
 * Dates and times as DuckDB has them: whole numbers of their unit since 1970 (proleptic Gregorian, UTC).
 * Its own texts are not those of ISO 8601 before the year 1, and JavaScript's dates end too early.
 */
export type Infinite = 'infinity' | '-infinity';

const NANOSECONDS = 1_000_000_000n;
export const NANOSECONDS_OF_DAY = 86_400n * NANOSECONDS;

const DATE = String.raw`(?<year>[+-]?\d{4,7})-(?<month>\d{2})-(?<day>\d{2})(?<bc> \(BC\))?`;
const TIME = String.raw`(?<hour>\d{2}):(?<minute>\d{2})(?::(?<second>\d{2})(?:\.(?<fraction>\d{1,9}))?)?`;
const ZONE = String.raw`(?<zone>[zZ]|(?<sign>[+-])(?<zh>\d{2})(?::?(?<zm>\d{2}))?)`;
const WHOLE_DATE = new RegExp(`^${DATE}$`);
const WHOLE_TIME = new RegExp(`^${TIME}$`);
const WHOLE_TIMETZ = new RegExp(`^${TIME} ?${ZONE}$`);
const WHOLE_TIMESTAMP = new RegExp(`^${DATE}(?:[Tt ]${TIME}(?: ?${ZONE})?)?$`);

type Groups = Record<string, string | undefined>;

const groupsOf = (pattern: RegExp, text: string): Groups | null =>
  (pattern.exec(text.trim())?.groups as Groups | undefined) ?? null;

/** Days of `2020-01-31`; `null` for what is no day. */
export function parseDate(text: string): bigint | Infinite | null {
  const groups = groupsOf(WHOLE_DATE, text);
  return groups ? daysOf(groups) : infiniteOf(text);
}

/** Nanoseconds of `2020-01-31 12:30:00.5+01:00`, of which all after the day may be absent. */
export function parseTimestamp(text: string): bigint | Infinite | null {
  const groups = groupsOf(WHOLE_TIMESTAMP, text);
  if (!groups) return infiniteOf(text);
  const days = daysOf(groups);
  const time = groups['hour'] === undefined ? 0n : timeOf(groups);
  const offset = offsetOf(groups);
  if (days === null || time === null || offset === null || time >= NANOSECONDS_OF_DAY) return null;
  return days * NANOSECONDS_OF_DAY + time - offset;
}

/** Nanoseconds of `12:30:00.5` since midnight; 24:00:00 is one. */
export function parseTime(text: string): bigint | null {
  const groups = groupsOf(WHOLE_TIME, text);
  return groups ? timeOf(groups) : null;
}

/** Whether it is a time with an offset, such as `12:30:00+01`. */
export function isTimeWithZone(text: string): boolean {
  const groups = groupsOf(WHOLE_TIMETZ, text);
  return groups !== null && timeOf(groups) !== null && offsetOf(groups) !== null;
}

function infiniteOf(text: string): Infinite | null {
  const word = text.trim().toLowerCase();
  return word === 'infinity' || word === '-infinity' ? word : null;
}

function daysOf({ year, month, day, bc }: Groups): bigint | null {
  const written = Number(year);
  const [y, m, d] = [bc === undefined ? written : 1 - written, Number(month), Number(day)];
  if (bc !== undefined && written < 1) return null;
  if (m < 1 || m > 12 || d < 1 || d > daysOfMonth(y, m)) return null;
  return BigInt(daysFromCivil(y, m, d));
}

function timeOf({ hour, minute, second = '0', fraction = '' }: Groups): bigint | null {
  const [h, m, s] = [Number(hour), Number(minute), Number(second)];
  const nanoseconds = BigInt(fraction.padEnd(9, '0'));
  const time = BigInt((h * 60 + m) * 60 + s) * NANOSECONDS + nanoseconds;
  return m < 60 && s < 60 && time <= NANOSECONDS_OF_DAY ? time : null;
}

/** Of UTC; 0 where none is given. */
function offsetOf({ zone, sign, zh = '0', zm = '0' }: Groups): bigint | null {
  if (zone === undefined || zone.toLowerCase() === 'z') return 0n;
  if (Number(zh) > 15 || Number(zm) > 59) return null;
  const seconds = BigInt(Number(zh) * 3600 + Number(zm) * 60);
  return (sign === '-' ? -seconds : seconds) * NANOSECONDS;
}

const isLeap = (year: number): boolean => year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);

const daysOfMonth = (year: number, month: number): number =>
  month === 2 ? (isLeap(year) ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31;

/** Eras of 400 years, each of which begins in March. */
function daysFromCivil(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra =
    yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

function civilFromDays(days: number): [year: number, month: number, day: number] {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const part = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * part + 2) / 5) + 1;
  const month = part < 10 ? part + 3 : part - 9;
  return [yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day];
}

const padded = (value: number | bigint, length = 2): string => String(value).padStart(length, '0');

/** ISO 8601, with at least six digits and a sign outside of the years 0 to 9999, as JavaScript does. */
export function formatDate(days: bigint): string {
  const [year, month, day] = civilFromDays(Number(days));
  const isPlain = year >= 0 && year <= 9999;
  const written = isPlain ? padded(year, 4) : (year < 0 ? '-' : '+') + padded(Math.abs(year), 6);
  return `${written}-${padded(month)}-${padded(day)}`;
}

/**
 * `12:30:00.5`: of a fraction what is needed.
 * @param units of which there are 10 ** digits in a second, since midnight
 */
export function formatTime(units: bigint, digits: number): string {
  const perSecond = 10n ** BigInt(digits);
  const seconds = units / perSecond;
  const fraction = padded(units % perSecond, digits).replace(/0+$/, '');
  const [hour, minute, second] = [seconds / 3600n, (seconds / 60n) % 60n, seconds % 60n];
  const clock = `${padded(hour)}:${padded(minute)}:${padded(second)}`;
  return fraction === '' ? clock : `${clock}.${fraction}`;
}

/** `2020-01-31T12:30:00`. */
export function formatTimestamp(units: bigint, digits: number): string {
  const perDay = 86_400n * 10n ** BigInt(digits);
  const days = floorDivided(units, perDay);
  return `${formatDate(days)}T${formatTime(units - days * perDay, digits)}`;
}

/** The same texts as DuckDB reads them, which knows no signs of years. */
export function forDuckDb(iso: string): string {
  const [, year = '', rest = ''] = /^([+-]?\d+)(-.*)$/s.exec(iso) ?? [];
  const [day, time] = rest.split('T');
  const value = Number(year);
  const written = value > 0 ? `${padded(value, 4)}${day}` : `${padded(1 - value, 4)}${day} (BC)`;
  return time === undefined ? written : `${written} ${time}`;
}

export function floorDivided(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  return value < 0n && quotient * by !== value ? quotient - 1n : quotient;
}
