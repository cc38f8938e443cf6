import { rm, truncate, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { StorageUnavailableError } from '../../src/core/errors/index.js';
import { put } from '../support/datasets.js';
import { createFsckLab, type FsckLab } from '../support/fsck-lab.js';
import { flipBit, objectOf } from '../support/storage-damage.js';

let lab: FsckLab;
beforeAll(async () => {
  lab = await createFsckLab();
});
afterAll(() => lab.app.stop());

describe('fsck of files', () => {
  it('finds nothing where nothing is wrong, and reads as much as it is told to', async () => {
    for (let n = 0; n < 20; n += 1) await lab.upload();
    const dataset = await lab.api.create({ name: 'Whole' });
    await lab.api.commit(dataset.id, [put('a/b.csv', (await lab.upload()).id)]);
    const looked = await lab.check();
    expect(looked.report).toMatchObject({
      files: 22,
      filesTotal: 22,
      objects: 22,
      bytes: 0,
      left: 0,
    });
    const half = (await lab.check({ readData: 50, seed: 7 })).report.bytes;
    const whole = (await lab.check({ readData: 100 })).report.bytes;
    expect(half).toBeGreaterThan(0);
    expect(half).toBeLessThan(whole);
    expect((await lab.check({ readData: 50, seed: 7 })).report.bytes).toBe(half);
    await lab.expectClean();
  });

  it('names who uses bytes that are gone; marks them; the next upload of the same heals', async () => {
    const { id, content, object } = await lab.upload();
    const dataset = await lab.api.create({ name: 'Lost' });
    await lab.api.commit(dataset.id, [put('x', (await lab.upload()).id), put('deep/lost.csv', id)]);
    await rm(object);
    const found = await lab.finds('object-missing');
    expect(found).toMatchObject({ fileId: id, references: 2, outcome: 'reported' });
    expect(found.uses).toEqual([
      expect.stringMatching(/^hold of /),
      `dataset ${dataset.id}, from version 1 on: deep/lost.csv`,
    ]);
    expect(await lab.outcomes()).toEqual(['marked']);
    // What is lost stays a finding until somebody has it.
    expect(await lab.outcomes()).toEqual(['marked']);
    await lab.upload(content);
    await lab.settle();
    await lab.expectClean();
  });

  it('names the version whose overlay document is gone', async () => {
    const dataset = await lab.api.create({ name: 'No overlay' });
    const version = await lab.api.commit(dataset.id, [put('x', (await lab.upload()).id)]);
    const object = await objectOf(lab.app, version.overlayFileId);
    const bytes = await lab.backend.readFile(object.slice(lab.root.length + 1));
    await rm(object);
    const { uses } = await lab.finds('object-missing');
    expect(uses).toEqual([`dataset ${dataset.id}, version 1: its overlay document`]);
    await writeFile(object, bytes);
    await lab.expectClean();
  });

  it('marks bytes of another size, and heals by an upload', async () => {
    const { content, object } = await lab.upload();
    await truncate(object, 999);
    await lab.finds('object-wrong-size');
    expect(await lab.outcomes()).toEqual(['marked']);
    await lab.upload(content);
    await lab.settle();
    await lab.expectClean();
  });

  it('finds a flipped bit only where it reads; takes the mark away when the bytes are right again', async () => {
    const { object } = await lab.upload();
    await flipBit(object, 500);
    expect((await lab.check()).findings).toEqual([]);
    await lab.finds('object-corrupt', { readData: 100 });
    expect(await lab.outcomes({ readData: 100 })).toEqual(['marked']);
    // Marked bytes are read whatever the share is.
    await lab.finds('object-corrupt');
    await flipBit(object, 500);
    await lab.finds('mark-outdated');
    expect(await lab.outcomes()).toEqual(['healed']);
    await lab.expectClean();
  });

  it('writes CRCs that do not fit bytes that are right', async () => {
    const { id } = await lab.upload();
    await lab.app.database.query(`UPDATE files SET block_crcs = '\\x00000000' WHERE id = $1`, [id]);
    await lab.finds('crcs-wrong', { readData: 100 });
    expect(await lab.outcomes({ readData: 100 })).toEqual(['healed']);
    const range = await lab.app.fetch(`/v1/files/${id}/content`, {
      headers: { Range: 'bytes=0-9' },
    });
    expect([range.status, (await range.arrayBuffer()).byteLength]).toEqual([206, 10]);
    await lab.expectClean();
  });

  it('goes on past an object that the store fails on, and gives up when it fails on all', async () => {
    const { id, object } = await lab.upload();
    const key = object.slice(lab.root.length + 1);
    const failing = (path: string) =>
      path === key ? Promise.reject(new Error('EIO')) : lab.backend.getFileInfo(path);
    const getFileInfo = (path: string) =>
      failing(path).catch((error: unknown) => {
        throw new StorageUnavailableError('getFileInfo', error);
      });
    const { findings } = await lab.check({ repair: true }, { getFileInfo });
    expect(findings).toEqual([
      expect.objectContaining({ kind: 'object-unreadable', fileId: id, outcome: 'reported' }),
    ]);
    const away = () => Promise.reject(new StorageUnavailableError('getFileInfo'));
    await expect(lab.check({ repair: true }, { getFileInfo: away })).rejects.toThrow(
      StorageUnavailableError,
    );
    await lab.expectClean();
  });

  it.each([
    ['too high', 5],
    ['zero', 0],
  ])('counts again when a count is %s', async (_, count) => {
    const { id } = await lab.upload();
    await lab.app.database.query(
      `UPDATE files SET reference_count = $2::int, zero_since = CASE WHEN $2::int = 0 THEN now() END
       WHERE id = $1`,
      [id, count],
    );
    const before = await lab.state();
    const { findings } = await lab.check();
    expect(findings).toEqual([
      expect.objectContaining({
        kind: 'count-wrong',
        fileId: id,
        message: `It counts ${count} references and has 1.`,
      }),
    ]);
    expect(await lab.state()).toEqual(before);
    expect(await lab.outcomes()).toEqual(['healed']);
    await lab.expectClean();
  });

  it('counts what is committed while it waits for the file', async () => {
    const { id } = await lab.upload();
    await lab.app.database.query('UPDATE files SET reference_count = 5 WHERE id = $1', [id]);
    const writer = new pg.Client({ connectionString: lab.app.database.url });
    await writer.connect();
    // As every writer does it: the count first, and with it the lock, then the reference.
    await writer.query('BEGIN');
    await writer.query('UPDATE files SET reference_count = reference_count + 1 WHERE id = $1', [
      id,
    ]);
    const repair = lab.outcomes();
    const waiting = `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`;
    while ((await lab.app.database.query(waiting)).length === 0);
    await writer.query(
      `INSERT INTO file_references (file_id, owner_type, owner_id, file_type)
       VALUES ($1, 'hold', 'another', 'csv')`,
      [id],
    );
    await writer.query('COMMIT');
    await writer.end();
    expect(await repair).toEqual(['healed']);
    await lab.expectClean();
  });

  it('mends a zero_since that the count contradicts', async () => {
    const { id } = await lab.upload();
    await lab.app.database.query('ALTER TABLE files DROP CONSTRAINT files_zero_since_check');
    await lab.app.database.query('UPDATE files SET zero_since = now() WHERE id = $1', [id]);
    await lab.finds('zero-since-wrong');
    expect(await lab.outcomes()).toEqual(['healed']);
    await lab.app.database.query(
      'ALTER TABLE files ADD CONSTRAINT files_zero_since_check CHECK ((reference_count = 0) = (zero_since IS NOT NULL))',
    );
    await lab.expectClean();
  });

  it('tells of references on files that do not exist', async () => {
    await lab.app.database.query(
      'ALTER TABLE file_references DROP CONSTRAINT file_references_file_id_fkey',
    );
    await lab.app.database.query(
      `INSERT INTO file_references (file_id, owner_type, owner_id, file_type)
       VALUES (1000000, 'hold', 'somebody', 'csv')`,
    );
    await lab.finds('reference-dangling');
    expect(await lab.outcomes()).toEqual(['reported']);
    await lab.app.database.query('DELETE FROM file_references WHERE file_id = 1000000');
    await lab.app.database.query(
      `ALTER TABLE file_references ADD CONSTRAINT file_references_file_id_fkey
       FOREIGN KEY (file_id) REFERENCES files (id) ON DELETE RESTRICT`,
    );
    await lab.expectClean();
  });

  it.each(['components', 'dataset_versions'])(
    'tells of %s without the reference that they name',
    async (table) => {
      const dataset = await lab.api.create({ name: 'Unheld' });
      await lab.api.commit(dataset.id, [put('x', (await lab.upload()).id)]);
      const column = table === 'components' ? 'reference_id' : 'overlay_reference_id';
      const back = `${column} = ${column} - 1000000`;
      await lab.app.database.query(
        `UPDATE ${table} SET ${column} = ${column} + 1000000 WHERE dataset_id = $1`,
        [dataset.id],
      );
      const { message } = await lab.finds('use-unheld');
      expect(message).toContain(dataset.id);
      expect(await lab.outcomes()).toEqual(['reported']);
      await lab.app.database.query(`UPDATE ${table} SET ${back} WHERE dataset_id = $1`, [
        dataset.id,
      ]);
      await lab.expectClean();
    },
  );
});
