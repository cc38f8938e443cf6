import { randomUUID } from 'node:crypto';
import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type {
  IDatasetReader,
  LocalContent,
  ReaderContext,
  TableDescription,
} from '../../src/core/contracts/dataset-reader.contract.js';

export interface ReadTable {
  description: TableDescription;
  /** As arrays, in the order of the columns. */
  rows: unknown[][];
}

export async function contentOf(
  bytes: string | Uint8Array,
  folder: string,
  fileName = 'file',
): Promise<LocalContent> {
  const path = join(folder, randomUUID());
  await writeFile(path, bytes);
  const { size } = await stat(path);
  return { path, size, fileType: '', fileName, compressionType: null };
}

/** All of a table, in the order of the content; relaxed where a scan asks for it, as the engine does. */
export async function readTable(
  reader: IDatasetReader,
  content: LocalContent,
  context: ReaderContext,
  given: Record<string, unknown> = {},
): Promise<ReadTable> {
  let description = await reader.describe(content, given, context);
  for (let relaxed = false; ; relaxed = true) {
    try {
      const { sql, rowIndex } = await reader.open(content, description, context);
      const names = description.columns.map(({ name }) => `"${name.replaceAll('"', '""')}"`);
      const list = [rowIndex, ...names].join(', ');
      const rows = await context.database.all(`SELECT ${list} FROM ${sql} ORDER BY 1`);
      rows.forEach(([index], at) => {
        if (index !== BigInt(at)) throw new Error(`row ${at} has the index ${String(index)}`);
      });
      return { description, rows: rows.map(([, ...values]) => values) };
    } catch (error) {
      const next = relaxed ? null : await reader.relax?.(content, description, error, context);
      if (!next) throw error;
      description = next;
    }
  }
}
