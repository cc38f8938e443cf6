import { mkdir } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { PinoLogger } from 'nestjs-pino';
import { symbols } from 'pino';
import { AuditSealer, BootstrapKeyService } from './access/index.js';
import { createApp } from './app.js';
import { InvalidEnvironmentError, loadEnv } from './core/config/load-env.js';
import type { Env } from './core/config/config.js';
import type { DatabaseAddress } from './core/database/index.js';
import { AppError } from './core/errors/index.js';
import { HealthChecks } from './core/health/health-checks.js';
import { drainServer } from './core/http/server.js';
import { greeting } from './greeting.js';

interface OpenDatabase {
  address: DatabaseAddress;
  stop(): Promise<void>;
}

/** Starts the service and stops it at SIGTERM or SIGINT. A fault at start ends with exit code 1. */
export async function run(): Promise<void> {
  let database: OpenDatabase | null = null;
  try {
    const env = loadEnv();
    await mkdir(env.STRATUM_DATA_DIR, { recursive: true });
    database = await openDatabase(env);
    const app = await createApp(env, database.address);
    stopOnSignal(app, database, env);
    await app.listen(env.PORT, env.HOST);
    const url = await app.getUrl();
    // It logs the end of the audit log: before the greeting, which is to be the last on a terminal.
    await app.get(AuditSealer, { strict: false }).catchUp();
    print(greeting(url, app.get(BootstrapKeyService).bootstrapKey, env));
  } catch (error) {
    console.error(isExpected(error) ? `Stratum cannot start. ${error.message}` : error);
    await database?.stop();
    process.exit(1);
  }
}

/** By the way of the log, whose lines are written later than those of `console.log`: so behind them. */
function print(text: string): void {
  const { [symbols.streamSym]: log } = PinoLogger.root as unknown as Record<symbol, Writable>;
  (log ?? process.stdout).write(`${text}\n`);
}

/** The server that DATABASE_URL names, else the embedded one, whose code is loaded only then. */
async function openDatabase(env: Env): Promise<OpenDatabase> {
  if (env.DATABASE_URL) return { address: { url: env.DATABASE_URL }, stop: async () => undefined };
  const { startEmbeddedPostgres } = await import('./core/database/embedded/index.js');
  const postgres = await startEmbeddedPostgres({
    dataDir: env.STRATUM_DATA_DIR,
    log: (message) => console.error(message),
    describe: () => ({ address: `http://${env.HOST}:${env.PORT}` }),
  });
  return { address: postgres.connection, stop: () => postgres.stop() };
}

function stopOnSignal(app: NestExpressApplication, database: OpenDatabase, env: Env): void {
  let isStopping = false;
  const stop = async (signal: NodeJS.Signals): Promise<void> => {
    // A second signal means now.
    if (isStopping) process.exit(1);
    isStopping = true;
    console.error(`${signal}: ending the running requests …`);
    try {
      app.get(HealthChecks).drain();
      await drainServer(app.getHttpServer(), env.SHUTDOWN_GRACE_SECONDS);
      await app.close();
      await database.stop();
      process.exit(0);
    } catch (error) {
      console.error(error);
      process.exit(1);
    }
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.on(signal, (name) => void stop(name));
}

/** Faults that are the operator's to mend: told in words, without a stack. */
function isExpected(error: unknown): error is Error {
  if (error instanceof InvalidEnvironmentError || error instanceof AppError) return true;
  const { name, code } = (error ?? {}) as { name?: string; code?: string };
  return (
    [
      'DataFolderInUseError',
      'EmbeddedPostgresUnavailableError',
      'EmbeddedPostgresFailedError',
    ].includes(name ?? '') || ['EADDRINUSE', 'EACCES', 'ECONNREFUSED'].includes(code ?? '')
  );
}
