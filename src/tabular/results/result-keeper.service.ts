import { randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import { Inject, Injectable } from '@nestjs/common';
import {
  ARTIFACT_PRODUCER,
  type IArtifactProducer,
  type StagedArtifact,
} from '../../core/contracts/artifact-producer.contract.js';
import {
  FILE_REFERENCES,
  type IFileReferences,
} from '../../core/contracts/file-references.contract.js';
import { UnitOfWork } from '../../core/database/index.js';
import { ContentReader } from '../../storage/index.js';
import { withPatches, type WantedContent } from '../sources/local-contents.service.js';
import { DerivedResultsRepository, type KeptResult } from './derived-results.repository.js';

/** Who holds the artifacts of results. */
export const derivedOwner = (id: string): { type: string; id: string } => ({ type: 'derived', id });

/** What a result is of: the same of each gives the same result, in every version and dataset. */
export interface ResultOf {
  kind: string;
  contents: readonly WantedContent[];
  /** JSON. */
  parameters: unknown;
}

/** What the artifact of a result is used as. */
export interface ResultUse {
  fileType: string;
  mimeType: string;
}

/** Another process has kept the same meanwhile: undoes the transaction. */
class KeptAlready extends Error {}

/** Contents that were written, or found to be right, so long ago are verified before a result is kept. */
const VERIFIED_WITHIN_MS = 24 * 3600_000;

/** Keeps what has been computed as artifacts, under its key. */
@Injectable()
export class ResultKeeper {
  constructor(
    private readonly repository: DerivedResultsRepository,
    @Inject(ARTIFACT_PRODUCER) private readonly producer: IArtifactProducer,
    @Inject(FILE_REFERENCES) private readonly references: IFileReferences,
    private readonly contents: ContentReader,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  /** @param make stages the bytes, while the contents that they are of are verified */
  async keep(of: ResultOf, key: string, make: () => Promise<StagedArtifact>): Promise<KeptResult> {
    const [staged] = await Promise.all([make(), this.verify(of)]);
    return await this.publish(of, key, staged);
  }

  async stage(content: Readable, use: ResultUse): Promise<StagedArtifact> {
    return await this.producer.stage(content, use);
  }

  /** Of two processes that computed the same, the first keeps it. Staged bytes are used or given up. */
  private async publish(of: ResultOf, key: string, staged: StagedArtifact): Promise<KeptResult> {
    const id = randomUUID();
    try {
      await this.remove(key, 'damaged');
      return await this.unitOfWork.run(async (tx) => {
        const [fileId] = (await this.producer.publish(tx, [staged], derivedOwner(id))) as [number];
        const { contentHash, size } = staged;
        const kept = { id, fileId, contentHash, size };
        const sourceHashes = of.contents.flatMap(withPatches).map((one) => one.contentHash);
        const isFirst = await this.repository.insert(tx, {
          ...kept,
          key,
          kind: of.kind,
          sourceHashes,
        });
        if (!isFirst) throw new KeptAlready();
        return kept;
      });
    } catch (error) {
      await this.producer.discard([staged]);
      const kept = error instanceof KeptAlready ? await this.repository.use(key) : null;
      if (!kept) throw error;
      return kept;
    }
  }

  /** Takes the result of this key away, or only if its bytes are damaged. */
  async remove(key: string, which: 'any' | 'damaged'): Promise<void> {
    await this.unitOfWork.run(async (tx) => {
      const taken = await this.repository.take(tx, key, which);
      if (taken) await this.references.release(tx, taken.fileId, derivedOwner(taken.id));
    });
  }

  /** A result of rotten bytes must not outlive them. Beside the work, since both read the same bytes. */
  async verify({ contents }: ResultOf): Promise<void> {
    for (const { fileId } of contents.flatMap(withPatches)) {
      await this.contents.verify(fileId, VERIFIED_WITHIN_MS);
    }
  }
}
