import type { JobStatus } from './jobs.contract.js';
import type { DatasetId, FileId, PrincipalId, VersionId } from './ids.js';

export const EVENT_BUS = Symbol('IEventBus');

/** Every event by name, with what it carries. Slices add theirs here as they come. */
export interface StratumEvents {
  /** A caller's upload was committed. */
  'file.uploaded': {
    fileId: FileId;
    contentHash: string;
    size: number;
    principalId: PrincipalId;
  };
  /** A caller gave up its holds on a file. Others may still keep the bytes. */
  'file.deleted': { fileId: FileId; principalId: PrincipalId };
  'dataset.created': { datasetId: DatasetId; principalId: PrincipalId };
  'dataset.updated': { datasetId: DatasetId; principalId: PrincipalId };
  /** It is hidden, and can still be restored. */
  'dataset.deleted': { datasetId: DatasetId; principalId: PrincipalId };
  'version.created': {
    datasetId: DatasetId;
    versionId: VersionId;
    versionNumber: number;
    principalId: PrincipalId;
  };
  /** It has ended, one way or another; told by the process that has ended it. */
  'job.finished': { jobId: string; kind: string; status: JobStatus; principalId: PrincipalId };
}

export type EventName = keyof StratumEvents;
export type EventHandler<N extends EventName> = (
  payload: Readonly<StratumEvents[N]>,
) => void | Promise<void>;

/**
 * Tells other slices what has happened. Best effort: an event is published after the commit it
 * tells of, and is lost when the process dies in between, so no stored state may depend on one.
 */
export interface IEventBus {
  /**
   * Calls every handler of this event, in the order of subscription, without waiting for them. A
   * handler that fails is logged; it disturbs neither the publisher nor the others. No subscriber
   * is no error. Publish after the commit: `tx.afterCommit(() => bus.publish(…))`.
   */
  publish<N extends EventName>(name: N, payload: StratumEvents[N]): void;
  /** Returns the function that ends the subscription. */
  subscribe<N extends EventName>(name: N, handler: EventHandler<N>): () => void;
}
