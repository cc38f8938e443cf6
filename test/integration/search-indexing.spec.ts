import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createApp } from '../../src/app.js';
import { SEARCH_SERVICE, type ISearchService } from '../../src/core/contracts/search.contract.js';
import { migrate } from '../../src/core/database/index.js';
import { CreateSearch1764300000000 } from '../../src/migrations/1764300000000-create-search.js';
import { MIGRATIONS } from '../../src/migrations/index.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { createTestDatabase } from '../support/database.js';
import { datasetsApi, put } from '../support/datasets.js';
import { searchApi } from '../support/search.js';
import { principal } from '../support/principals.js';

const ADMIN = principal({ name: 'admin', isAdmin: true });

async function eventually(isSo: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 20_000; Date.now() < deadline;) {
    if (await isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('It did not come to be so.');
}

describe('The search index', () => {
  let app: TestApp;
  let api: ReturnType<typeof datasetsApi>;
  let search: ReturnType<typeof searchApi>;
  beforeAll(async () => {
    app = await startTestApp();
    api = datasetsApi(app);
    search = searchApi(app);
  });
  afterAll(() => app.stop());

  const marks = async () =>
    (
      await app.database.query<{ n: number }>('SELECT count(*)::int AS n FROM dataset_search_queue')
    )[0]!.n;

  it('gets datasets that were there before it', async () => {
    const known = MIGRATIONS.indexOf(CreateSearch1764300000000);
    const database = await createTestDatabase({ empty: true });
    await migrate({ url: database.url }, MIGRATIONS.slice(0, known));
    await database.query(
      `INSERT INTO datasets (id, slug, name, owner_id)
       SELECT gen_random_uuid(), 'old-' || n, 'Fossil ' || n, gen_random_uuid()
       FROM generate_series(1, 120) n`,
    );
    const late = await createApp(app.env, { url: database.url });
    try {
      await late.init();
      const service = late.get<ISearchService>(SEARCH_SERVICE, { strict: false });
      await eventually(
        async () => (await service.search(ADMIN, { text: 'fossil', limit: 1 })).total.value === 120,
      );
      expect(await database.query('SELECT * FROM dataset_search_queue')).toEqual([]);
    } finally {
      await late.close();
      await database.drop();
    }
  });

  it('follows whoever writes, also without an event', async () => {
    const { id } = await api.create({ name: 'Written by hand' });
    await app.database.query(`INSERT INTO dataset_tags VALUES ($1, 'albatross')`, [id]);
    expect(await search.names({ tag: 'albatross' })).toEqual(['Written by hand']);
    await app.database.query(`UPDATE dataset_tags SET tag = 'cormorant' WHERE tag = 'albatross'`);
    expect(await search.names({ q: 'albatross' })).toEqual([]);
    expect(await search.names({ tag: 'cormorant' })).toEqual(['Written by hand']);
    await app.database.query('DELETE FROM dataset_tags WHERE dataset_id = $1', [id]);
    expect(await search.names({ tag: 'cormorant' })).toEqual([]);
    await app.database.query(`DELETE FROM datasets WHERE id = $1`, [id]);
    expect(await search.names({ q: 'written by hand' })).toEqual([]);
  });

  it('has every one of many that are written at once', async () => {
    await Promise.all(Array.from({ length: 60 }, (_, n) => api.create({ name: `Swarm ${n}` })));
    expect((await search.search({ q: 'swarm' })).total).toEqual({ value: 60, relation: 'exact' });
    expect(await marks()).toBe(0);
  });

  it('ends with the last of many edits, each of which is searched for meanwhile', async () => {
    const { id } = await api.create({ name: 'Draft' });
    await Promise.all(
      Array.from({ length: 20 }, async (_, n) => {
        await api.json('PATCH', `/v1/datasets/${id}`, { name: `Edited as${n}` });
        await search.search({ q: 'edited' });
      }),
    );
    const { name } = await app.json<{ name: string }>(200, `/v1/datasets/${id}`);
    const others = Array.from({ length: 20 }, (_, n) => `Edited as${n}`).filter(
      (is) => is !== name,
    );
    expect(await search.names({ q: name })).toContain(name);
    for (const other of others) expect(await search.names({ q: other })).not.toContain(other);
    const [row] = await app.database.query<{ has: boolean }>(
      `SELECT document @@ to_tsquery('simple', $2) AS has FROM dataset_search WHERE id = $1`,
      [id, name.replace(' ', ' & ')],
    );
    expect(row).toEqual({ has: true });
  });

  it('is worked on by any replica: what one has written the other finds', async () => {
    const other = await createApp(app.env, { url: app.database.url });
    try {
      await other.init();
      const service = other.get<ISearchService>(SEARCH_SERVICE, { strict: false });
      for (let n = 0; n < 10; n += 1) {
        const { id } = await api.create({ name: `Replicated number${n}` });
        const { items } = await service.search(ADMIN, { text: `replicated number${n}`, limit: 1 });
        expect(items[0]?.id).toBe(id);
      }
    } finally {
      await other.close();
    }
  });

  it('goes on past a dataset that can not be indexed', async () => {
    await app.database.query(`
      CREATE FUNCTION refuse_poison() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF NEW.document @@ 'poison'::tsquery THEN RAISE 'poison'; END IF;
        RETURN NEW;
      END $$;
      CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON dataset_search
        FOR EACH ROW EXECUTE FUNCTION refuse_poison()`);
    await api.create({ name: 'poison' });
    await Promise.all(Array.from({ length: 5 }, (_, n) => api.create({ name: `Healthy ${n}` })));
    await eventually(async () => (await search.search({ q: 'healthy' })).total.value === 5);
    await app.database.query('DROP TRIGGER refuse ON dataset_search');
    const postponed = await app.database.query<{ failures: number }>(
      'SELECT failures FROM dataset_search_queue WHERE marked_at > now()',
    );
    expect(postponed).toEqual([{ failures: 1 }]);
    await app.database.query('UPDATE dataset_search_queue SET marked_at = now()');
    await api.create({ name: 'Wakes the indexer' });
    await eventually(async () => (await search.search({ q: 'poison' })).total.value === 1);
    expect(await marks()).toBe(0);
  });

  it('takes a version of very many paths, of which the first 10,000 words are searched', async () => {
    const fileId = await api.upload('many');
    const files = Array.from({ length: 12_000 }, (_, n) => ({
      path: `bulk/${String(n).padStart(6, '0')}-x${n.toString(36)}.bin`,
      fileId,
    }));
    const { id } = await api.create({ name: 'Bulk', files: files.slice(0, 6000) });
    await api.commit(
      id,
      files.slice(6000).map((file) => put(file.path, fileId)),
    );
    expect(await search.names({ q: 'bulk 000000' })).toEqual(['Bulk']);
    expect(await search.names({ q: '004000' })).toEqual(['Bulk']);
    expect(await search.names({ q: '011999' })).toEqual([]);
  });

  it('takes texts of the largest size and of the longest words', async () => {
    const letters = (n: number) => String.fromCodePoint(0x4e00 + n);
    await api.create({
      name: 'Largest',
      description: Array.from({ length: 10_000 }, (_, n) => letters((n * 37) % 9000)).join(''),
      metadata: {
        word: 'w'.repeat(30_000),
        words: Array.from({ length: 3000 }, (_, n) => `m${n.toString(36)}`).join(' '),
      },
    });
    // A search waits two seconds for what was written before it, which a busy machine may exceed.
    await eventually(async () => (await search.search({ q: 'largest' })).total.value === 1);
    expect(await search.names({ q: `largest m${(2999).toString(36)}` })).toEqual(['Largest']);
    expect(await search.names({ q: 'w'.repeat(150) })).toEqual(['Largest']);
  });
});
