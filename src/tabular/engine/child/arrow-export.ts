import { closeSync, openSync, writeSync } from 'node:fs';
import type { DuckDBResult, DuckDBType, DuckDBValue } from '@duckdb/node-api';
import type { ArrowColumn } from './arrow-columns.js';

/**
 * Writes rows as an Arrow IPC file: each chunk that DuckDB gives becomes a record batch and is on disk
 * before the next is asked for, so that no more than one is in memory. The file is only appended to.
 * @returns rows
 */
export async function writeArrow(result: DuckDBResult, path: string): Promise<number> {
  const { AsyncByteQueue, Field, makeData, RecordBatch, RecordBatchFileWriter, Schema, Struct } =
    await import('apache-arrow');
  const { arrowColumn } = await import('./arrow-columns.js');
  const columns = result.columnTypes().map((type: DuckDBType): ArrowColumn => arrowColumn(type));
  const names = result.columnNames();
  const schema = new Schema(
    columns.map(({ type }, place) => new Field(names[place] ?? '', type, true)),
  );
  const file = openSync(path, 'w');
  /** In place of the library's queue, which would hold whatever nobody has read yet. */
  class FileQueue extends AsyncByteQueue {
    override write(bytes: Uint8Array): void {
      for (let at = 0; at < bytes.byteLength;) at += writeSync(file, bytes, at);
    }
  }
  try {
    const writer = new RecordBatchFileWriter().reset(new FileQueue(), schema);
    let rows = 0;
    for (
      let chunk = await result.fetchChunk();
      chunk?.rowCount;
      chunk = await result.fetchChunk()
    ) {
      const length = chunk.rowCount;
      const children = columns.map((column, place) =>
        column.dataOf(chunk.getColumnValues(place) as DuckDBValue[]),
      );
      const type = new Struct(schema.fields);
      writer.write(new RecordBatch(schema, makeData({ type, length, nullCount: 0, children })));
      rows += length;
    }
    writer.finish();
    return rows;
  } finally {
    closeSync(file);
  }
}
