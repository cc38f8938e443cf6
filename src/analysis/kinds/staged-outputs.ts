import type { Readable } from 'node:stream';
import type {
  IArtifactProducer,
  StagedArtifact,
} from '../../core/contracts/artifact-producer.contract.js';
import type { FileUse } from '../../core/contracts/file-references.contract.js';
import type { JobOutputs } from '../../core/contracts/jobs.contract.js';

/**
 * What a job has staged so far, until its end publishes it. Work in a workbench may be carried out more
 * than once, and may fail: what was staged before is discarded then, and not left to its lease.
 */
export class StagedOutputs {
  private readonly held = new Map<string, StagedArtifact>();

  private constructor(
    private readonly producer: IArtifactProducer,
    private readonly signal: AbortSignal,
  ) {}

  /** Does the work and gives what it has staged, in its order; of work that fails nothing stays. */
  static async of(
    producer: IArtifactProducer,
    signal: AbortSignal,
    work: (outputs: StagedOutputs) => Promise<void>,
  ): Promise<JobOutputs['outputs']> {
    const outputs = new StagedOutputs(producer, signal);
    try {
      await work(outputs);
      signal.throwIfAborted();
    } catch (error) {
      await outputs.discard();
      throw error;
    }
    return [...outputs.held].map(([name, staged]) => ({ name, staged }));
  }

  /** Gives up what is staged: what work that may be carried out again begins with. */
  async discard(): Promise<void> {
    const staged = [...this.held.values()];
    this.held.clear();
    if (staged.length > 0) await this.producer.discard(staged);
  }

  /** @param name unique in the job @throws what `IArtifactProducer.stage` throws; the content's own error */
  async stage(name: string, content: Readable, use: FileUse): Promise<StagedArtifact> {
    if (this.held.has(name)) throw new Error(`There are two outputs called ${name}.`);
    const staged = await this.producer.stage(content, { ...use, signal: this.signal });
    this.held.set(name, staged);
    return staged;
  }

  /** Adds to the metadata of an output what is known only after it was written. */
  describe(name: string, metadata: Record<string, unknown>): void {
    const staged = this.held.get(name);
    if (!staged) throw new Error(`There is no output called ${name}.`);
    this.held.set(name, { ...staged, metadata: { ...staged.metadata, ...metadata } });
  }
}
