import { DataSource } from 'typeorm';
import { dataSourceOptions, type DatabaseAddress } from './data-source.options.js';
import { UnitOfWork } from './unit-of-work.js';

/** For commands: a database without an application around it. Statements may take as long as they take. */
export async function withDatabase<T>(
  address: DatabaseAddress,
  work: (unitOfWork: UnitOfWork) => Promise<T>,
): Promise<T> {
  const dataSource = new DataSource(dataSourceOptions({ address, poolSize: 2, timeouts: false }));
  await dataSource.initialize();
  try {
    return await work(new UnitOfWork(dataSource));
  } finally {
    await dataSource.destroy();
  }
}
