// Import this folder dynamically, and only without DATABASE_URL: it loads what a server makes needless.
export {
  DataFolderInUseError,
  EmbeddedPostgresFailedError,
  EmbeddedPostgresUnavailableError,
} from './embedded-postgres.errors.js';
export { shareEmbeddedPostgres, startEmbeddedPostgres } from './embedded-postgres.js';
export type {
  EmbeddedPostgres,
  EmbeddedPostgresOptions,
  PostgresConnection,
} from './embedded-postgres.types.js';
