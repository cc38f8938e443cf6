export { hasRole, roleOf } from './dataset-access.js';
export { ownsJob } from './job-access.js';
export { DatabaseModule } from './database.module.js';
export { dataSourceOptions, type DatabaseAddress } from './data-source.options.js';
export { migrate, type MigrationClass } from './migrate.js';
export { DatabaseNotifications, type NotificationHandler } from './notifications.service.js';
export { brokenUniqueConstraint, isConnectionLost, orTaken } from './pg-errors.js';
export { StandaloneUnitOfWork } from './standalone.js';
export { managerOf, RetryTransaction, Transaction, UnitOfWork } from './unit-of-work.js';
