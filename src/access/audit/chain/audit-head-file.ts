import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { writeFileWhole } from '../../../core/write-file.js';
import type { Segment } from './chain.js';

const hex = z.string().regex(/^([0-9a-f]{2})+$/);

/** A signed end of the chain as it is kept outside of the database: JSON, in this file and in the log. */
const headSchema = z.strictObject({
  id: z.int().positive(),
  firstSeq: z.int().positive(),
  lastSeq: z.int().positive(),
  previousHash: hex,
  headHash: hex,
  openedAt: z.string(),
  sealedAt: z.string(),
  publicKey: hex,
  signature: hex,
});

const BYTES = ['previousHash', 'headHash', 'publicKey', 'signature'] as const;

export function headOf(segment: Segment): Record<string, unknown> {
  const head: Record<string, unknown> = {};
  for (const name of Object.keys(headSchema.shape) as (keyof Segment)[]) head[name] = segment[name];
  for (const name of BYTES) head[name] = segment[name].toString('hex');
  return head;
}

/** @throws when the text is not what `headOf` makes */
export function parseHead(text: string): Segment {
  const head = headSchema.parse(JSON.parse(text));
  const bytes = (name: (typeof BYTES)[number]): Buffer => Buffer.from(head[name], 'hex');
  return {
    ...head,
    previousHash: bytes('previousHash'),
    headHash: bytes('headHash'),
    publicKey: bytes('publicKey'),
    signature: bytes('signature'),
  };
}

/** `audit-head` in the data folder: the chain is at least so long, and this is what it was then. */
export class AuditHeadFile {
  private readonly path: string;

  constructor(dataDir: string) {
    this.path = join(dataDir, 'audit-head');
  }

  /** `null`: there is none. @throws when it is damaged */
  async read(): Promise<Segment | null> {
    try {
      return parseHead(await readFile(this.path, 'utf8'));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw new Error(`${this.path} is not what Stratum has written.`, { cause: error });
    }
  }

  async write(segment: Segment): Promise<void> {
    await writeFileWhole(this.path, `${JSON.stringify(headOf(segment))}\n`);
  }
}
