import { Injectable } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import {
  OwnedResources,
  type IOwnedResources,
} from '../../core/contracts/owned-resources.contract.js';
import type { Transaction } from '../../core/database/index.js';

/** Asks every slice whether a user owns something there. */
@Injectable()
export class Ownership {
  constructor(private readonly discovery: DiscoveryService) {}

  /** The kinds of what the user owns. */
  async of(tx: Transaction, userId: string): Promise<string[]> {
    const kinds: string[] = [];
    for (const { instance } of this.discovery.getProviders({ metadataKey: OwnedResources.KEY })) {
      const resources = instance as IOwnedResources;
      if (await resources.owns(tx, userId)) kinds.push(resources.kind);
    }
    return kinds.sort();
  }
}
