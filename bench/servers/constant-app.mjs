/**
 * The framework answering a constant: Nest on Express, one route. With `bare` nothing else; with
 * `pipeline` behind the service's own log, metrics, body reader, pipe and error filter, so that what
 * remains of the distance is the guard and the database.
 */
import 'reflect-metadata';
import { Controller, Get, Module, Param } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

const [port, kind, body] = process.argv.slice(2);
const constant = JSON.parse(body);

class ConstantController {
  get(_id) {
    return constant;
  }
}
// Decorators by hand: this file runs as it stands, without a compiler.
const { prototype } = ConstantController;
Controller('v1/files')(ConstantController);
Get(':id')(prototype, 'get', Object.getOwnPropertyDescriptor(prototype, 'get'));
Param('id')(prototype, 'get', 0);

class ConstantModule {}
Module({ controllers: [ConstantController] })(ConstantModule);

const app = await (kind === 'pipeline' ? pipelineApp() : bareApp());
await app.listen(Number(port), '127.0.0.1');

function bareApp() {
  return NestFactory.create(ConstantModule, { logger: false });
}

async function pipelineApp() {
  const { LoggerModule } = await import('nestjs-pino');
  const core = async (path) => await import(`../../dist/src/core/${path}.js`);
  const { loggerOptions } = await core('http/logger.options');
  const { JsonBodyGuard } = await core('http/json-body.guard');
  const { Metrics } = await core('metrics/metrics');
  const { RequestMetricsMiddleware } = await core('metrics/request-metrics.middleware');
  const { ProblemFilter } = await core('errors/problem.filter');
  const { createValidationPipe } = await core('validation/validation');
  class PipelineModule {
    configure(consumer) {
      consumer.apply(RequestMetricsMiddleware).forRoutes('{*path}');
    }
  }
  Module({
    imports: [LoggerModule.forRoot(loggerOptions({ LOG_LEVEL: 'info' })), ConstantModule],
    providers: [Metrics],
  })(PipelineModule);
  const made = await NestFactory.create(PipelineModule, { logger: false, bodyParser: false });
  const { Reflector } = await import('@nestjs/core');
  made.useGlobalGuards(new JsonBodyGuard(made.get(Reflector), { UPLOAD_STALL_SECONDS: 30 }));
  made.useGlobalPipes(createValidationPipe());
  made.useGlobalFilters(new ProblemFilter());
  return made;
}
