import { isAscii } from 'node:buffer';
import type {
  LocalContent,
  ReaderContext,
  TableDescription,
} from '../../../core/contracts/dataset-reader.contract.js';
import { UnreadableTableError } from '../../tabular.errors.js';
import type { Dialect } from './dialect.js';
import { legacyOf } from './encoding.js';
import { NOT_WHOLE, type Source } from './relation.js';
import { unpacked } from './sample.js';
import { provenTypes } from './widen.js';

type Open = (
  content: LocalContent,
  description: Pick<TableDescription, 'options' | 'columns'>,
  folder: string,
) => Promise<Source>;

const OF_TYPES = /Conversion Error|Could not convert|Out of Range Error/;
const OF_ROWS = /CSV Error|CSV Parser|Maximum line size|not utf-8|Invalid unicode/i;

/**
 * Called when a scan has failed: reads all rows once, and describes the table so that it can't fail
 * again. Rows that DuckDB can't read in place are rewritten from now on; columns get the narrowest
 * types that hold all their values exactly.
 * @returns `null` when the failure has nothing to do with the content
 */
export async function relax(
  content: LocalContent,
  description: TableDescription,
  error: unknown,
  { database, folder }: ReaderContext,
  open: Open,
): Promise<TableDescription | null> {
  const message = error instanceof Error ? error.message : String(error);
  let dialect = description.options as unknown as Dialect;
  const isOfRows = OF_ROWS.test(message);
  const isOfTypes = OF_TYPES.test(message) || message.includes(NOT_WHOLE);
  if (dialect.checked || !(isOfRows || isOfTypes)) return null;
  const { columns } = description;
  for (;;) {
    if (isOfRows && !isOfTypes && !dialect.rewritten) dialect = await rewritten(content, dialect);
    const source = await open(content, { options: { ...dialect }, columns }, folder);
    try {
      const types = await provenTypes(database, source, dialect, columns);
      const changed = types.filter(({ type }, at) => type !== columns[at]!.type);
      return {
        ...description,
        columns: types,
        options: { ...dialect, checked: true, wide: [] },
        warnings: [
          ...description.warnings,
          ...changed
            .slice(0, 20)
            .map(
              ({ name, type }) =>
                `Not all values of ${name} are what the first are: its type is ${type}.`,
            ),
        ],
      };
    } catch (failure) {
      if (failure instanceof UnreadableTableError) throw failure;
      const reason = failure instanceof Error ? failure.message : '';
      if (dialect.rewritten || !OF_ROWS.test(reason)) throw failure;
      dialect = await rewritten(content, dialect);
    }
  }
}

/** The same, rewritten; in another encoding when it is not in the one that its beginning looked like. */
async function rewritten(content: LocalContent, dialect: Dialect): Promise<Dialect> {
  if (dialect.encoding !== 'utf-8') return { ...dialect, rewritten: true };
  const foreign = await foreignBytes(content.path, dialect);
  const text = new TextDecoder().decode(foreign);
  let malformed = 0;
  let foreignCharacters = 0;
  for (const character of text) {
    if (character > '\x7f') foreignCharacters += 1;
    if (character === '\ufffd') malformed += 1;
  }
  const isOther = malformed > foreignCharacters / 10;
  return { ...dialect, rewritten: true, encoding: isOther ? legacyOf(foreign) : 'utf-8' };
}

const ENOUGH = 256 * 1024;
/** Bytes on both sides of one beyond ASCII that are looked at, too. */
const AROUND = 32;

/** The parts of a content that are not ASCII. */
async function foreignBytes(path: string, { compression }: Dialect): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const chunk of unpacked(path, compression)) {
    if (isAscii(chunk)) continue;
    let until = 0;
    for (let at = 0; at < chunk.length && size < ENOUGH; at += 1) {
      if (chunk[at]! < 0x80) continue;
      let end = at + 1;
      while (end < chunk.length && end < at + AROUND) end += 1;
      const part = chunk.subarray(Math.max(until, at - AROUND), end);
      parts.push(part);
      size += part.length;
      at = until = end;
    }
    if (size >= ENOUGH) break;
  }
  return Buffer.concat(parts);
}
