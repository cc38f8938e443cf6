import { parseArgs } from 'node:util';
import { Logger } from '@nestjs/common';
import { auditLogOfCommand } from '../access/index.js';
import { loadEnv } from '../core/config/load-env.js';
import { collectGarbage, type CollectionReport } from '../storage/index.js';
import { withInstalledDatabase } from './command-database.js';
import { runCommand } from './run-command.js';

const USAGE = `npm run gc -- [--dry-run] [--force] [--accept-restore] [--json]

Removes what nobody refers to, as the service does by itself each minute: one turn, now. Works beside a
running service and on a stopped one. Grace and retention are the settings' (GC_GRACE_SECONDS,
GC_RETAIN_SECONDS).

  --dry-run         tell what a turn would do now, and change nothing
  --force           for this turn no matter how much would go: lifts the brake of GC_MAX_PERCENT
  --accept-restore  this database is the one that counts, though the store has seen a later one:
                    collection goes on, and what only the later one knew of may be removed
  --json            the report as one JSON object

Ends with 0 when it is done, 1 when removals have failed (they are tried again), 2 when a brake has held it
back, 3 when it could not run.`;

const OPTIONS = {
  'dry-run': { type: 'boolean', default: false },
  force: { type: 'boolean', default: false },
  'accept-restore': { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

const DONE = 0;
const FAILED_REMOVALS = 1;
const HELD_BACK = 2;
const COULD_NOT_RUN = 3;

type Report = Awaited<ReturnType<typeof collectGarbage>>;

async function main(): Promise<number> {
  const { values } = parseArgs({ options: OPTIONS });
  if (values.help) {
    console.log(USAGE);
    return DONE;
  }
  // What it would log is in the report.
  Logger.overrideLogger(false);
  const env = loadEnv();
  const options = {
    dryRun: values['dry-run'],
    force: values.force,
    acceptRestore: values['accept-restore'],
  };
  const report = await withInstalledDatabase(env, (unitOfWork) =>
    collectGarbage(env, unitOfWork, auditLogOfCommand(), options),
  );
  console.log(values.json ? JSON.stringify(report) : inWords(report));
  if (report.heldBack) return HELD_BACK;
  return report.failed > 0 ? FAILED_REMOVALS : DONE;
}

function inWords(report: Report): string {
  const { dryRun, heldBack, failed, failures } = report;
  return [
    dryRun ? 'A turn would do this now; nothing was changed.' : 'One turn is done.',
    ...linesOf(report),
    ...(failed > 0 ? [`  ${failed} removals failed and will be tried again`] : []),
    ...(heldBack ? ['', `HELD BACK: ${heldBack.detail}`, ...linesOf(heldBack)] : []),
    ...(failures.count > 0 ? ['', `Failing so far: ${failures.count} removals`] : []),
    ...failures.items.map(
      ({ storageKey, attempts, lastError, nextTryAt }) =>
        `  ${storageKey}: ${attempts} times, next at ${nextTryAt.toISOString()}: ${lastError}`,
    ),
  ].join('\n');
}

type Removals = Pick<CollectionReport, 'reaped' | 'expired' | 'doomed' | 'deleted'>;

const linesOf = ({ reaped, expired, doomed, deleted }: Removals): string[] => [
  `  ${reaped} dead uploads given up`,
  `  ${expired} holds ended, whose time was over`,
  `  ${doomed.objects} files marked for removal, ${inBytes(doomed.bytes)}`,
  `  ${deleted.objects} objects removed, ${inBytes(deleted.bytes)}`,
];

function inBytes(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
  const step = Math.min(Math.floor(Math.log2(Math.max(bytes, 1)) / 10), units.length - 1);
  return step === 0 ? `${bytes} bytes` : `${(bytes / 1024 ** step).toFixed(1)} ${units[step]}`;
}

await runCommand(main, COULD_NOT_RUN);
