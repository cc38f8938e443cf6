/** Digits of a fraction of a second. */
export type Digits = 0 | 3 | 6 | 9;

/** A count of parts of a second since 1970, in UTC, with all its digits. */
export function timestampText(count: bigint, digits: Digits): string {
  const unit = 10n ** BigInt(digits);
  const fraction = ((count % unit) + unit) % unit;
  const date = new Date(Number((count - fraction) / unit) * 1000);
  if (Number.isNaN(date.getTime())) throw new RangeError(`${count} is no point in time`);
  const text = date.toISOString().slice(0, -5).replace('T', ' ');
  // Years beyond 9999 have a sign in JavaScript and none in SQL.
  const years = text.startsWith('+') ? text.slice(1) : text;
  return digits === 0 ? years : `${years}.${String(fraction).padStart(digits, '0')}`;
}

/** A count of days since 1970. */
export const dateText = (days: bigint): string =>
  timestampText(days * 86_400n, 0).replace(/ .*$/, '');

/** A count of parts of a second since midnight. */
export const timeText = (count: bigint, digits: Digits): string =>
  timestampText(count, digits).replace(/^.* /, '');

/** An integer as a decimal of that many places. */
export function decimalText(unscaled: bigint, scale: number): string {
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0');
  const sign = unscaled < 0n ? '-' : '';
  const point = digits.length - scale;
  return scale > 0 ? `${sign}${digits.slice(0, point)}.${digits.slice(point)}` : sign + digits;
}
