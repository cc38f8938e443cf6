import { DiscoveryService } from '@nestjs/core';
import type { Transaction } from '../database/unit-of-work.js';
import type { PrincipalId } from './ids.js';

/** Marks a provider that is an `IOwnedResources`; whoever asks finds all of them. */
export const OwnedResources = DiscoveryService.createDecorator();

/** What a slice keeps for users, and nobody could reach any more without its owner. */
export interface IOwnedResources {
  /** What it is, for people, in the plural: `datasets`. */
  readonly kind: string;
  /** Whether the user owns any, or can have any back. */
  owns(tx: Transaction, userId: PrincipalId): Promise<boolean>;
}
