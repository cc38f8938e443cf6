/** The same numbers in every run. */
function randomly(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const random = randomly(6);
const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;
const whole = (below: number): number => Math.floor(random() * below);
const pad = (value: number, digits = 2): string => String(value).padStart(digits, '0');
const date = (): string => `${pad(1 + whole(9999), 4)}-${pad(1 + whole(12))}-${pad(1 + whole(28))}`;
const clock = (): string => `${pad(whole(24))}:${pad(whole(60))}:${pad(whole(60))}.${whole(1000)}`;

/** Columns whose values are text that both engines read: [DuckDB's type, PostgreSQL's, a value]. */
export const COLUMNS: Record<string, [string, string, () => string | null]> = {
  small: ['INTEGER', 'integer', () => String(whole(50) - 25)],
  big: ['BIGINT', 'bigint', () => String(2n ** 63n - 1n - BigInt(whole(1000)))],
  negative: ['BIGINT', 'bigint', () => String(-(2n ** 63n) + BigInt(whole(2)))],
  huge: [
    'HUGEINT',
    'numeric',
    () => `${pick(['', '-'])}17014118346046923173168730371588410${pad(whole(20) + 5700, 4)}`,
  ],
  decimal: [
    'DECIMAL(18,3)',
    'numeric',
    () => `${whole(2_000_000) - 1_000_000}.${pad(whole(1000), 3)}`,
  ],
  wide: ['DECIMAL(38,10)', 'numeric', () => `${whole(1e9)}${whole(1e9)}.${pad(whole(1e9), 10)}`],
  double: [
    'DOUBLE',
    'double precision',
    () => (random() < 0.1 ? pick(['NaN', 'Infinity', '-Infinity']) : String(random() ** 9 * 1e6)),
  ],
  overflowing: ['DOUBLE', 'double precision', () => pick(['1.5e308', '1.7e308', '1e308'])],
  text: [
    'VARCHAR',
    'text',
    () => pick(['', 'é', 'e\u0301', '🤦🏽‍♂️', '漢字', "it's", ' a', 'Ω', `z${whole(99)}`]),
  ],
  day: ['DATE', 'date', () => (random() < 0.01 ? 'infinity' : date())],
  moment: ['TIMESTAMP', 'timestamp', () => `${date()} ${clock()}`],
  hour: ['TIME', 'time', clock],
  truth: ['BOOLEAN', 'boolean', () => pick(['true', 'false', 'false'])],
  nothing: ['VARCHAR', 'text', () => null],
};

/** Values of every column, one in ten of them null. */
export const generated = (rows: number): (string | null)[][] =>
  Object.values(COLUMNS).map(([, , value]) =>
    Array.from({ length: rows }, () => (random() < 0.1 ? null : value())),
  );
