import { describe, expect, it } from '@jest/globals';
import { filesOf, read, tableOf } from './repository.js';

const NAMED = /`([\w/-]+\.(?:e2e-)?spec\.ts)`/g;

describe('docs/security.md', () => {
  it('names tests that are there', async () => {
    const named = [...(await read('docs/security.md')).matchAll(NAMED)].map(([, file]) => file);
    expect(named.length).toBeGreaterThan(30);
    const tests = new Set(
      (await filesOf('test/**/*.ts')).map((file) => file.slice('test/'.length)),
    );
    expect(named.filter((file) => !tests.has(file!))).toEqual([]);
  });

  it('has a test for each promise and each weakness', async () => {
    const text = await read('docs/security.md');
    for (const [header, column] of [
      [['Promise', 'Proved by'], 1],
      [['Block', 'Weakness', 'What we do', 'Test'], 3],
    ] as const) {
      const rows = tableOf(text, header);
      expect(rows.length).toBeGreaterThan(15);
      for (const row of rows)
        expect([row[0], row[column]]).toEqual([row[0], expect.stringMatching(/spec\.ts/)]);
    }
  });

  it('names every table of bad input', async () => {
    const text = await read('docs/security.md');
    const tables = await filesOf('test/e2e/hardening/*.ts');
    expect(tables.filter((file) => !text.includes(file.slice('test/'.length)))).toEqual([]);
  });
});
