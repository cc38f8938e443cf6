import {
  Global,
  Module,
  type DynamicModule,
  type MiddlewareConsumer,
  type NestModule,
} from '@nestjs/common';
import { APP_FILTER, APP_PIPE, DiscoveryModule } from '@nestjs/core';
import { LoggerModule } from 'nestjs-pino';
import { ENV, type Env } from './config/config.js';
import { EVENT_BUS } from './contracts/event-bus.contract.js';
import { DatabaseModule, type DatabaseAddress } from './database/index.js';
import { ProblemFilter } from './http/problems/problem.filter.js';
import { InProcessEventBus } from './events/in-process.event-bus.js';
import { HealthChecks } from './health/health-checks.js';
import { HealthController } from './health/health.controller.js';
import { JsonBodyGuard } from './http/json-body.guard.js';
import { loggerOptions } from './http/logger.options.js';
import { NdjsonReader } from './http/ndjson-reader.js';
import { RoutePermissionsCheck } from './http/route-permissions.check.js';
import { IdempotencyModule } from './idempotency/idempotency.module.js';
import { MetricsController } from './metrics/metrics.controller.js';
import { Metrics } from './metrics/metrics.js';
import { RequestMetricsMiddleware } from './metrics/request-metrics.middleware.js';
import { createValidationPipe } from './validation/validation.js';

/** What every slice stands on: settings, database, errors, events, HTTP. Knows no slice. */
@Global()
@Module({})
export class CoreModule implements NestModule {
  static with(env: Env, address: DatabaseAddress): DynamicModule {
    return {
      module: CoreModule,
      imports: [
        LoggerModule.forRoot(loggerOptions(env)),
        DatabaseModule.at(address),
        DiscoveryModule,
        IdempotencyModule,
      ],
      controllers: [HealthController, MetricsController],
      providers: [
        { provide: ENV, useValue: env },
        { provide: EVENT_BUS, useClass: InProcessEventBus },
        { provide: APP_FILTER, useClass: ProblemFilter },
        { provide: APP_PIPE, useFactory: createValidationPipe },
        HealthChecks,
        JsonBodyGuard,
        Metrics,
        NdjsonReader,
        RoutePermissionsCheck,
      ],
      exports: [ENV, EVENT_BUS, HealthChecks, JsonBodyGuard, Metrics, NdjsonReader],
    };
  }

  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(RequestMetricsMiddleware).forRoutes('{*path}');
  }
}
