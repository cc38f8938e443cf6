import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { PeriodicTask } from '../../core/background/periodic-task.js';
import { EVENT_BUS, type IEventBus } from '../../core/contracts/event-bus.contract.js';
import { UnitOfWork } from '../../core/database/index.js';
import { documentOf } from './search-document.js';
import { SearchIndexRepository, type Mark } from './search-index.repository.js';

/** Marks worked off in one transaction. */
const BATCH = 50;
/** For marks whose event was lost, or that another replica left. */
const INTERVAL_MS = 30_000;
/** How long a search waits for what was written before it. */
const PATIENCE_MS = 2000;
const POLL_MS = 20;
const EVENTS = ['dataset.created', 'dataset.updated', 'version.created'] as const;

/**
 * Works off the marks of changed datasets, in any number of processes at once. Events only tell it
 * to look sooner.
 */
@Injectable()
export class SearchIndexer extends PeriodicTask {
  private readonly subscriptions: (() => void)[] = [];

  constructor(
    @Inject(EVENT_BUS) private readonly events: IEventBus,
    private readonly index: SearchIndexRepository,
    private readonly unitOfWork: UnitOfWork,
  ) {
    super({
      intervalMs: INTERVAL_MS,
      startsAtOnce: true,
      failure: 'Changed datasets were not indexed; trying later.',
    });
  }

  override onApplicationBootstrap(): void {
    for (const event of EVENTS) {
      this.subscriptions.push(this.events.subscribe(event, () => this.wake()));
    }
    super.onApplicationBootstrap();
  }

  override async beforeApplicationShutdown(): Promise<void> {
    for (const end of this.subscriptions) end();
    await super.beforeApplicationShutdown();
  }

  /** Waits until what was committed before the call is indexed, by whichever replica. At most 2 s. */
  async catchUp(): Promise<void> {
    const newest = await this.index.newestRecentMark();
    if (newest === null) return;
    const deadline = performance.now() + PATIENCE_MS;
    do {
      this.wake();
      await Promise.race([this.idle, delay(POLL_MS)]);
    } while ((await this.index.hasRecentMarks(newest)) && performance.now() < deadline);
  }

  protected async turn(): Promise<void> {
    let size = BATCH;
    while (!this.isStopping) {
      let taken: Mark[] = [];
      try {
        await this.unitOfWork.run(async (tx) => {
          taken = await this.index.take(tx, size);
          const datasetIds = new Set(taken.map(({ datasetId }) => datasetId));
          const words = new Set<string>();
          for (const dataset of await this.index.read(tx, [...datasetIds])) {
            const document = documentOf(dataset);
            await this.index.write(tx, dataset, document);
            for (const word of document.words) words.add(word);
          }
          await this.index.addWords(tx, words);
        });
        if (taken.length === 0) return;
      } catch (error) {
        const [failed] = taken;
        if (!failed) throw error;
        // One dataset must not keep others from being indexed: one by one from here on.
        if (size === 1) await this.postpone(failed, error);
        size = 1;
      }
    }
  }

  private async postpone(mark: Mark, error: unknown): Promise<void> {
    this.logger.error(
      { err: error, datasetId: mark.datasetId },
      'A dataset was not indexed; trying later.',
    );
    await this.index.postpone(mark.id);
  }
}
