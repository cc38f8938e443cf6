import { basename, dirname } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { filesOf, read } from './repository.js';

/**
 * What the last part of a file's name promises. A file without one holds a few functions or a type
 * of its folder. A new role is a new line here, so that one thing does not get two names.
 */
const ROLES: Record<string, string> = {
  module: 'a Nest module',
  controller: 'routes: decorators, one call, a mapper',
  service: 'use cases; knows no HTTP and no SQL',
  repository: 'the SQL of one aggregate',
  entity: 'a table',
  mapper: 'from what a service returns to what a route answers',
  dto: 'what a route takes or answers',
  query: 'the query parameters of a route',
  openapi: 'what the document says of routes, away from their code',
  errors: 'failures that a caller may see',
  error: 'the base of those failures',
  events: 'what a slice publishes',
  contract: 'an interface and its token',
  filter: 'a Nest exception filter',
  guard: 'a Nest guard',
  interceptor: 'a Nest interceptor',
  middleware: 'a Nest middleware',
  pipe: 'a Nest pipe',
  check: 'something that refuses to start',
  health: 'a part of /health/ready',
  schema: 'the schema of the environment',
  options: 'options of a library, made from the settings',
  extension: 'a vendor extension of the OpenAPI document',
  types: 'types of a folder that several of its files share',
  'event-bus': 'an implementation of IEventBus',
  'storage-backend': 'an implementation of IStorageBackend',
  'staged-file': 'an implementation of IStagedFile',
  reader: 'an implementation of IDatasetReader',
  task: 'what a child process of the engine can do',
  job: 'an implementation of IJobHandler',
  stream: 'a Node stream',
  spec: 'tests',
};

/** Roles whose class says the same. */
const CLASS_ROLES: Record<string, string> = {
  module: 'Module',
  controller: 'Controller',
  repository: 'Repository',
  filter: 'Filter',
  guard: 'Guard',
  interceptor: 'Interceptor',
  middleware: 'Middleware',
  pipe: 'Pipe',
  'event-bus': 'EventBus',
  'storage-backend': 'StorageBackend',
  'staged-file': 'StagedFile',
  reader: 'Reader',
};

const KEBAB = '[a-z0-9]+(?:-[a-z0-9]+)*';
const NAME = new RegExp(`^${KEBAB}(?:\\.(${KEBAB}))*\\.ts$`);

function faultOf(file: string): string | null {
  const name = basename(file);
  if (!NAME.test(name)) return `${file}: a name is kebab-case.role.ts`;
  const unknown = name
    .split('.')
    .slice(1, -1)
    .filter((role) => !(role in ROLES));
  return unknown.length > 0 ? `${file}: unknown role ${unknown.join(', ')}` : null;
}

const roleOf = (file: string): string => basename(file).split('.').at(-2) ?? '';

describe('The names of files', () => {
  it('say a known role', async () => {
    const files = await filesOf('src/**/*.ts', 'ormconfig.ts');
    expect(files.length).toBeGreaterThan(50);
    expect(files.map(faultOf).filter(Boolean)).toEqual([]);
  });

  it.each([
    'src/files/files.helper.ts',
    'src/files/FilesService.ts',
    'src/files/files_list.ts',
    'src/files/files.service.helper.ts',
  ])('would be refused as %s', (file) => {
    expect(faultOf(file)).toContain(file);
  });

  it('have no role that no file needs', async () => {
    const used = new Set((await filesOf('src/**/*.ts')).flatMap((f) => basename(f).split('.')));
    const ahead = ['events', 'spec'];
    expect(Object.keys(ROLES).filter((role) => !used.has(role) && !ahead.includes(role))).toEqual(
      [],
    );
  });

  it('and those of their classes say the same role', async () => {
    const faults: string[] = [];
    for (const file of await filesOf('src/**/*.ts')) {
      const suffix = CLASS_ROLES[roleOf(file)];
      if (!suffix) continue;
      const names = [...(await read(file)).matchAll(/^export class (\w+)/gm)].map(([, n]) => n);
      if (!names.some((name) => name?.endsWith(suffix))) faults.push(`${file}: ${names.join()}`);
    }
    expect(faults).toEqual([]);
  });

  it('put entities and DTOs, and nothing else, into their folders', async () => {
    const strangers = (await filesOf('src/**/{entities,dto}/*.ts')).filter((file) =>
      basename(dirname(file)) === 'entities'
        ? roleOf(file) !== 'entity'
        : !['dto', 'query', 'rules', 'spec'].includes(roleOf(file)),
    );
    expect(strangers).toEqual([]);
  });

  it('of tests say which project runs them', async () => {
    const tests = await filesOf('test/**/*{spec,test}*.ts');
    expect(tests.length).toBeGreaterThan(5);
    const lost = tests.filter(
      (file) =>
        !/^test\/(?:contract|integration|architecture|faults)\/.*(?<!e2e-)spec\.ts$/.test(file) &&
        !/^test\/e2e\/.*\.e2e-spec\.ts$/.test(file),
    );
    expect(lost).toEqual([]);
  });
});
