import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TEST_KEY } from '../support/app.js';
import { datasetsApi, type Dataset } from '../support/datasets.js';
import { createServicePlace, type ServicePlace } from '../support/service-place.js';
import { startService, type Service } from '../support/service.js';

const ROOT = join(import.meta.dirname, '..', '..');
const SCRIPT = join(ROOT, 'scripts', 'demo.mjs');
const sample = (name: string) =>
  readFile(join(ROOT, 'node_modules', 'vega-datasets', 'data', name));

let place: ServicePlace;
let service: Service;
/** Where the script runs: a folder without a key and without settings. */
let folder: string;

beforeAll(async () => {
  place = await createServicePlace();
  service = await startService(place.settings);
  folder = await mkdtemp(join(tmpdir(), 'stratum-demo-'));
});
afterAll(async () => {
  await service.kill();
  await place.remove();
  await rm(folder, { recursive: true, force: true });
});

interface Outcome {
  code: number;
  output: string;
  errors: string;
}

const demo = (environment: Record<string, string>, ...args: string[]): Promise<Outcome> =>
  new Promise((resolve) => {
    const env = { PATH: process.env['PATH'] ?? '', ...environment };
    execFile(process.execPath, [SCRIPT, ...args], { cwd: folder, env }, (error, output, errors) =>
      resolve({ code: error ? Number(error.code) : 0, output, errors }),
    );
  });
const load = () => demo({ STRATUM_API_KEY: TEST_KEY }, '--url', service.url);

const contentOf = async (dataset: string, ref: string | number, path: string): Promise<Buffer> => {
  const response = await datasetsApi(service).content(dataset, ref, path);
  expect(response.status).toBe(200);
  return Buffer.from(await response.arrayBuffer());
};
const pathsOf = async (dataset: string, ref: string | number): Promise<string[]> =>
  (await datasetsApi(service).files(dataset, ref)).map(({ path }) => path);
const datasetsNow = async () =>
  (await service.json<{ items: Dataset[] }>(200, '/v1/datasets')).items;
const referencesNow = () => place.database.query('SELECT id FROM file_references ORDER BY id');

describe('npm run demo', () => {
  let first: Outcome;
  beforeAll(async () => {
    first = await load();
  });

  it('loads every dataset with its versions', async () => {
    expect(first).toMatchObject({ code: 0, errors: '' });
    const versions = (await datasetsNow()).map(({ slug, latestVersion }) => [slug, latestVersion]);
    expect(Object.fromEntries(versions)).toEqual({
      'seattle-weather': 3,
      cars: 1,
      flights: 2,
      'us-places': 2,
      movies: 2,
    });
  });

  it.each([
    ['seattle-weather', 2, 'seattle-weather.csv', 'seattle-weather.csv'],
    ['seattle-weather', 3, 'seattle-weather.csv', 'seattle-weather.csv'],
    [
      'seattle-weather',
      3,
      'normals/seattle-weather-hourly-normals.csv',
      'seattle-weather-hourly-normals.csv',
    ],
    ['cars', 1, 'cars.json', 'cars.json'],
    ['flights', 1, 'flights-200k.arrow', 'flights-200k.arrow'],
    ['flights', 2, 'arrow/flights-200k.arrow', 'flights-200k.arrow'],
    ['flights', 2, 'parquet/flights-3m.parquet', 'flights-3m.parquet'],
    ['us-places', 2, 'airports.csv', 'airports.csv'],
    ['us-places', 2, 'us-state-capitals.json', 'us-state-capitals.json'],
    ['movies', 1, 'movies.json', 'movies.json'],
    ['movies', 2, 'data/movies.json', 'movies.json'],
  ])('brings %s, version %d, %s as it is in the package', async (dataset, ref, path, name) => {
    expect((await contentOf(dataset, ref, path)).equals(await sample(name))).toBe(true);
  });

  it('moves and adds files from version to version', async () => {
    expect(await pathsOf('flights', 1)).toEqual(['flights-200k.arrow']);
    expect(await pathsOf('flights', 2)).toEqual([
      'arrow/flights-200k.arrow',
      'parquet/flights-3m.parquet',
    ]);
    expect(await pathsOf('movies', 2)).toEqual(['README.md', 'data/movies.json']);
  });

  it('begins the weather with the years before 2015', async () => {
    const all = (await sample('seattle-weather.csv')).toString();
    // Its rows are ordered by date.
    const expected = all.slice(0, all.indexOf('2015-01-01'));
    expect((await contentOf('seattle-weather', 1, 'seattle-weather.csv')).toString()).toBe(
      expected,
    );
  });

  it('says of each where it comes from, on which terms, and what it is about', async () => {
    for (const dataset of await datasetsNow()) {
      expect(dataset).toMatchObject({
        description: expect.stringMatching(/./),
        metadata: {
          licence: expect.stringMatching(/./),
          sources: expect.any(Array),
          package: expect.stringMatching(/^vega-datasets@\d/),
        },
      });
      expect((dataset['tags'] as string[]).length).toBeGreaterThan(0);
    }
  });

  it('tags a version, and leaves one for a branch', async () => {
    expect(await contentOf('seattle-weather', 'first-three-years', 'seattle-weather.csv')).toEqual(
      await contentOf('seattle-weather', 1, 'seattle-weather.csv'),
    );
    const rows = (await sample('seattle-weather.csv')).toString().trimEnd().split('\n');
    const sunny = (await contentOf('seattle-weather', 'sunny-days', 'seattle-weather.csv'))
      .toString()
      .trimEnd()
      .split('\n');
    expect(sunny).toEqual(rows.filter((row, n) => n === 0 || row.endsWith(',sun')));
    expect(await pathsOf('flights', 'three-million')).toEqual(await pathsOf('flights', 2));
  });

  it('prints lines to try that all work, and not the key', async () => {
    expect(first.output).not.toContain(TEST_KEY);
    const addresses = [...first.output.matchAll(/^ *curl .* "(http\S+)"$/gm)].map(([, to]) => to);
    expect(addresses.length).toBeGreaterThan(4);
    for (const address of addresses) {
      const response = await service.fetch(address as string);
      expect([address, response.status]).toEqual([address, 200]);
      await response.arrayBuffer();
    }
  });

  it('finds everything there when it runs again, and doubles nothing', async () => {
    const before = [await datasetsNow(), await referencesNow()];
    const again = await load();
    expect(again).toMatchObject({ code: 0, errors: '' });
    expect(again.output.match(/is there already; nothing to do/g)).toHaveLength(5);
    expect([await datasetsNow(), await referencesNow()]).toEqual(before);
  });
});

describe('npm run demo on an installation with datasets of its own', () => {
  it('leaves one of the same name as it is, and completes what was begun', async () => {
    const other = await createServicePlace();
    const own = await startService(other.settings);
    const api = datasetsApi(own);
    const mine = await api.create({ name: 'Mine', slug: 'cars', description: 'not to be touched' });
    const weather = {
      name: 'Seattle weather',
      slug: 'seattle-weather',
      metadata: { madeBy: 'npm run demo' },
      files: [{ path: 'seattle-weather.csv', fileId: await api.upload('begun') }],
    };
    await api.create(weather);
    const outcome = await demo({ STRATUM_API_KEY: TEST_KEY }, '--url', own.url);
    expect(outcome).toMatchObject({ code: 0, errors: '' });
    expect(outcome.output).toMatch(/cars +is another dataset of that name; left as it is/);
    expect(outcome.output).toMatch(/seattle-weather +completed: versions 2 to 3/);
    expect(await own.json(200, '/v1/datasets/cars')).toEqual(mine);
    expect(await own.json(200, '/v1/datasets/seattle-weather')).toMatchObject({ latestVersion: 3 });
    await own.kill();
    await other.remove();
  });
});

describe('npm run demo where it cannot work', () => {
  const oneLine = /^[^\n]+\n$/;

  it('says that nothing answers', async () => {
    const gone = createServer().listen(0, '127.0.0.1');
    await once(gone, 'listening');
    const url = `http://127.0.0.1:${(gone.address() as AddressInfo).port}`;
    gone.close();
    await once(gone, 'close');
    const { code, errors } = await demo({ STRATUM_API_KEY: TEST_KEY }, '--url', url);
    expect(code).toBe(1);
    expect(errors).toBe(`Nothing answers at ${url}. Start it with: npm start\n`);
  });

  it('says that the key is a wrong one, without printing it', async () => {
    const wrong = 'wrong-key-'.repeat(4);
    const { code, errors } = await demo({ STRATUM_API_KEY: wrong }, '--url', service.url);
    expect(code).toBe(1);
    expect(errors).toMatch(oneLine);
    expect(errors).toContain('does not know this key');
    expect(errors).not.toContain(wrong);
  });

  it('says where it has looked for a key', async () => {
    const { code, errors } = await demo({ STRATUM_DATA_DIR: 'elsewhere' }, '--url', service.url);
    expect(code).toBe(1);
    expect(errors).toMatch(oneLine);
    expect(errors).toContain(join('elsewhere', 'admin-key'));
  });

  it.each(['--url=nowhere', '--unknown', 'word'])('refuses %s', async (argument) => {
    const { code, errors } = await demo({ STRATUM_API_KEY: TEST_KEY }, argument);
    expect(code).toBe(1);
    expect(errors).toMatch(oneLine);
  });

  it('explains itself when it is asked to', async () => {
    const { code, output } = await demo({}, '--help');
    expect(code).toBe(0);
    expect(output).toContain('--url');
  });
});

describe('what npm run demo takes from its place', () => {
  it('is the port of .env and the key of the data folder', async () => {
    await writeFile(join(folder, '.env'), `PORT=${new URL(service.url).port}\n`);
    await writeFile(join(folder, 'admin-key'), `${TEST_KEY}\n`);
    const outcome = await demo({ STRATUM_DATA_DIR: folder });
    await rm(join(folder, '.env'));
    expect(outcome).toMatchObject({ code: 0, errors: '' });
    expect(outcome.output).toContain(`$(cat ${join(folder, 'admin-key')})`);
  });
});
