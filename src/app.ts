import { VersioningType, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Logger } from 'nestjs-pino';
import { AddressLimitMiddleware } from './access/index.js';
import { AppModule } from './app.module.js';
import type { Env } from './core/config/config.js';
import { migrate, type DatabaseAddress } from './core/database/index.js';
import { armFaultPoint } from './core/faults/fault-points.js';
import { switchOff } from './core/faults/fault-switches.js';
import { corsOptions } from './core/http/cors.options.js';
import { assignRequestId } from './core/http/request-id.js';
import { securityHeaders } from './core/http/security-headers.js';
import { refuseOddFraming, requireHost, tuneServer } from './core/http/server.js';
import { MIGRATIONS } from './migrations/index.js';
import { serveOpenApi } from './openapi.js';
import { tusProtocol } from './storage/index.js';

/** The whole application on this database, its schema up to date; initialised, not listening yet. */
export async function createApp(
  env: Env,
  database: DatabaseAddress,
  extensions: readonly Type[] = [],
): Promise<NestExpressApplication> {
  armFaultPoint(env.STRATUM_FAULT_POINT);
  switchOff(env.STRATUM_FAULT_SWITCH);
  await migrate(database, MIGRATIONS);
  const app = await NestFactory.create<NestExpressApplication>(
    AppModule.with(env, database, extensions),
    {
      // What fails here is thrown, and told once by whoever starts us.
      logger: false,
      abortOnError: false,
      // Bodies are read after the guard, by the route's own reader.
      bodyParser: false,
    },
  );
  app.disable('x-powered-by');
  // `a[b]=c` stays a plain name: nobody here takes nested query parameters.
  app.set('query parser', 'simple');
  // A number of hops and never `true`: whoever is trusted at any distance can say any address.
  app.set('trust proxy', env.TRUST_PROXY_HOPS);
  // Before CORS, which answers OPTIONS by itself.
  app.use(assignRequestId, securityHeaders(), tusProtocol(env.UPLOAD_MAX_BYTES));
  if (env.CORS_ORIGINS.length > 0) app.enableCors(corsOptions(env.CORS_ORIGINS));
  const addresses = app.get(AddressLimitMiddleware);
  app.use(refuseOddFraming, requireHost, addresses.use.bind(addresses));
  app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
  tuneServer(app.getHttpServer(), {
    maxConnections: env.MAX_CONNECTIONS,
    stallSeconds: env.DOWNLOAD_STALL_SECONDS,
  });
  serveOpenApi(app);
  await app.init();
  // From here on: what Nest tells of its own start is of no use to an operator.
  app.useLogger(app.get(Logger));
  return app;
}
