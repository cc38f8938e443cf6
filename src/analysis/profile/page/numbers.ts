import type { StatisticValue } from '../../../tabular/index.js';

/** As a person reads it: at most six digits, and thousands apart. */
export function shown(value: StatisticValue | boolean): string {
  if (value === null) return '–';
  if (typeof value !== 'number') return String(value);
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= 1e12 || size < 1e-4) return value.toExponential(3).replace('e+', 'e');
  return value.toLocaleString('en', Number.isInteger(value) ? {} : { maximumSignificantDigits: 6 });
}

export const whole = (value: number): string => value.toLocaleString('en');

export function percent(share: number): string {
  if (share === 0) return '0 %';
  if (share < 0.001) return '< 0.1 %';
  if (share > 0.999 && share < 1) return '> 99.9 %';
  const value = share * 100;
  return `${value < 10 || (value > 99 && share < 1) ? value.toFixed(1) : value.toFixed(0)} %`;
}

export function bytes(size: number): string {
  if (size < 1000) return `${size} bytes`;
  const units = ['kB', 'MB', 'GB', 'TB'];
  const power = Math.min(Math.floor(Math.log10(size) / 3), units.length);
  return `${(size / 1000 ** power).toPrecision(3)} ${units[power - 1]}`;
}

/** At most so many characters of a text. */
export const cut = (text: string, characters: number): string =>
  text.length <= characters
    ? text
    : `${Array.from(text)
        .slice(0, characters - 1)
        .join('')}…`;

/**
 * Round places within a range, a step of 1, 2 or 5 times a power of ten apart, as in D3's scales: about
 * `wanted` of them.
 */
export function ticks(from: number, to: number, wanted: number): number[] {
  const raw = (to - from) / wanted;
  if (!(raw > 0) || !Number.isFinite(raw)) return [from];
  const power = 10 ** Math.floor(Math.log10(raw));
  const ratio = raw / power;
  const step = power * (ratio >= 7.07 ? 10 : ratio >= 3.16 ? 5 : ratio >= 1.41 ? 2 : 1);
  const found: number[] = [];
  for (let place = Math.ceil(from / step); place * step <= to && found.length < 50; place += 1) {
    found.push(Number((place * step).toPrecision(12)));
  }
  return found;
}
