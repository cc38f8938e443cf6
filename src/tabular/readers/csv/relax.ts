import { isAscii } from 'node:buffer';
import type {
  LocalContent,
  ReaderContext,
  TableDescription,
} from '../../../core/contracts/dataset-reader.contract.js';
import type { Dialect } from './dialect.js';
import { byteEncodingOf } from './encoding.js';
import { NOT_WHOLE, type Source } from './relation.js';
import { rewrittenResult } from './rewrite.js';
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
  const kind = kindOf(error);
  let dialect = description.options as unknown as Dialect;
  if (dialect.checked || kind === 'other') return null;
  const { columns } = description;
  if (kind === 'rows' && !dialect.rewritten) dialect = await rewritten(content, dialect);
  for (;;) {
    const source = await open(content, { options: { ...dialect }, columns }, folder);
    try {
      const proven = await provenTypes(database, source, dialect, columns);
      const notes = dialect.rewritten ? await notesOf(source) : [];
      return changed(
        { ...description, warnings: [...description.warnings, ...notes] },
        dialect,
        proven,
      );
    } catch (failure) {
      if (dialect.rewritten || kindOf(failure) !== 'rows') throw failure;
      dialect = await rewritten(content, dialect);
    }
  }
}

function kindOf(error: unknown): 'types' | 'rows' | 'other' {
  const message = error instanceof Error ? error.message : String(error);
  if (OF_TYPES.test(message) || message.includes(NOT_WHOLE)) return 'types';
  return OF_ROWS.test(message) ? 'rows' : 'other';
}

/** What the whole content has shown. */
async function notesOf({ path }: Source): Promise<string[]> {
  const { malformed, short, rejected } = await rewrittenResult(path);
  const notes: string[] = [];
  const say = (count: number, what: string): void => {
    if (count > 0) notes.push(`${count.toLocaleString('en')} ${what}`);
  };
  say(malformed, 'characters are malformed: each is read as U+FFFD.');
  say(short, 'rows have fewer cells than there are columns: the others are empty.');
  say(rejected.count, 'rows have more cells than there are columns: they are not in the table.');
  return notes;
}

function changed(
  description: TableDescription,
  dialect: Dialect,
  columns: TableDescription['columns'],
): TableDescription {
  const widened = columns.filter(({ type }, at) => type !== description.columns[at]!.type);
  const warnings = widened
    .slice(0, 20)
    .map(
      ({ name, type }) => `Not all values of ${name} are as the first ones: its type is ${type}.`,
    );
  return {
    ...description,
    columns,
    options: { ...dialect, checked: true, wide: [] },
    warnings: [...description.warnings, ...warnings],
  };
}

/** The same, rewritten; in another encoding when it is not in the one that its beginning looked like. */
async function rewritten(content: LocalContent, dialect: Dialect): Promise<Dialect> {
  if (dialect.encoding !== 'utf-8') return { ...dialect, rewritten: true };
  const encoding = byteEncodingOf(await foreignBytes(content.path, dialect));
  return { ...dialect, rewritten: true, encoding };
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
