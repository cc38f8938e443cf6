import { ValidationFailedError } from '../../core/errors/index.js';
import { MAX_OUTPUTS, type SplitParametersDto } from './dto/split-parameters.dto.js';
import { TooFewRowsError, TooManyOutputsError } from './convert.errors.js';

const WAYS = ['rowsPerFile', 'files', 'shares', 'column'] as const;
/** Also of files, whatever the system. */
const NAME = /^[\p{L}\p{N}][\p{L}\p{N}_.-]{0,63}$/u;
/** Shares such as 0.7, 0.2 and 0.1 add up to 1 but for the last digits of doubles. */
const NEARLY = 1e-9;

/** @throws ValidationFailedError */
export function checkSplit(parameters: SplitParametersDto): void {
  const given = WAYS.filter((way) => parameters[way] !== undefined);
  if (given.length !== 1) {
    throw ValidationFailedError.of('/parameters', `must have one of ${WAYS.join(', ')}`);
  }
  if (parameters.shares) checkShares(parameters.shares);
  else if (parameters.seed !== undefined) {
    throw ValidationFailedError.of('/parameters/seed', 'decides only about shares');
  }
}

function checkShares(shares: Record<string, unknown>): void {
  const refuse = (detail: string, name?: string): never => {
    const pointer =
      name === undefined ? '' : `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    throw ValidationFailedError.of(`/parameters/shares${pointer}`, detail);
  };
  const all = Object.entries(shares);
  if (all.length === 0 || all.length > MAX_OUTPUTS) refuse(`must name 1 to ${MAX_OUTPUTS} files`);
  const lower = new Set(all.map(([name]) => name.toLowerCase()));
  if (lower.size < all.length)
    refuse('must have names that differ in more than upper and lower case');
  let sum = 0;
  for (const [name, share] of all) {
    if (!NAME.test(name)) refuse('must be named by letters, digits, _, . and -', name);
    if (typeof share !== 'number' || !(share > 0 && share <= 1)) {
      refuse('must be above 0 and at most 1', name);
    }
    sum += share as number;
  }
  if (Math.abs(sum - 1) > NEARLY)
    refuse(`must add up to 1, and these to ${Number(sum.toFixed(9))}`);
}

/** A file to be, and its rows: from a place on, and up to another one. */
export interface Piece {
  name: string;
  from: number;
  to: number;
}

/**
 * Pieces of a table of so many rows; with shares, of the rows as they are shuffled. Together they have every
 * place once.
 * @throws TooFewRowsError, TooManyOutputsError
 */
export function piecesOf(
  { rowsPerFile, files, shares }: Pick<SplitParametersDto, 'rowsPerFile' | 'files' | 'shares'>,
  rowCount: number,
): Piece[] {
  if (rowCount === 0) throw new TooFewRowsError(0, files ?? 1);
  if (shares) {
    // By name: parameters come back from the database in an order of its own.
    const sorted = Object.entries(shares).sort(([a], [b]) => (a < b ? -1 : 1));
    const sizes = largestRemainders(
      sorted.map(([, share]) => share),
      rowCount,
    );
    return inOrder(
      sorted.map(([name]) => name),
      sizes,
    );
  }
  const count = files ?? Math.ceil(rowCount / (rowsPerFile as number));
  if (count > MAX_OUTPUTS) throw new TooManyOutputsError(count, MAX_OUTPUTS);
  if (count > rowCount) throw new TooFewRowsError(rowCount, count);
  const sizes = Array.from({ length: count }, (_, place) =>
    rowsPerFile === undefined
      ? Math.floor(rowCount / count) + (place < rowCount % count ? 1 : 0)
      : Math.min(rowsPerFile, rowCount - place * rowsPerFile),
  );
  return inOrder(
    sizes.map((_, place) => partName(place, count)),
    sizes,
  );
}

/** `part-01`: as texts they are in their order. */
export const partName = (place: number, count: number): string =>
  `part-${String(place + 1).padStart(String(count).length, '0')}`;

/** Whole numbers in these shares: what is left over goes to those that lost most by rounding down. */
function largestRemainders(shares: readonly number[], rowCount: number): number[] {
  const exact = shares.map((share) => share * rowCount);
  const sizes = exact.map((size) => Math.floor(size + NEARLY));
  const left = rowCount - sizes.reduce((sum, size) => sum + size, 0);
  const byLoss = exact
    .map((size, place) => ({ place, loss: size - (sizes[place] as number) }))
    .sort((a, b) => b.loss - a.loss || a.place - b.place);
  for (const { place } of byLoss.slice(0, Math.max(left, 0)))
    sizes[place] = (sizes[place] ?? 0) + 1;
  return sizes;
}

function inOrder(names: readonly string[], sizes: readonly number[]): Piece[] {
  let from = 0;
  return names.map((name, place) => {
    const to = from + (sizes[place] ?? 0);
    const piece = { name, from, to };
    from = to;
    return piece;
  });
}

/** A file for each value, by the value where that can be a name. @param values as texts; `null` is a value */
export function valueNames(values: readonly (string | null)[]): string[] {
  const taken = new Set<string>();
  return values.map((value, place) => {
    const wanted = value === null ? 'null' : value.normalize('NFC');
    const part = partName(place, values.length);
    const name = NAME.test(wanted) && !/^part-\d+$/i.test(wanted) ? wanted : part;
    const unique = taken.has(name.toLowerCase()) ? part : name;
    taken.add(unique.toLowerCase());
    return unique;
  });
}
