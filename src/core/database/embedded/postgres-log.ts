import { constants } from 'node:fs';
import { open, rename, stat, type FileHandle } from 'node:fs/promises';

const LARGEST_LOG = 16 * 1024 * 1024;
const TAIL_BYTES = 4096;
const TAIL_LINES = 20;

/** The server's log; root opens it, so that it may lie where the account can't go. */
export class PostgresLog {
  private constructor(
    readonly path: string,
    private readonly handle: FileHandle,
    private readonly start: number,
  ) {}

  /** Appends; a log that has grown large is kept once, as `<path>.1`. */
  static async open(path: string): Promise<PostgresLog> {
    const size = await stat(path).then(
      (found) => found.size,
      () => 0,
    );
    if (size > LARGEST_LOG) await rename(path, `${path}.1`);
    // O_NOFOLLOW: as root, don't append to whatever a link planted here points at.
    const flags = constants.O_APPEND | constants.O_CREAT | constants.O_RDWR | constants.O_NOFOLLOW;
    const handle = await open(path, flags, 0o600);
    return new PostgresLog(path, handle, (await handle.stat()).size);
  }

  /** For the child's standard output and error. */
  get descriptor(): number {
    return this.handle.fd;
  }

  /** The last lines written since the log was opened. */
  async tail(): Promise<string> {
    const { size } = await this.handle.stat();
    const from = Math.max(this.start, size - TAIL_BYTES);
    const { buffer, bytesRead } = await this.handle.read({
      buffer: Buffer.alloc(TAIL_BYTES),
      position: from,
    });
    return lastLines(buffer.toString('utf8', 0, bytesRead));
  }

  async close(): Promise<void> {
    await this.handle.close();
  }
}

/** The end of a text, short enough for an error message. */
export function lastLines(text: string): string {
  return text.trimEnd().split('\n').slice(-TAIL_LINES).join('\n');
}
