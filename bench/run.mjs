/**
 * Measures what docs/performance.md promises, side by side in one run, and prints ratios: absolute
 * numbers are a machine's, a ratio to a limit of the same machine in the same minute is ours.
 */
import { statfsSync } from 'node:fs';
import { parseOptions, USAGE } from './lib/options.mjs';
import { environment, tableRows, writeReport } from './lib/report.mjs';
import { Workspace } from './lib/workspace.mjs';

const PARTS = [
  'upload',
  'download',
  'memory',
  'metadata',
  'access',
  'small-uploads',
  'dedup',
  'ready',
  'pages',
  'commit',
  'first-version',
  'version-pages',
  'diff',
  'dataset-pages',
  'search',
  'tables',
  'sampling',
  'table-pages',
  'row-diff',
  'patched-pages',
  'jobs',
  'busy',
];
const TMPFS = 0x01021994;

async function main() {
  const options = parseOptions(process.argv.slice(2), PARTS);
  if (options.help) return console.log(USAGE);
  warnOfMemoryDisk(options.dir);
  console.log(`${environment()}\n`);
  const workspace = new Workspace(options.dir);
  closeOnSignal(workspace);
  const [measured, failed] = [new Map(), []];
  try {
    for (const part of options.parts) {
      const rows = await runPart(part, { workspace, options });
      if (rows) measured.set(part, tableRows(part, rows, today()));
      else failed.push(part);
    }
  } finally {
    await workspace.close();
  }
  if (options.write && measured.size > 0) {
    console.log(`Written to ${await writeReport(measured, PARTS)}`);
  }
  if (failed.length > 0) {
    console.error(`These parts could not be measured: ${failed.join(', ')}`);
    process.exitCode = 1;
  }
}

/** The rows of a part, or null when it failed to run. A missed target is no failure. */
async function runPart(part, context) {
  console.log(`== ${part}`);
  try {
    const { run } = await import(`./parts/${part}.mjs`);
    const rows = await run({ ...context, log: (text) => console.log(`   ${text}`) });
    for (const { what, measured, against, result, target, verdict } of rows) {
      console.log(`   ${what}: ${measured}; ${against}`);
      console.log(`     → ${result}${target && `   target ${target}: ${verdict}`}`);
    }
    return rows;
  } catch (error) {
    console.error(error);
    return null;
  }
}

function closeOnSignal(workspace) {
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.once(signal, () => {
      console.error(`${signal}: ending the measured processes …`);
      void workspace.close().finally(() => process.exit(1));
    });
  }
}

function warnOfMemoryDisk(dir) {
  if (statfsSync(dir).type !== TMPFS) return;
  console.error(`!! ${dir} is kept in memory: fsync costs nothing there. Use --dir on a disk.\n`);
}

const today = () => new Date().toISOString().slice(0, 10);

try {
  await main();
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
