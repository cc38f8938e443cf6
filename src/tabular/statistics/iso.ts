const DAY = 86_400n;

const two = (value: bigint): string => value.toString().padStart(2, '0');

const floorDiv = (a: bigint, b: bigint): bigint => (a - (((a % b) + b) % b)) / b;

/**
 * ISO 8601 of a day since 1970-01-01, at any distance: a `Date` ends in the year 275760, a DATE of DuckDB
 * in 5881580. After Howard Hinnant's `civil_from_days`.
 */
export function isoDate(days: bigint): string {
  const shifted = days + 719_468n;
  const era = floorDiv(shifted, 146_097n);
  const dayOfEra = shifted - era * 146_097n;
  const yearOfEra =
    (dayOfEra - dayOfEra / 1_460n + dayOfEra / 36_524n - dayOfEra / 146_096n) / 365n;
  const dayOfYear = dayOfEra - (365n * yearOfEra + yearOfEra / 4n - yearOfEra / 100n);
  const shiftedMonth = (5n * dayOfYear + 2n) / 153n;
  const day = dayOfYear - (153n * shiftedMonth + 2n) / 5n + 1n;
  const month = shiftedMonth < 10n ? shiftedMonth + 3n : shiftedMonth - 9n;
  const year = yearOfEra + era * 400n + (month <= 2n ? 1n : 0n);
  return `${isoYear(year)}-${two(month)}-${two(day)}`;
}

/** Outside 0 to 9999 with a sign and at least six digits, as ECMAScript has it. */
function isoYear(year: bigint): string {
  if (year >= 0n && year <= 9_999n) return year.toString().padStart(4, '0');
  const digits = (year < 0n ? -year : year).toString().padStart(6, '0');
  return `${year < 0n ? '-' : '+'}${digits}`;
}

/** @param decimals of a second: a place is a count of them */
export function isoTime(place: bigint, decimals: 6 | 9): string {
  const unit = 10n ** BigInt(decimals);
  const seconds = place / unit;
  const fraction = (place % unit).toString().padStart(decimals, '0').replace(/0+$/, '');
  const clock = `${two(seconds / 3_600n)}:${two((seconds / 60n) % 60n)}:${two(seconds % 60n)}`;
  return fraction === '' ? clock : `${clock}.${fraction}`;
}

export function isoTimestamp(place: bigint, decimals: 6 | 9): string {
  const day = DAY * 10n ** BigInt(decimals);
  const days = floorDiv(place, day);
  return `${isoDate(days)}T${isoTime(place - days * day, decimals)}`;
}
