import { Global, Module, type DynamicModule } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ENV, type Env } from '../config/config.js';
import { dataSourceOptions, type DatabaseAddress } from './data-source.options.js';
import { DatabaseHealth } from './database.health.js';
import { DATABASE_ADDRESS, DatabaseNotifications } from './notifications.service.js';
import { UnitOfWork } from './unit-of-work.js';

@Global()
@Module({})
export class DatabaseModule {
  static at(address: DatabaseAddress): DynamicModule {
    return {
      module: DatabaseModule,
      imports: [
        TypeOrmModule.forRootAsync({
          inject: [ENV],
          useFactory: (env: Env) => ({
            ...dataSourceOptions({ address, poolSize: env.DATABASE_POOL_SIZE, timeouts: true }),
            autoLoadEntities: true,
            retryAttempts: 5,
            retryDelay: 500,
          }),
        }),
      ],
      providers: [
        { provide: DATABASE_ADDRESS, useValue: address },
        DatabaseHealth,
        DatabaseNotifications,
        UnitOfWork,
      ],
      exports: [DatabaseNotifications, UnitOfWork],
    };
  }
}
