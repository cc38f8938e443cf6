import { Module, type DynamicModule } from '@nestjs/common';
import { AccessModule } from './access/index.js';
import type { Env } from './core/config/config.js';
import { CoreModule } from './core/core.module.js';
import type { DatabaseAddress } from './core/database/index.js';
import { StorageModule } from './storage/index.js';

/** The only file that knows every module. */
@Module({})
export class AppModule {
  static with(env: Env, database: DatabaseAddress): DynamicModule {
    return {
      module: AppModule,
      imports: [CoreModule.with(env, database), AccessModule, StorageModule],
    };
  }
}
