import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { JobKind, type IJobHandler } from '../../core/contracts/jobs.contract.js';

const NAME = /^[a-z][a-z0-9-]{0,63}$/;

/** The kinds of jobs that there are, whichever module has them. */
@Injectable()
export class JobKinds implements OnModuleInit {
  private readonly handlers = new Map<string, IJobHandler>();

  constructor(private readonly discovery: DiscoveryService) {}

  onModuleInit(): void {
    for (const wrapper of this.discovery.getProviders({ metadataKey: JobKind.KEY })) {
      const name = this.discovery.getMetadataByDecorator(JobKind, wrapper) as string;
      if (!NAME.test(name)) throw new Error(`${name} is no name of a kind of jobs.`);
      if (this.handlers.has(name)) throw new Error(`There are two kinds of jobs called ${name}.`);
      this.handlers.set(name, wrapper.instance as IJobHandler);
    }
  }

  find(kind: string): IJobHandler | null {
    return this.handlers.get(kind) ?? null;
  }

  /** Those that callers may submit. */
  get names(): string[] {
    return [...this.handlers].flatMap(([name, { isInternal }]) => (isInternal ? [] : name)).sort();
  }
}
