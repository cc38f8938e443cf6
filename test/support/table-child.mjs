/**
 * Reads one content after the other, as its parent sends their paths, and says how it ended: in a process
 * of its own, since a crafted file may end it. Built files: Node runs them as they are.
 */
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { chooseReader, readerOf } from '../../dist/src/tabular/readers/readers.js';
import { headOf } from '../../dist/src/tabular/readers/shared/unpacked.js';

const instance = await DuckDBInstance.create(':memory:', { threads: '2', memory_limit: '512MB' });
const connection = await instance.connect();
const database = { all: async (sql) => (await connection.runAndReadAll(sql)).getRows() };

async function read({ path, fileName }) {
  const folder = await mkdtemp(join(tmpdir(), 'stratum-hostile-'));
  try {
    const { size } = await stat(path);
    const content = { path, size, fileType: '', fileName, compressionType: null };
    const reader = chooseReader(await headOf(content), content);
    if (!reader) return { code: 'not-tabular' };
    const context = { database, folder };
    const description = await reader.describe(content, {}, context);
    const { sql } = await readerOf(description.format).open(content, description, context);
    try {
      await database.all(`SELECT count(*), count(COLUMNS(*)) FROM ${sql}`);
    } catch (error) {
      return { code: 'scan-failed', message: String(error) };
    }
    return { code: 'read' };
  } catch (error) {
    return { code: error.code ?? 'unexpected', message: String(error.stack ?? error) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

process.on('message', (content) => {
  void read(content).then((result) =>
    process.send({ ...result, megabytes: Math.round(process.resourceUsage().maxRSS / 1024) }),
  );
});
process.send('ready');
