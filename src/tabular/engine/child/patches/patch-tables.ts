import { writeFileSync } from 'node:fs';
import type { Column } from '../../../../core/contracts/dataset-reader.contract.js';
import type { RowPatch } from '../../../../core/contracts/row-patches.contract.js';
import { ValidationFailedError } from '../../../../core/errors/index.js';
import { pointerTo } from '../../../../core/validation/json-pointer.js';
import { typedSql } from '../../../patches/cell-text.js';
import { givenRows, MAX_FAULTS, pointerOf, unfitFor } from '../../../patches/given-rows.js';
import { PatchKeyAmbiguousError } from '../../../tabular.errors.js';
import type { Json } from '../../../values/json-text.js';
import { columnsLiteral, quoteIdentifier, quoteLiteral } from '../../../values/quote.js';
import type { Session } from '../session.js';
import type { OpenTable } from '../tables.js';
import { rowStruct } from './patch-file.js';

/** Keys that are told as examples. */
const MAX_EXAMPLES = 10;
const MAX_LINE_BYTES = 64 * 1024 ** 2;
const SCHEMA = 'patching';

/**
 * The tables that a patch is made by. `texts` and `given`: the rows of the patch, `n` being their place in it,
 * `gone` whether they are deletes, `said` a digit for each column (1: it says something of it), and columns
 * `c0`, …; `found`: rows of the table by the `n` of the row of the patch that has their key.
 */
export class PatchTables {
  private readonly columns: readonly Column[];
  private readonly keyPlaces: number[];

  constructor(
    private readonly session: Session,
    private readonly patch: RowPatch,
    private readonly table: OpenTable,
  ) {
    this.columns = table.columns;
    this.keyPlaces = patch.key.map((name) =>
      this.columns.findIndex((column) => column.name === name),
    );
  }

  /** @throws ValidationFailedError */
  async load(): Promise<void> {
    const rows = givenRows(this.patch, this.columns);
    const path = `${this.session.folder}/given.jsonl`;
    const lines = rows.map(({ isDelete, cells }, n) => {
      const said = cells.map((cell) => (cell === undefined ? '0' : '1')).join('');
      const values = cells.map((cell, place) => [`c${place}`, cell ?? null]);
      return JSON.stringify({ n, gone: isDelete, said, ...Object.fromEntries(values) });
    });
    writeFileSync(path, lines.join('\n'));
    const types = columnsLiteral([
      { name: 'n', type: 'BIGINT' },
      { name: 'gone', type: 'BOOLEAN' },
      { name: 'said', type: 'VARCHAR' },
      ...this.columns.map((_, place) => ({ name: `c${place}`, type: 'VARCHAR' })),
    ]);
    const typed = this.columns.map(
      ({ type }, place) => `${typedSql(`c${place}`, type)} AS c${place}`,
    );
    await this.run(`CREATE SCHEMA IF NOT EXISTS ${SCHEMA}`);
    await this.run(
      `CREATE OR REPLACE TABLE ${SCHEMA}.texts AS FROM read_json(${quoteLiteral(path)},
         format = 'newline_delimited', maximum_object_size = ${MAX_LINE_BYTES}, columns = ${types})`,
    );
    await this.run(
      `CREATE OR REPLACE TABLE ${SCHEMA}.given AS
       SELECT n, gone, said, ${typed.join(', ')} FROM ${SCHEMA}.texts`,
    );
  }

  /** @throws ValidationFailedError, PatchKeyAmbiguousError */
  async check(): Promise<void> {
    await this.checkTypes();
    await this.checkKeys();
    const same = this.keyPlaces.map((place) => {
      const { name } = this.columns[place] as Column;
      return `t.${quoteIdentifier(name)} = g.c${place}`;
    });
    const old = rowStruct(this.columns, (place) => {
      const { name } = this.columns[place] as Column;
      return `t.${quoteIdentifier(name)}`;
    });
    await this.run(
      `CREATE OR REPLACE TABLE ${SCHEMA}.found AS
       SELECT g.n, ${old} AS old FROM ${this.table.unnumbered} AS t
       JOIN ${SCHEMA}.given AS g ON ${same.join(' AND ')}`,
    );
    await this.checkFound();
  }

  /** SELECT of the patch as it is kept. What changes nothing is no part of it. */
  get entries(): string {
    const value = (place: number): string => {
      const { name } = this.columns[place] as Column;
      const was = `struct_extract(f.old, ${quoteLiteral(name)})`;
      return `CASE WHEN substr(g.said, ${place + 1}, 1) = '1' THEN g.c${place} ELSE ${this.typed(was, place)} END`;
    };
    return `
      SELECT op, new, old FROM (
        SELECT g.n, f.old,
          CASE WHEN f.n IS NULL THEN 'insert' WHEN g.gone THEN 'delete' ELSE 'update' END AS op,
          CASE WHEN NOT g.gone THEN ${rowStruct(this.columns, value)} END AS new
        FROM ${SCHEMA}.given g LEFT JOIN ${SCHEMA}.found f ON f.n = g.n
        WHERE NOT (g.gone AND f.n IS NULL))
      WHERE new IS DISTINCT FROM old ORDER BY n`;
  }

  private typed(value: string, place: number): string {
    return `CAST(${value} AS ${(this.columns[place] as Column).type})`;
  }

  private async checkTypes(): Promise<void> {
    const lost = this.columns.map(
      (_, place) =>
        `SELECT n, ${place} AS c FROM ${SCHEMA}.texts JOIN ${SCHEMA}.given USING (n)
         WHERE texts.c${place} IS NOT NULL AND given.c${place} IS NULL`,
    );
    const found = await this.all(`${lost.join(' UNION ALL ')} ORDER BY n, c LIMIT ${MAX_FAULTS}`);
    if (found.length === 0) return;
    throw new ValidationFailedError(
      found.map(([n, c]) => {
        const { name, type } = this.columns[Number(c)] as Column;
        return { pointer: this.pointerOf(n) + pointerTo(name), detail: unfitFor(type) };
      }),
    );
  }

  private async checkKeys(): Promise<void> {
    const found = await this.all(
      `SELECT min(n), max(n) FROM ${SCHEMA}.given GROUP BY ${this.keys('given')}
       HAVING count(*) > 1 ORDER BY 1 LIMIT ${MAX_FAULTS}`,
    );
    if (found.length === 0) return;
    throw new ValidationFailedError(
      found.map(([first, last]) => ({
        pointer: this.pointerOf(last),
        detail: `has the key of ${this.pointerOf(first)}`,
      })),
    );
  }

  private async checkFound(): Promise<void> {
    const found = await this.session.database.json(
      `SELECT count(*), ${this.keys('any_value(g', ')')}
       FROM ${SCHEMA}.found f JOIN ${SCHEMA}.given g ON g.n = f.n
       GROUP BY f.n HAVING count(*) > 1 ORDER BY f.n LIMIT ${MAX_EXAMPLES}`,
    );
    if (found.length === 0) return;
    throw new PatchKeyAmbiguousError(
      this.patch.key,
      found.map(([rows, ...key]) => ({
        key: Object.fromEntries(this.patch.key.map((name, at) => [name, key[at] ?? null])),
        rows: Number(rows),
      })),
    );
  }

  private keys(before: string, after = ''): string {
    return this.keyPlaces.map((place) => `${before}.c${place}${after}`).join(', ');
  }

  private readonly pointerOf = (n: Json | undefined): string => pointerOf(this.patch, Number(n));

  private async run(sql: string): Promise<void> {
    await this.session.database.run(sql);
  }

  private async all(sql: string): Promise<Json[][]> {
    return await this.session.database.json(sql);
  }
}
