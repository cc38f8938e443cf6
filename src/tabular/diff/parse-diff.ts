import { ValidationFailedError } from '../../core/errors/index.js';
import { parseColumns } from '../filter/order.js';
import type { DiffSpec, Rename, Tolerance } from './diff.types.js';
import type { RowDiffQuery } from './dto/row-diff.query.js';

/** @throws InvalidFilterError, ValidationFailedError */
export const parseDiff = (query: RowDiffQuery): DiffSpec => ({
  key: query.key === undefined ? null : namesIn(query.key),
  tolerance: toleranceOf(query.tolerance, query.relativeTolerance),
  renames: query.rename === undefined ? [] : renamesIn(query.rename),
  columns: query.columns === undefined ? null : namesIn(query.columns),
  ignore: query.ignore === undefined ? [] : namesIn(query.ignore),
});

export const toleranceOf = (absolute = 0, relative = 0): Tolerance | null =>
  absolute === 0 && relative === 0 ? null : { absolute, relative };

const namesIn = (text: string): string[] => parseColumns(text).map(({ path }) => path.join('.'));

const NAME = String.raw`\s*("(?:[^"]|"")+"|[^",:]+)`;
const PAIR = new RegExp(String.raw`${NAME}\s*:${NAME}\s*(?:,|$)`, 'y');

/** `old:new, "an old one":"a new one"`. */
function renamesIn(text: string): Rename[] {
  const renames: Rename[] = [];
  const pattern = new RegExp(PAIR);
  for (let at = 0; at < text.length; at = pattern.lastIndex) {
    pattern.lastIndex = at;
    const [, from = '', to = ''] = pattern.exec(text) ?? [];
    if (from.trim() === '' || to.trim() === '') {
      throw ValidationFailedError.of(
        'rename',
        'must be old:new, parted by commas; names with other characters in double quotes',
      );
    }
    renames.push({ from: nameOf(from), to: nameOf(to) });
  }
  return renames;
}

const nameOf = (written: string): string => {
  const name = written.trim();
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
};
