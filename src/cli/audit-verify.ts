import { parseArgs } from 'node:util';
import { verifyAuditLog, type AuditReport } from '../access/index.js';
import { loadEnv } from '../core/config/load-env.js';
import { withInstalledDatabase } from './command-database.js';
import { runCommand } from './run-command.js';

const USAGE = `npm run audit:verify -- [--json] [--trust <fingerprint>]… [--head <file>]…

Tells whether the audit log is what was written. Works beside a running service and on a stopped one.

  --json    the report as one JSON object
  --trust   SHA-256 of a public key that is trusted beside this installation's own: of a replica with a
            key of its own, or of the key before this one
  --head    a file with an end of the chain (auditHead of a log line) to compare with, beside audit-head

Ends with 0 when nothing was found, 1 when something was, 2 when it could not look.`;

const OPTIONS = {
  json: { type: 'boolean', default: false },
  trust: { type: 'string', multiple: true, default: [] as string[] },
  head: { type: 'string', multiple: true, default: [] as string[] },
  help: { type: 'boolean', default: false },
} as const;

async function main(): Promise<number> {
  const { values } = parseArgs({ options: OPTIONS });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const env = loadEnv();
  const report = await withInstalledDatabase(env, (unitOfWork) =>
    verifyAuditLog(env, unitOfWork, { trust: values.trust, heads: values.head }),
  );
  console.log(values.json ? JSON.stringify(report) : inWords(report));
  return report.ok ? 0 : 1;
}

function inWords(report: AuditReport): string {
  const { head, unsealed, findings } = report;
  const more = report.findingsInAll - findings.length;
  return [
    ...findings.map(({ fault, seq, message }) => `${fault} (seq ${seq ?? '-'}): ${message}`),
    ...(more > 0 ? [`… and ${more} more`] : []),
    `${report.entries} entries hold, in ${report.segments} segments of which ${report.dropped} were dropped.`,
    head ? `The chain ends at seq ${head.seq}: ${head.hash}` : 'The chain is empty.',
    report.heads > 0
      ? `Compared with ${report.heads} ends of the chain that were kept elsewhere.`
      : 'No end of the chain was kept elsewhere: that it was cut off could not be seen.',
    ...report.keys.map((key) => `Signed with ${key}`),
    unsealed.entries > 0
      ? `Not sealed yet: ${unsealed.entries} entries, the oldest of ${unsealed.oldestAt}.`
      : 'Nothing waits for its seal.',
    report.ok ? 'The audit log is what was written.' : 'THE AUDIT LOG WAS CHANGED.',
  ].join('\n');
}

/** 1 is for a log that was changed. */
const COULD_NOT_LOOK = 2;

await runCommand(
  main,
  COULD_NOT_LOOK,
  'This database has no audit log yet: start the service once to have it migrated.',
);
