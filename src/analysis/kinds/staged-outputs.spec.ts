import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from '@jest/globals';
import type {
  IArtifactProducer,
  StagedArtifact,
  StageOptions,
} from '../../core/contracts/artifact-producer.contract.js';
import { StagedOutputs } from './staged-outputs.js';

class FakeProducer implements IArtifactProducer {
  readonly staged: string[] = [];
  readonly discarded: string[] = [];

  async stage(content: Readable, { signal: _, ...use }: StageOptions): Promise<StagedArtifact> {
    const attemptId = (await buffer(content)).toString();
    this.staged.push(attemptId);
    return { ...use, attemptId, contentHash: '', size: attemptId.length };
  }

  async discard(staged: readonly StagedArtifact[]): Promise<void> {
    this.discarded.push(...staged.map(({ attemptId }) => attemptId));
  }

  async createArtifact(): Promise<never> {
    throw new Error('It is not asked for.');
  }

  async publish(): Promise<never> {
    throw new Error('It is not asked for.');
  }
}

const CSV = { fileType: 'csv', metadata: { job_id: 'j' } };
const idle = new AbortController().signal;

describe('The staged outputs of a job', () => {
  it('are given in their order, with what became known of them later', async () => {
    const producer = new FakeProducer();
    const outputs = await StagedOutputs.of(producer, idle, async (held) => {
      await held.stage('one', Readable.from(['1']), CSV);
      await held.stage('two', Readable.from(['2']), CSV);
      held.describe('one', { rows: 7 });
    });
    expect(outputs.map(({ name, staged }) => [name, staged.attemptId, staged.metadata])).toEqual([
      ['one', '1', { job_id: 'j', rows: 7 }],
      ['two', '2', { job_id: 'j' }],
    ]);
    expect(producer.discarded).toEqual([]);
  });

  it('are discarded when the work is begun again, and can have the same names then', async () => {
    const producer = new FakeProducer();
    const outputs = await StagedOutputs.of(producer, idle, async (held) => {
      for (const text of ['first', 'second']) {
        await held.discard();
        await held.stage('one', Readable.from([text]), CSV);
      }
    });
    expect(outputs.map(({ staged }) => staged.attemptId)).toEqual(['second']);
    expect(producer.discarded).toEqual(['first']);
  });

  it.each([
    ['fails', () => Promise.reject(new Error('no'))],
    [
      'stages two of one name',
      (held: StagedOutputs) => held.stage('one', Readable.from(['x']), CSV),
    ],
    ['describes what is not there', async (held: StagedOutputs) => held.describe('other', {})],
  ])('are discarded when the work %s', async (_, then: (held: StagedOutputs) => unknown) => {
    const producer = new FakeProducer();
    const work = StagedOutputs.of(producer, idle, async (held) => {
      await held.stage('one', Readable.from(['1']), CSV);
      await then(held);
    });
    await expect(work).rejects.toThrow(/no|called/);
    expect(producer.discarded).toEqual(['1']);
  });

  it('are discarded when nobody waits for them any more', async () => {
    const producer = new FakeProducer();
    const controller = new AbortController();
    const work = StagedOutputs.of(producer, controller.signal, async (held) => {
      await held.stage('one', Readable.from(['1']), CSV);
      controller.abort(new Error('cancelled'));
    });
    await expect(work).rejects.toThrow('cancelled');
    expect(producer.discarded).toEqual(['1']);
  });
});
