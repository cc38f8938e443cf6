/** The service with a kind of jobs that does nothing, as a module of somebody's own would add one. */
import 'reflect-metadata';
import { Injectable, Module } from '@nestjs/common';
import { AppModule } from '../../dist/src/app.module.js';
import { JobKind } from '../../dist/src/core/contracts/jobs.contract.js';
import { run } from '../../dist/src/run.js';

class Nothing {
  async validate() {
    return {};
  }

  async run() {
    return { outputs: [] };
  }
}
Injectable()(Nothing);
JobKind('nothing')(Nothing);

class NothingModule {}
Module({ providers: [Nothing] })(NothingModule);

const assembled = AppModule.with.bind(AppModule);
AppModule.with = (env, database) => assembled(env, database, [NothingModule]);

await run();
