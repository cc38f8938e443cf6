import { randomBytes } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { freePort, untilReady } from './workspace.mjs';

const ROOT = join(import.meta.dirname, '..', '..');
const KEY = randomBytes(24).toString('base64url');

/** Every program is given back with `url`, and for the service with the headers that let a client in. */
export async function startService(workspace, settings = {}) {
  const port = await freePort();
  const dataDir = settings.STRATUM_DATA_DIR ?? workspace.folder('service');
  // With its defaults, but for the collector, which would remove bytes in the middle of a run.
  const started = workspace.start(process.execPath, [join(ROOT, 'dist', 'src', 'main.js')], {
    env: {
      ...serviceEnv(port, dataDir),
      ...settings,
    },
  });
  return await ready(started, port, '/health/ready', { dataDir, headers: serviceHeaders() });
}

/** As an operator starts it, npm included. */
export async function npmStart(workspace, dataDir) {
  const port = await freePort();
  const begun = performance.now();
  const started = workspace.start('npm', ['start'], { cwd: ROOT, env: serviceEnv(port, dataDir) });
  const at = await untilReady(`http://127.0.0.1:${port}/health/ready`, started, 10);
  return { seconds: (at - begun) / 1000, stop: () => started.stop() };
}

const serviceHeaders = () => ({ authorization: `Bearer ${KEY}` });

const serviceEnv = (port, dataDir) => ({
  PORT: String(port),
  STRATUM_DATA_DIR: dataDir,
  STRATUM_BOOTSTRAP_KEY: KEY,
  GC_INTERVAL_SECONDS: '0',
  SHUTDOWN_GRACE_SECONDS: '2',
});

/** The service without its guards: `servers/keyless-app.mjs`. */
export async function startKeyless(workspace) {
  const port = await freePort();
  const dataDir = workspace.folder('keyless');
  const started = startNode(workspace, 'keyless-app.mjs', [], { env: serviceEnv(port, dataDir) });
  return await ready(started, port, '/health/ready', { dataDir, headers: {} });
}

/** The service with a kind of jobs that does nothing: `servers/job-app.mjs`. */
export async function startWithNothing(workspace, settings = {}) {
  const port = await freePort();
  const dataDir = workspace.folder('jobs');
  const env = { ...serviceEnv(port, dataDir), ...settings };
  const started = startNode(workspace, 'job-app.mjs', [], { env });
  return await ready(started, port, '/health/ready', { dataDir, headers: serviceHeaders() });
}

/** The limit that an upload is held against: `servers/bare-sink.mjs`. */
export async function startBareSink(workspace) {
  const port = await freePort();
  const folder = workspace.folder('sink');
  const started = startNode(workspace, 'bare-sink.mjs', [String(port), folder]);
  return await ready(started, port, '/', { headers: {} });
}

/** The limit of requests a second: `servers/constant-app.mjs`, of the kind `bare` or `pipeline`. */
export async function startConstantApp(workspace, kind, body) {
  const port = await freePort();
  const args = [String(port), kind, JSON.stringify(body)];
  const started = startNode(workspace, 'constant-app.mjs', args);
  return await ready(started, port, '/v1/files/1', { headers: {} });
}

/** Debian's docker-registry, or null where it is not installed. */
export async function startRegistry(workspace) {
  const program = onPath('docker-registry');
  if (!program) return null;
  const port = await freePort();
  const folder = workspace.folder('registry');
  const config = join(folder, 'config.yml');
  writeFileSync(config, registryConfig(port, join(folder, 'store')));
  const started = workspace.start(program, ['serve', config]);
  const empty = () => workspace.remove(join(folder, 'store', 'docker', 'registry', 'v2', 'blobs'));
  return await ready(started, port, '/v2/', { headers: {}, empty });
}

const registryConfig = (port, store) => `version: 0.1
log: { level: error, accesslog: { disabled: true } }
storage:
  filesystem: { rootdirectory: ${JSON.stringify(store)} }
  maintenance: { uploadpurging: { enabled: false } }
http: { addr: '127.0.0.1:${port}' }
`;

/** A PostgreSQL that several services share, started as `npm test` starts its own. */
export async function startPostgres(workspace) {
  const { startEmbeddedPostgres } = await import('../../dist/src/core/database/embedded/index.js');
  const dataDir = workspace.folder('postgres');
  const postgres = await startEmbeddedPostgres({ dataDir, log: () => undefined });
  const stop = workspace.atEnd(() => postgres.stop());
  const { host, port, user } = postgres.connection;
  const url = (database) =>
    `postgres://${user}@localhost:${port}/${database}?host=${encodeURIComponent(host)}`;
  return { url: url('stratum'), stop };
}

/** A module of this folder's neighbours in a process of its own. */
export const startNode = (workspace, script, args, options) =>
  workspace.start(
    process.execPath,
    [join(import.meta.dirname, '..', 'servers', script), ...args],
    options,
  );

async function ready(started, port, path, more) {
  const url = `http://127.0.0.1:${port}`;
  await untilReady(url + path, started);
  return { url, pid: started.pid, stop: () => started.stop(), ...more };
}

const onPath = (name) =>
  process.env.PATH.split(delimiter)
    .map((folder) => join(folder, name))
    .find((file) => existsSync(file));
