import { mkdir, stat } from 'node:fs/promises';
import type { LocalContent } from '../../../core/contracts/dataset-reader.contract.js';
import type { Request } from '../engine.types.js';
import { openDatabase, type ChildDatabase } from './database.js';

/** What one request has in a child: contents, a DuckDB that sees nothing else, and a folder. */
export class Session {
  private constructor(
    private readonly local: LocalContent[],
    readonly database: ChildDatabase,
    /** Relative, as everything here: the folders above may be closed to this process. */
    readonly folder: string,
  ) {}

  static async begin(request: Extract<Request, { type: 'begin' }>): Promise<Session> {
    const { folder, contents, limits } = request;
    const work = `${folder}/work`;
    await mkdir(work, { mode: 0o700 });
    const local = contents.map((content, place) => ({ ...content, path: `${folder}/${place}` }));
    const database = await openDatabase(
      { paths: local.map(({ path }) => path), folder: work },
      limits,
    );
    return new Session(local, database, work);
  }

  /** Those that were given, each at its place, and after them those that were made. */
  get contents(): readonly LocalContent[] {
    return this.local;
  }

  /** A Parquet file of this name, which the session has written, as one more content. @returns its place */
  async addWritten(name: string): Promise<number> {
    const path = `${this.folder}/${name}`;
    const { size } = await stat(path);
    const content = { path, size, fileType: 'parquet', fileName: name, compressionType: null };
    return this.local.push(content) - 1;
  }

  async end(): Promise<void> {
    this.database.close();
  }
}
