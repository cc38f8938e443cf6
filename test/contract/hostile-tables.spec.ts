import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createGzip } from 'node:zlib';
import { buffer } from 'node:stream/consumers';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { tableToIPC, tableFromArrays } from 'apache-arrow';
import { parquetWriteBuffer } from 'hyparquet-writer';

const SEED = 20_260_101;
const MUTATIONS = process.env.TABLES === 'full' ? 1000 : 50;
/** Milliseconds and MiB that a content may take. */
const DEADLINE = 10_000;
const MEMORY = 1024;
/** Of all mutations of a format. */
const MAX_STOPPED = 1 / 200;

interface Outcome {
  code: string;
  message?: string;
  megabytes?: number;
}

/** Small, fast and the same everywhere. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function mutated(bytes: Buffer, pick: (below: number) => number): Buffer {
  const copy = Buffer.from(bytes);
  const edits = 1 + pick(4);
  for (let n = 0; n < edits; n++) copy[pick(copy.length)] = pick(256);
  const kind = pick(4);
  if (kind === 0) return copy.subarray(0, pick(copy.length));
  if (kind > 1) return copy;
  const at = pick(copy.length);
  return Buffer.concat([copy.subarray(0, at), copy.subarray(at + pick(16))]);
}

describe('hostile contents', () => {
  let folder: string;
  let child: ChildProcess | null = null;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'stratum-hostile-'));
  });
  afterAll(async () => {
    child?.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  });

  /** A child that ended, or took too long, is replaced: for the engine that is an error of the one file. */
  const outcomeOf = async (bytes: Uint8Array, fileName: string): Promise<Outcome> => {
    const path = join(folder, 'content');
    await writeFile(path, bytes);
    if (!child) {
      child = fork('test/support/table-child.mjs', {
        stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
        execArgv: [],
      });
      await once(child, 'message');
    }
    const running = child;
    let timer: NodeJS.Timeout | undefined;
    const outcome = await Promise.race([
      once(running, 'message').then(([message]) => message as Outcome),
      once(running, 'exit').then(([code, signal]): Outcome => ({
        code: `ended by ${String(code ?? signal)}`,
      })),
      new Promise<Outcome>((resolve) => {
        timer = setTimeout(() => resolve({ code: 'too slow' }), DEADLINE);
      }),
      new Promise<never>((_, reject) => {
        running.send({ path, fileName }, (error) => error && reject(error));
      }),
    ]);
    clearTimeout(timer);
    if (/^(?:ended|too slow)/.test(outcome.code)) {
      running.kill('SIGKILL');
      child = null;
    }
    return outcome;
  };

  const samples: [string, () => Promise<Buffer>][] = [
    [
      'parquet',
      () =>
        Promise.resolve(
          Buffer.from(
            parquetWriteBuffer({
              columnData: [
                { name: 'n', data: Array.from({ length: 300 }, (_, n) => n), type: 'INT32' },
                {
                  name: 's',
                  data: Array.from({ length: 300 }, (_, n) => `text ${n % 7}`),
                  type: 'STRING',
                },
              ],
            }),
          ),
        ),
    ],
    [
      'json',
      async () => (await readFile('node_modules/vega-datasets/data/barley.json')).subarray(0),
    ],
    [
      'arrow',
      () =>
        Promise.resolve(
          Buffer.from(
            tableToIPC(
              tableFromArrays({
                n: Int32Array.from({ length: 300 }, (_, n) => n),
                f: Float64Array.from({ length: 300 }, Math.sqrt),
              }),
              'file',
            ),
          ),
        ),
    ],
    ['xlsx', () => readFile('test/support/workbook.xlsx')],
  ];

  it.each(samples)(
    'damaged at random as %s end in a table or a refusal',
    async (format, sample) => {
      const bytes = await sample();
      const pick = random(SEED);
      const counts: Record<string, number> = {};
      for (let n = 0; n < MUTATIONS; n++) {
        const {
          code,
          message,
          megabytes = 0,
        } = await outcomeOf(mutated(bytes, pick), `file.${format}`);
        counts[code] = (counts[code] ?? 0) + 1;
        // What makes apache-arrow loop is stopped at the deadline, as the engine does it: rarely.
        const stopped = counts['too slow'] ?? 0;
        if (code === 'unexpected' || stopped > MUTATIONS * MAX_STOPPED || megabytes > MEMORY) {
          throw new Error(
            `mutation ${n} of seed ${SEED}: ${code}, ${megabytes} MiB, ${message ?? ''}`,
          );
        }
      }
      process.stdout.write(`${format}: ${JSON.stringify(counts)}\n`);
      expect(Object.values(counts).reduce((a, b) => a + b)).toBe(MUTATIONS);
    },
    MUTATIONS * 2000 + 30_000,
  );

  it.each([
    ['a.json.gz', '[', ' ', /unpacks to more than/],
    ['a.csv.gz', '', 'a', /Line 1 is longer than/],
  ])(
    'that unpack to a thousand times their size are stopped: %s',
    async (name, first, rest, why) => {
      const many = Buffer.alloc(1024 * 1024, rest);
      const chunks = [Buffer.from(first), ...Array.from({ length: 128 }, () => many)];
      const bomb = await buffer(Readable.from(chunks).pipe(createGzip()));
      expect(await outcomeOf(bomb, name)).toMatchObject({
        code: 'table-unreadable',
        message: expect.stringMatching(why),
      });
    },
  );

  it.each<[string, Buffer]>([
    ['PNG', Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10])],
    ['PDF', Buffer.from('%PDF-1.7\n%âãÏÓ')],
    ['a zip', Buffer.from([0x50, 0x4b, 3, 4, 20, 0, 0, 0])],
  ])('that are %s are no table', async (_, bytes) => {
    expect(await outcomeOf(bytes, 'data.json')).toMatchObject({ code: 'not-tabular' });
  });
});
