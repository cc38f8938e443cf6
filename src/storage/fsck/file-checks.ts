import { createHash } from 'node:crypto';
import { ObjectNotFoundError, StorageUnavailableError } from '../../core/errors/index.js';
import { eachOf } from './each-of.js';
import type { FsckFinding } from './findings.js';
import type { FsckContext } from './fsck-context.js';
import type { CheckedFile } from './fsck.repository.js';
import { verifyObject, type Verdict } from './verify-object.js';

const BATCH = 500;
/** Objects that are looked at, not read, at a time. */
const LOOKS = 8;
const USES = 20;
/** Then it is the store that fails, and not single objects. */
const MAX_FAILURES = 20;

const LOST = {
  missing: { kind: 'object-missing', health: 'missing', message: 'Its bytes are gone.' },
  'wrong-size': { kind: 'object-wrong-size', health: 'corrupt', message: 'Its size is wrong.' },
  corrupt: { kind: 'object-corrupt', health: 'corrupt', message: 'Its bytes were changed.' },
} as const;

/** Every row of `files`: its count, its object, and the bytes of those that are to be read. */
export class FileChecks {
  private failures = 0;

  constructor(private readonly context: FsckContext) {}

  async run(): Promise<void> {
    const { context } = this;
    for (let last = 0; ;) {
      const files = await context.read((tx) => context.repository.filesAfter(tx, last, BATCH));
      const toRead: CheckedFile[] = [];
      await eachOf(files, LOOKS, async (file) => {
        await this.checkCount(file);
        if (await this.isToRead(file)) toRead.push(file);
        else this.done();
      });
      for (const file of toRead) {
        await this.readFile(file);
        this.done();
      }
      const end = files.at(-1);
      if (!end) return;
      last = end.id;
    }
  }

  private done(): void {
    this.context.progress.files += 1;
    this.context.step();
  }

  private async checkCount(file: CheckedFile): Promise<void> {
    const { context } = this;
    const isCountRight = file.count === file.counted;
    if (isCountRight && file.isZeroSinceRight) return;
    await context.settle(
      {
        ...namesOf(file),
        kind: isCountRight ? 'zero-since-wrong' : 'count-wrong',
        message: `It counts ${file.count} references and has ${file.counted}.`,
      },
      (tx) => context.repairs.recount(tx, file),
    );
  }

  /** Looks at the object; whether it is to be read is left when nothing is wrong with it so far. */
  private async isToRead(file: CheckedFile): Promise<boolean> {
    const { backend } = this.context.parts;
    if (file.backend !== backend.name) {
      const message = `It lies on ${file.backend}; this installation uses ${backend.name}.`;
      this.context.report({ ...namesOf(file), kind: 'backend-other', message });
      return false;
    }
    const size = await this.orUnreadable(file, async () => {
      try {
        return (await backend.getFileInfo(file.storageKey)).size;
      } catch (error) {
        if (error instanceof ObjectNotFoundError) return null;
        throw error;
      }
    });
    if (size === undefined) return false;
    if (size === null || size !== file.size) {
      await this.lost(file, size === null ? 'missing' : 'wrong-size');
      return false;
    }
    // What is marked needs to be read to tell whether the mark is still right.
    const isMarked = file.health === 'missing' || file.health === 'corrupt';
    const { readData, seed } = this.context.options;
    return isMarked || isChosen(file.id, readData, seed);
  }

  private async readFile(file: CheckedFile): Promise<void> {
    const { context } = this;
    const verdict = await this.orUnreadable(file, () =>
      verifyObject(context.parts.backend, file, {
        signal: context.options.signal,
        onBytes: (bytes) => {
          context.progress.bytes += bytes;
          context.step();
        },
      }),
    );
    if (verdict?.is === 'whole') await this.whole(file, verdict);
    else if (verdict) await this.lost(file, verdict.is);
  }

  private async whole(file: CheckedFile, { blockCrcs }: Verdict & { is: 'whole' }): Promise<void> {
    const { context } = this;
    const known = await context.read((tx) => context.repository.blockCrcs(tx, file.id));
    if (known && !known.equals(blockCrcs)) {
      const message = 'The CRCs of its blocks are not those of its bytes.';
      await context.settle({ ...namesOf(file), kind: 'crcs-wrong', message }, (tx) =>
        context.repairs.writeCrcs(tx, file, blockCrcs),
      );
    }
    if (file.health === 'missing' || file.health === 'corrupt') {
      const message = `It is marked as ${file.health}, and its bytes are right.`;
      await context.settle({ ...namesOf(file), kind: 'mark-outdated', message }, (tx) =>
        context.repairs.mark(tx, file, 'ok'),
      );
    }
  }

  private async lost(file: CheckedFile, how: keyof typeof LOST): Promise<void> {
    const { context } = this;
    // A heal has moved it, or the collector has taken it, since the row was read.
    if (!(await context.read((tx) => context.repository.isAt(tx, file)))) return;
    const { kind, health, message } = LOST[how];
    const uses = await this.usesOf(file);
    await context.settle(
      { ...namesOf(file), kind, message, uses, references: file.counted },
      (tx) => context.repairs.mark(tx, file, health),
      'marked',
    );
  }

  private async usesOf({ id }: CheckedFile): Promise<string[]> {
    const { parts, repository } = this.context;
    return await this.context.read(async (tx) => {
      const found = await repository.holdersOf(tx, id, USES);
      for (const uses of parts.uses) found.push(...(await uses.usesOf(tx, id, USES)));
      return found.slice(0, USES);
    });
  }

  /** One object that can't be read is a finding; many after each other are a store that is away. */
  private async orUnreadable<T>(file: CheckedFile, look: () => Promise<T>): Promise<T | undefined> {
    try {
      const seen = await look();
      this.failures = 0;
      return seen;
    } catch (error) {
      this.failures += 1;
      if (!(error instanceof StorageUnavailableError) || this.failures > MAX_FAILURES) throw error;
      const message = `The store fails on it: ${String((error.cause as Error | undefined)?.message ?? error.message)}`;
      this.context.report({ ...namesOf(file), kind: 'object-unreadable', message });
      return undefined;
    }
  }
}

const namesOf = ({
  id,
  contentHash,
  storageKey,
}: CheckedFile): Pick<FsckFinding, 'fileId' | 'contentHash' | 'storageKey'> => ({
  fileId: id,
  contentHash,
  storageKey,
});

/** The same seed chooses the same files, whichever others there are. */
function isChosen(id: number, percent: number, seed: number): boolean {
  if (percent <= 0 || percent >= 100) return percent >= 100;
  const digest = createHash('sha256').update(`${seed}:${id}`).digest();
  return digest.readUInt32BE(0) / 2 ** 32 < percent / 100;
}
