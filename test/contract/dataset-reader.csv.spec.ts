import { randomBytes } from 'node:crypto';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { CsvReader } from '../../src/tabular/readers/csv/csv.reader.js';
import { describeDatasetReader, type ReadableSample } from './dataset-reader.contract.js';

const COLUMNS = [
  { name: 'id', type: 'BIGINT' },
  { name: 'Ort', type: 'VARCHAR' },
  { name: 'Wert', type: 'DOUBLE' },
];
const ROWS = [
  [1n, 'Köln', 1.5],
  [2n, null, 2],
  [3n, 'a "b", c\nd', null],
];
const TEXT = 'id,Ort,Wert\n1,Köln,1.5\n2,,2\n3,"a ""b"", c\nd",\n';

const sample = (name: string, fileName: string, bytes: Uint8Array): ReadableSample => ({
  name,
  fileName,
  bytes,
  columns: COLUMNS,
  rows: ROWS,
});

describeDatasetReader('csv', () => new CsvReader(), {
  readable: [
    sample('a plain file', 'a.csv', Buffer.from(TEXT)),
    sample('a file with tabs', 'a.tsv', Buffer.from(TEXT.replaceAll(/,(?! )/g, '\t'))),
    sample('Windows-1252', 'a.csv', Buffer.from(TEXT, 'latin1')),
    sample('UTF-16', 'a.csv', Buffer.from(`\ufeff${TEXT}`, 'utf16le')),
  ],
  unreadable: [
    { name: 'random bytes', bytes: randomBytes(100_000) },
    { name: 'a damaged gzip', bytes: gzipSync(TEXT.repeat(1000)).fill(7, 60, 90) },
    {
      name: 'a gzip that ends too early',
      bytes: gzipSync(randomBytes(9_000).toString('hex')).subarray(0, 5_000),
    },
    { name: 'a damaged zstd', bytes: zstdCompressSync(TEXT.repeat(1000)).fill(7, 30, 50) },
    { name: 'too many columns', bytes: Buffer.from(`${'a,'.repeat(100_000)}\n`) },
    {
      name: 'a line of 20 MiB',
      bytes: Buffer.from(`a,b\n1,${'x'.repeat(20 * 1024 * 1024)}\n2,3\n`),
    },
  ],
});
