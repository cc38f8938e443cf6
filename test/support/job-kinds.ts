import { existsSync } from 'node:fs';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable, Module, type Type } from '@nestjs/common';
import type { IArtifactProducer } from '../../src/core/contracts/artifact-producer.contract.js';
import type {
  JobContext,
  JobKind,
  JobOutputs,
  PinnedSource,
  RunningJob,
} from '../../src/core/contracts/jobs.contract.js';
import type { Principal } from '../../src/core/contracts/principal.contract.js';

/** What kinds need of the service, whose modules differ between the sources and the build. */
export interface KindParts {
  JobKind: typeof JobKind;
  ARTIFACT_PRODUCER: symbol;
  StorageModule: Type;
  /** What a refusal is thrown as. */
  refusal: (pointer: string, detail: string) => Error;
}

export interface WriteParameters {
  /** Becomes the output, with the number of the attempt behind it. */
  text: string;
  /** One more output each, of this text and named `more-<n>`. */
  more?: string[];
  /** Read besides the source of the job. */
  sources?: PinnedSource[];
  /** Told before it waits. */
  progress?: number[];
  /** A file that it waits for. */
  until?: string;
  /** Whether it waits on when it is told to stop. */
  isStubborn?: boolean;
  /** What it throws in the end. */
  failure?: 'plain' | 'refusal';
}

/** One of each text: `text`, then `more-0` and so on. */
async function outputsOf(
  producer: IArtifactProducer,
  texts: readonly string[],
  attempt: number,
): Promise<JobOutputs['outputs']> {
  const outputs: JobOutputs['outputs'] = [];
  for (const [n, text] of texts.entries()) {
    const name = n === 0 ? 'text' : `more-${n - 1}`;
    const use = { fileType: 'txt', fileName: `${name}.txt`, metadata: { analysis_type: 'write' } };
    const content = Readable.from([Buffer.from(`${text} ${attempt}`)]);
    outputs.push({ name, staged: await producer.stage(content, use) });
  }
  return outputs;
}

/**
 * A module with kinds of jobs, as an extension would have them: `write` makes a file of its text; `derive`
 * is the same, for other slices only. Without decorators, since Node runs this file as it is too.
 */
export function testKinds({ JobKind, ARTIFACT_PRODUCER, StorageModule, refusal }: KindParts): Type {
  class WriteKind {
    readonly engineVersion = 'test-1';
    readonly producer: IArtifactProducer;

    constructor(producer: IArtifactProducer) {
      this.producer = producer;
    }

    async validate(
      _caller: Principal,
      parameters: Record<string, unknown>,
      source: PinnedSource | null,
    ): Promise<Record<string, unknown>> {
      if (typeof parameters['text'] !== 'string') {
        throw refusal('/parameters/text', 'must be a text');
      }
      if (source && !source.file) throw refusal('/source/path', 'must be a path');
      return parameters;
    }

    sources(parameters: Record<string, unknown>): readonly PinnedSource[] {
      return (parameters as Partial<WriteParameters>).sources ?? [];
    }

    async run(
      { parameters, attempt }: RunningJob,
      { signal, progress }: JobContext,
    ): Promise<JobOutputs> {
      const { text, until, isStubborn, failure, ...told } =
        parameters as unknown as WriteParameters;
      for (const fraction of told.progress ?? []) {
        progress(fraction, `at ${fraction}`);
        await delay(600);
      }
      while (until && !existsSync(until)) {
        if (!isStubborn) signal.throwIfAborted();
        await delay(20);
      }
      if (failure === 'plain') throw new Error('a secret of the service');
      if (failure === 'refusal') throw refusal('/parameters/text', 'is refused in the end');
      return { outputs: await outputsOf(this.producer, [text, ...(told.more ?? [])], attempt) };
    }
  }
  class DeriveKind extends WriteKind {
    readonly isInternal = true;
  }
  for (const [Kind, name] of [
    [WriteKind, 'write'],
    [DeriveKind, 'derive'],
  ] as const) {
    Inject(ARTIFACT_PRODUCER)(Kind, undefined, 0);
    Injectable()(Kind);
    JobKind(name)(Kind);
  }
  class TestKindsModule {}
  Module({ imports: [StorageModule], providers: [WriteKind, DeriveKind] })(TestKindsModule);
  return TestKindsModule;
}
