/**
 * The fault tests with the counts that docs/reliability.md publishes, which hours are for:
 *
 *     npm run test:faults                 every part that has not had its counts yet
 *     npm run test:faults -- K1 K4        these parts
 *     npm run test:faults -- --again K1   from the beginning, with a new seed (or that of FAULT_SEED)
 *     npm run test:faults -- --table      writes the table from what was run so far
 *
 * A part that was interrupted goes on with the round that it was in: `.faults/` keeps how far each has
 * come. When all parts asked for have ended, the table of docs/reliability.md is written anew.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { format, resolveConfig } from 'prettier';

const FOLDER = '.faults';
const DOCUMENT = 'docs/reliability.md';
const [BEGIN, END] = ['<!-- begin: npm run test:faults -->', '<!-- end -->'];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { again: { type: 'boolean' }, table: { type: 'boolean' } },
});

const specs = readdirSync('test/faults').filter((name) => /^[a-z]\d+-/.test(name));
const partOf = (spec) => spec.split('-', 1)[0].toUpperCase();
const known = [...new Set(specs.map(partOf))];
const unknown = positionals.filter((part) => !known.includes(part));
if (unknown.length > 0) {
  console.error(`There is no part ${unknown.join(', ')}. The parts are: ${known.join(' ')}`);
  process.exit(2);
}

/** Every line that was run: how often of what, and what came of it. */
function results() {
  if (!existsSync(FOLDER)) return [];
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith('.json'))
    .map((name) => ({ name, ...JSON.parse(readFileSync(join(FOLDER, name), 'utf8')) }));
}

function run(part) {
  if (values.again) {
    for (const { name, part: its } of results()) if (its === part) rmSync(join(FOLDER, name));
  }
  const pattern = `test/faults/${part.toLowerCase()}-`;
  const jest = spawnSync(
    process.execPath,
    [
      'scripts/jest.mjs',
      '--selectProjects',
      'faults',
      '--runInBand',
      '--testPathPatterns',
      pattern,
    ],
    { stdio: 'inherit', env: { ...process.env, FAULTS: 'full', FAULTS_FOLDER: FOLDER } },
  );
  return jest.status === 0;
}

const number = new Intl.NumberFormat('en');
const told = (figures) =>
  Object.entries(figures)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${name} ${number.format(count)}`)
    .join(', ') || '–';

/** Rows of the table as it is, by part and what was counted: of runs that this folder knows nothing of. */
function rowsBefore(table) {
  const rows = table.split('\n').filter((line) => /^\| [A-Z]\d+ /.test(line));
  return new Map(
    rows.map((row) => [
      row
        .split('|', 3)
        .slice(1)
        .map((cell) => cell.trim())
        .join(' '),
      row,
    ]),
  );
}

async function writeTable(lines) {
  const machine = `${process.platform} ${process.arch}, ${availableParallelism()} cores, Node.js ${process.versions.node}`;
  const before = readFileSync(DOCUMENT, 'utf8');
  const rows = rowsBefore(before.split(BEGIN)[1] ?? '');
  for (const { part, what, goal, done, failed, seed, date, figures } of lines) {
    rows.set(
      `${part} ${what}`,
      `| ${part} | ${what} | ${number.format(goal)} | ${number.format(done)} | ${failed} | ${told(figures)} | ${seed} | ${date} |`,
    );
  }
  const inOrder = [...rows].sort(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }));
  const table = [
    `Machine: ${machine}.`,
    '',
    '| Part | Faults | Goal | Done | Rounds failed | Beside it | Seed | Date |',
    '| --- | --- | ---: | ---: | ---: | --- | ---: | --- |',
    ...inOrder.map(([, row]) => row),
  ].join('\n');
  const [head, tail] = [before.split(BEGIN)[0], before.split(END)[1]];
  const text = `${head}${BEGIN}\n\n${table}\n\n${END}${tail}`;
  const options = await resolveConfig(DOCUMENT);
  writeFileSync(DOCUMENT, await format(text, { ...options, filepath: DOCUMENT }));
  console.log(`\n${table}\n`);
}

const failed = [];
if (!values.table) {
  for (const part of positionals.length > 0 ? positionals : known) {
    if (!run(part)) failed.push(part);
  }
}
await writeTable(results());
if (failed.length > 0) console.error(`Failed: ${failed.join(' ')}`);
process.exit(failed.length > 0 ? 1 : 0);
