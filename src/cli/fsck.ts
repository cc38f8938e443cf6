import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { loadEnv } from '../core/config/load-env.js';
import type { Env } from '../core/config/config.js';
import type { IStorageBackend } from '../core/contracts/storage-backend.contract.js';
import { JobUsesRepository } from '../analysis/index.js';
import { ComponentUsesRepository, OverlayUsesRepository } from '../datasets/index.js';
import {
  checkStore,
  FSCK_KINDS,
  strangersOf,
  withInstalledStore,
  type FsckFinding,
  type FsckOptions,
  type FsckProgress,
} from '../storage/index.js';
import { DerivedUsesRepository } from '../tabular/index.js';
import { withInstalledDatabase } from './command-database.js';
import { runCommand } from './run-command.js';

const USAGE = `npm run fsck -- [--read-data[=<percent>]] [--repair] [--json] [--seed <number>]

Tells whether every file has its bytes, every object its file, and every count is right. Works beside a
running service and on a stopped one. Changes nothing without --repair.

  --read-data   reads every file to its last byte and hashes it; with =10 one in ten of them, by chance
  --repair      mends what can be mended, and marks what is lost. Deletes no bytes. Not after a restore of
                the database until you know what you want to keep.
  --json        each finding as a line of JSON, and the report as the last one
  --seed        chooses the same files again as an earlier run, which has printed it

What it can find:
${Object.entries(FSCK_KINDS)
  .map(([kind, { means, repair }]) => `  ${kind}\n      ${means}\n      --repair: ${repair ?? '-'}`)
  .join('\n')}

Ends with 0 when nothing is left to mend, 1 when something is, 2 when it could not look.`;

const OPTIONS = {
  'read-data': { type: 'string' },
  repair: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  seed: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const;

class UsageError extends Error {}

/** 1 is for findings. */
const COULD_NOT_LOOK = 2;

async function main(): Promise<number> {
  // parseArgs knows no option whose value may be left out.
  const args = process.argv.slice(2).map((arg) => (arg === '--read-data' ? `${arg}=100` : arg));
  const { values } = parseArgs({ args, options: OPTIONS });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const options = {
    readData: numberOf('read-data', values['read-data'] ?? '0', 100),
    repair: values.repair,
    seed: numberOf('seed', values.seed ?? String(randomInt(2 ** 32)), 2 ** 32),
  };
  const tell = values.json ? (found: FsckFinding) => JSON.stringify(found) : inWords;
  const report = await check(loadEnv(), options, (found) => console.log(tell(found)));
  console.log(
    values.json
      ? JSON.stringify({ ok: report.left === 0, ...report, ...options })
      : sum(report, options),
  );
  return report.left === 0 ? 0 : 1;
}

function numberOf(name: string, text: string, most: number): number {
  const number = Number(text);
  if (text.trim() === '' || !(number >= 0 && number <= most)) {
    throw new UsageError(`--${name} must be a number from 0 to ${most}.\n\n${USAGE}`);
  }
  return number;
}

const check = (
  env: Env,
  options: FsckOptions,
  tell: (finding: FsckFinding) => void,
): Promise<Readonly<FsckProgress>> =>
  withInstalledDatabase(env, (unitOfWork) => {
    const look = async (backend: IStorageBackend): Promise<Readonly<FsckProgress>> => {
      const meter = createMeter();
      const parts = {
        unitOfWork,
        backend,
        strangers: strangersOf(env),
        uses: [
          new ComponentUsesRepository(),
          new DerivedUsesRepository(),
          new JobUsesRepository(),
          new OverlayUsesRepository(),
        ],
        retainSeconds: env.GC_RETAIN_SECONDS,
      };
      const onFinding = (finding: FsckFinding): void => {
        meter.clear();
        tell(finding);
      };
      const report = await checkStore(parts, { ...options, onFinding, onProgress: meter.show });
      meter.clear();
      return report;
    };
    // A repair writes nothing to the store either: it marks rows.
    return withInstalledStore(env, look, { readOnly: true });
  });

/** A line on the terminal that tells how far it is; nothing where stderr is no terminal. */
function createMeter(): {
  show: (progress: Readonly<FsckProgress>) => void;
  clear: () => void;
} {
  let shownAt = -Infinity;
  const write = (text: string): void => {
    if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
  };
  return {
    show: ({ phase, files, filesTotal, objects, bytes }) => {
      if (performance.now() - shownAt < 200) return;
      shownAt = performance.now();
      write(`${phase}: ${files} of ${filesTotal} files, ${objects} objects, ${mib(bytes)} read`);
    },
    clear: () => write(''),
  };
}

const mib = (bytes: number): string => `${(bytes / 1024 ** 2).toFixed(1)} MiB`;

function inWords(finding: FsckFinding): string {
  const { kind, outcome, message, fileId, contentHash, uses = [], references = 0 } = finding;
  const named = fileId === undefined ? '' : ` file ${fileId}`;
  const hash = contentHash === undefined ? '' : ` (sha256:${contentHash})`;
  const more = references > uses.length ? [`    … ${references} references in all`] : [];
  return [
    `${kind}${named}${hash}: ${message} [${outcome}]`,
    ...uses.map((use) => `    used by ${use}`),
    ...(uses.length > 0 ? more : []),
  ].join('\n');
}

function sum(report: Readonly<FsckProgress>, { readData, repair, seed }: FsckOptions): string {
  const { files, objects, bytes, findings, left, byKind } = report;
  const kinds = Object.entries(byKind).map(([kind, count]) => `${count} ${kind}`);
  return [
    `${files} files and ${objects} objects were looked at, ${mib(bytes)} were read.`,
    ...(readData > 0 && readData < 100
      ? [`${readData} % of the files were read; --seed ${seed}`]
      : []),
    ...(findings > 0 ? [`Found: ${kinds.join(', ')}. Left: ${left}.`] : []),
    ...(left > 0 && !repair
      ? ['--repair mends what can be mended; --help tells what that is.']
      : []),
    left === 0 ? 'Every file has its bytes.' : 'SOMETHING IS WRONG.',
  ].join('\n');
}

await runCommand(main, COULD_NOT_LOOK);
