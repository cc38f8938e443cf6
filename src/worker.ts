import type { INestApplicationContext, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Logger } from 'nestjs-pino';
import { AppModule } from './app.module.js';
import type { Env } from './core/config/config.js';
import { migrate, type DatabaseAddress } from './core/database/index.js';
import { MIGRATIONS } from './migrations/index.js';

/** The whole application on this database, but for HTTP: it works on jobs until it is closed. */
export async function startWorker(
  env: Env,
  database: DatabaseAddress,
  extensions: readonly Type[] = [],
): Promise<INestApplicationContext> {
  await migrate(database, MIGRATIONS);
  const worker = await NestFactory.createApplicationContext(
    AppModule.with(env, database, extensions),
    { logger: false, abortOnError: false },
  );
  worker.useLogger(worker.get(Logger));
  return worker;
}
