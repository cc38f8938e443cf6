/**
 * A process that starts or shares an embedded PostgreSQL and tells by JSON lines what came of it:
 * `node embedded-postgres-holder.mjs <launcher> start|share <data folder>`.
 * A line on standard input, or its end, makes it stop.
 */
import { pathToFileURL } from 'node:url';

const [launcher, mode, dataDir] = process.argv.slice(2);
const { startEmbeddedPostgres, shareEmbeddedPostgres } = await import(pathToFileURL(launcher).href);
const tell = (event) => process.stdout.write(`${JSON.stringify(event)}\n`);
const begun = performance.now();
try {
  const postgres = await (mode === 'share' ? shareEmbeddedPostgres : startEmbeddedPostgres)({
    dataDir,
    log: (message) => tell({ event: 'log', message }),
    describe: () => ({ command: `test ${mode}`, address: 'http://127.0.0.1:3000' }),
  });
  const ms = Math.round(performance.now() - begun);
  tell({ event: 'ready', owned: postgres.owned, connection: postgres.connection, ms });
  process.stdin.resume();
  await new Promise((resolve) => process.stdin.once('data', resolve).once('end', resolve));
  await Promise.all([postgres.stop(), postgres.stop()]);
  tell({ event: 'stopped' });
  process.exit(0);
} catch (error) {
  const { name, message, pid, startedAt, holder, logTail } = error;
  tell({ event: 'failed', name, message, pid, startedAt, holder, logTail });
  process.exit(1);
}
