import type { IDatasetReader, LocalContent } from '../../core/contracts/dataset-reader.contract.js';
import { CsvReader } from './csv/csv.reader.js';
import { JsonReader } from './json/json.reader.js';

const READERS: readonly IDatasetReader[] = [new JsonReader(), new CsvReader()];

export function chooseReader(head: Uint8Array, content: LocalContent): IDatasetReader | null {
  const scored = READERS.map((reader) => ({ reader, score: reader.recognise(head, content) }));
  const best = scored.reduce((a, b) => (b.score > a.score ? b : a));
  return best.score > 0.2 ? best.reader : null;
}

export const readerOf = (format: string): IDatasetReader =>
  READERS.find((reader) => reader.format === format) as IDatasetReader;
