import type { Association, Profile, ProfiledColumn, Warning } from '../profile.types.js';
import { count } from './measured-table.js';

const MOSTLY = 0.5;
const ALMOST_ALL = 0.95;
const SKEWED = 3;
const CORRELATED = 0.9;
/** Different texts, from which on they are no categories. */
const MANY = 50;

type Facts = Pick<Profile, 'rowCount' | 'columns' | 'correlations' | 'duplicates' | 'keys'>;
type Found = Omit<Warning, 'columns'>;

const percent = (share: number): string => {
  const text = (share * 100).toFixed(share < 0.1 || share > 0.99 ? 1 : 0);
  return share < 1 && text.startsWith('100') ? '99.9 %' : `${text} %`;
};
const number = (value: number): string => value.toLocaleString('en');
const warning = (code: Warning['code'], detail: string): Found => ({
  code,
  severity: 'warning',
  detail,
});
const note = (code: Warning['code'], detail: string): Found => ({ code, severity: 'note', detail });

/** What a person should look at before using the table: warnings first, then in the order of columns. */
export function findWarnings(facts: Facts): Warning[] {
  if (facts.rowCount === 0) return [{ ...warning('empty', 'The table has no rows.'), columns: [] }];
  const keys = new Set(facts.keys.keys.flatMap((names) => (names.length === 1 ? names : [])));
  const ofColumns = facts.columns.flatMap((column) =>
    CHECKS.flatMap((check) => check(column, facts.rowCount, keys) ?? []).map((found): Warning => ({
      ...found,
      columns: [column.name],
    })),
  );
  const all = [...ofDuplicates(facts), ...ofColumns, ...ofCorrelations(facts)];
  return [
    ...all.filter(({ severity }) => severity === 'warning'),
    ...all.filter(({ severity }) => severity === 'note'),
  ];
}

type Check = (column: ProfiledColumn, rowCount: number, keys: ReadonlySet<string>) => Found | null;

const presentIn = ({ nulls }: ProfiledColumn, rowCount: number): number => rowCount - nulls.count;

const missing: Check = (column, rowCount) => {
  const { count: nulls, share } = column.nulls;
  if (nulls === rowCount) return warning('all-missing', 'It has no value at all.');
  return share >= MOSTLY
    ? warning('mostly-missing', `${percent(share)} of its values are missing.`)
    : null;
};

const constant: Check = (column, rowCount) => {
  if (column.distinct.value !== 1 || rowCount < 2) return null;
  const rest = column.nulls.count > 0 ? ' where it is not missing' : '';
  return warning('constant', `It has one and the same value in all rows${rest}.`);
};

const sentinels: Check = ({ details }) => {
  if (details.sentinels.length === 0) return null;
  const values = details.sentinels.map((one) => `${one.value} (${number(one.count)} times)`);
  return warning(
    'sentinels',
    `${values.join(' and ')} may stand for a missing value: it lies far from all others.`,
  );
};

const placeholders: Check = ({ details: { texts } }) => {
  if (!texts || texts.placeholders + texts.empty === 0) return null;
  const parts = [
    texts.placeholders > 0 ? `${number(texts.placeholders)} are such as NA, null or -` : '',
    texts.empty > 0 ? `${number(texts.empty)} are empty` : '',
  ].filter((part) => part !== '');
  return warning('placeholders', `Texts may stand for a missing value: ${parts.join(', ')}.`);
};

const nonFinite: Check = ({ nonFinite: found }) => {
  const sum = found ? found.nan + found.positiveInfinity + found.negativeInfinity : 0;
  return sum > 0
    ? warning('non-finite', `${number(sum)} values are NaN or infinite; figures leave them out.`)
    : null;
};

const mixedTypes: Check = (column, rowCount) => {
  const { texts } = column.details;
  if (!texts) return null;
  const meant = presentIn(column, rowCount) - texts.empty - texts.placeholders;
  for (const [part, what] of [
    [texts.numbers, 'numbers'],
    [texts.timestamps, 'dates or times'],
  ] as const) {
    if (meant === 0 || part / meant < MOSTLY) continue;
    if (part >= meant) return note('numbers-as-text', `All its texts are ${what}.`);
    const example = what === 'numbers' && texts.otherExample !== null;
    const such = example ? `, such as “${texts.otherExample}”` : '';
    return warning(
      'mixed-types',
      `${percent(part / meant)} of its texts are ${what}; ${number(meant - part)} are not${such}.`,
    );
  }
  return null;
};

const highCardinality: Check = (column, rowCount, keys) => {
  const { kind, distinct, name } = column;
  const present = presentIn(column, rowCount);
  if (kind !== 'string' || distinct.value <= MANY || keys.has(name)) return null;
  const share = distinct.value / present;
  const about = distinct.exactly === 'exact' ? '' : 'about ';
  return share >= MOSTLY
    ? note(
        'high-cardinality',
        `${about}${number(distinct.value)} different texts in ${number(present)} rows: it is no category.`,
      )
    : null;
};

const imbalance: Check = (column, rowCount) => {
  const { kind, distinct, topValues } = column;
  const [first] = topValues.values;
  const present = presentIn(column, rowCount);
  if (!['string', 'boolean'].includes(kind) || !first || distinct.value < 2) return null;
  return first.count / present >= ALMOST_ALL
    ? note('imbalance', `${percent(first.count / present)} of its values are the same one.`)
    : null;
};

const skewed: Check = ({ details: { skewness } }) =>
  skewness !== null && Math.abs(skewness) >= SKEWED
    ? note('skewed', `Its values are spread to one side: the skewness is ${number(skewness)}.`)
    : null;

const zeros: Check = ({ details, distinct }) =>
  details.zeros && details.zeros.share >= MOSTLY && distinct.value > 1
    ? note('zeros', `${percent(details.zeros.share)} of its values are 0.`)
    : null;

const CHECKS: readonly Check[] = [
  missing,
  constant,
  sentinels,
  placeholders,
  nonFinite,
  mixedTypes,
  highCardinality,
  imbalance,
  skewed,
  zeros,
];

function ofDuplicates({ duplicates }: Facts): Warning[] {
  if (duplicates.count === 0) return [];
  const detail = `${number(duplicates.count)} rows (${percent(duplicates.share)}) repeat an earlier one in every column.`;
  return [{ ...warning('duplicates', detail), columns: [] }];
}

function ofCorrelations({ correlations: { pearson, spearman, cramersV } }: Facts): Warning[] {
  const strongest = new Map<string, Warning & { value: number }>();
  const look = ({ pairs }: Association, what: string): void => {
    for (const { a, b, value, rows } of pairs) {
      if (value === null || Math.abs(value) < CORRELATED || rows < 10) continue;
      const key = JSON.stringify([a, b]);
      if (Math.abs(strongest.get(key)?.value ?? 0) >= Math.abs(value)) continue;
      const detail = `They go together: ${what} is ${count(value).toFixed(2)}.`;
      strongest.set(key, { ...note('highly-correlated', detail), columns: [a, b], value });
    }
  };
  look(pearson, 'the correlation');
  look(spearman, 'the correlation of ranks');
  look(cramersV, 'Cramér’s V');
  return [...strongest.values()]
    .sort((one, other) => Math.abs(other.value) - Math.abs(one.value))
    .map(({ value: _, ...found }) => found);
}
