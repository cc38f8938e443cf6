import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Controller, Get, Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AppModule } from '../../src/app.module.js';
import { loadEnv } from '../../src/core/config/load-env.js';
import { Public, RequirePermission } from '../../src/core/http/permissions.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { readJson } from './repository.js';

@Controller('forgotten')
class ForgottenController {
  @Get('open')
  @Public()
  open(): void {}

  @Get()
  list(): void {}
}

@Controller('declared')
@RequirePermission('files:read')
class DeclaredController {
  @Get()
  list(): void {}

  @Get('open')
  @Public()
  open(): void {}
}

describe('The permissions of routes', () => {
  let database: TestDatabase;
  let dataDir: string;

  beforeAll(async () => {
    database = await createTestDatabase();
    dataDir = await mkdtemp(join(tmpdir(), 'stratum-routes-'));
  });

  afterAll(async () => {
    await database.drop();
    await rm(dataDir, { recursive: true, force: true });
  });

  /** The whole application and one more controller. */
  async function start(controller: Type): Promise<void> {
    const env = loadEnv({ STRATUM_DATA_DIR: dataDir, LOG_LEVEL: 'silent' }, null);
    class PlantedModule {}
    Module({
      imports: [AppModule.with(env, { url: database.url })],
      controllers: [controller],
    })(PlantedModule);
    const app = await NestFactory.create(PlantedModule, { logger: false, abortOnError: false });
    try {
      await app.init();
    } finally {
      await app.close();
    }
  }

  it('are declared on every route there is, or the application does not start', async () => {
    await expect(start(DeclaredController)).resolves.toBeUndefined();
  });

  it('stop the start when a route has none, and name the route', async () => {
    await expect(start(ForgottenController)).rejects.toThrow(/: ForgottenController\.list\./);
  });
});

interface Operation {
  'x-permission'?: string;
  'x-dataset-role'?: string;
  security?: object[];
}

describe('Every operation of openapi.json', () => {
  it('says which permission it needs, and asks for a key unless that is `public`', async () => {
    const { paths } = await readJson<{ paths: Record<string, Record<string, Operation>> }>(
      'openapi.json',
    );
    const operations = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
    );
    expect(operations.length).toBeGreaterThan(5);
    const faults = operations.filter(({ operation }) => {
      const permission = operation['x-permission'];
      if (permission === 'public') return JSON.stringify(operation.security) !== '[{}]';
      return (
        !/^[a-z-]+:[a-z-]+$/.test(permission ?? '') ||
        JSON.stringify(operation.security) !== '[{"bearer":[]}]'
      );
    });
    expect(faults).toEqual([]);
  });

  it('of a dataset says which role on it is needed', async () => {
    const { paths } = await readJson<{ paths: Record<string, Record<string, Operation>> }>(
      'openapi.json',
    );
    const ofDatasets = Object.entries(paths).filter(([path]) => path.includes('/datasets/{id}'));
    const silent = ofDatasets.flatMap(([path, methods]) =>
      Object.entries(methods)
        .filter(
          ([, operation]) => !/^(reader|writer|admin)$/.test(operation['x-dataset-role'] ?? ''),
        )
        .map(([method]) => `${method} ${path}`),
    );
    expect(ofDatasets.length).toBeGreaterThan(10);
    expect(silent).toEqual([]);
  });

  it('is public only where nothing is told of the stored files', async () => {
    const { paths } = await readJson<{ paths: Record<string, Record<string, Operation>> }>(
      'openapi.json',
    );
    const open = Object.entries(paths)
      .filter(([, methods]) =>
        Object.values(methods).some((operation) => operation['x-permission'] === 'public'),
      )
      .map(([path]) => path);
    // OPTIONS of uploads tells what of tus is spoken.
    expect(open.sort()).toEqual(['/health/live', '/health/ready', '/v1/uploads']);
  });
});
