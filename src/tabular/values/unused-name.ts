import type { Column } from '../../core/contracts/dataset-reader.contract.js';

/** A name like this one that no column has, however it is written. */
export function unusedName(wanted: string, columns: readonly Pick<Column, 'name'>[]): string {
  const taken = new Set(columns.map(({ name }) => name.toLowerCase()));
  let name = wanted;
  while (taken.has(name.toLowerCase())) name = `_${name}`;
  return name;
}
