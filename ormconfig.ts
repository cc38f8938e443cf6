import { join } from 'node:path';
import { DataSource } from 'typeorm';
import { loadEnv } from './src/core/config/load-env.js';
import { dataSourceOptions, type DatabaseAddress } from './src/core/database/index.js';
import { MIGRATIONS } from './src/migrations/index.js';

const env = loadEnv();
if (!env.DATABASE_URL) throw new Error('The TypeORM CLI needs DATABASE_URL.');
const address: DatabaseAddress = { url: env.DATABASE_URL };

/** For the TypeORM CLI, from the build: `npm run migration:generate`, `:run`, `:revert`, `:check`. */
export default new DataSource({
  ...dataSourceOptions({ address, poolSize: 2, timeouts: false }),
  entities: [join(import.meta.dirname, 'src', '**', '*.entity.{js,ts}')],
  migrations: MIGRATIONS,
});
