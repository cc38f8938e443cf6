import { setTimeout as delay } from 'node:timers/promises';
import { ModulesContainer } from '@nestjs/core';
import { getDataSourceToken } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { PeriodicTask } from '../../src/core/background/periodic-task.js';
import type { TestApp } from './app.js';

type Query = (this: unknown, ...args: unknown[]) => unknown;

/** How long no statement must come until what runs in the background counts as done. */
const QUIET_MS = 300;

/**
 * Counts the statements that an application in this process sends to PostgreSQL, BEGIN and COMMIT
 * too: at the driver, so that no way round TypeORM goes unseen.
 */
export class StatementCounter {
  private statements: string[] = [];
  private readonly original: Query;

  private constructor(private readonly prototype: { query: Query }) {
    this.original = prototype.query;
    const { original } = this;
    const record = (sql: string) => this.statements.push(sql);
    prototype.query = function (...args) {
      const [query] = args;
      record(typeof query === 'string' ? query : (query as { text: string }).text);
      return original.apply(this, args);
    };
  }

  static of({ app }: TestApp): StatementCounter {
    const { driver } = app.get<DataSource>(getDataSourceToken(), { strict: false });
    const { postgres } = driver as unknown as {
      postgres: { Client: { prototype: { query: Query } } };
    };
    return new StatementCounter(postgres.Client.prototype);
  }

  /** The statements of `work`, when what earlier work left to do in the background is done. */
  async during(work: () => Promise<unknown>): Promise<string[]> {
    for (let before = -1; before !== this.statements.length; await delay(QUIET_MS)) {
      before = this.statements.length;
    }
    this.statements = [];
    await work();
    // Whose key it is, and what it has left, is asked now and then, and remembered in between.
    return this.statements.filter((sql) => !/FROM api_keys|INTO rate_limits/.test(sql));
  }

  stop(): void {
    this.prototype.query = this.original;
  }
}

/** Ends what an application does by itself now and then: it is no request's. */
export async function stopPeriodicTasks({ app }: TestApp): Promise<void> {
  for (const { providers } of app.get(ModulesContainer).values()) {
    for (const { instance } of providers.values()) {
      if (instance instanceof PeriodicTask) await instance.beforeApplicationShutdown();
    }
  }
}
