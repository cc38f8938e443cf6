import type { IFileUses, UnheldUse } from '../../core/contracts/file-uses.contract.js';
import type { FsckContext } from './fsck-context.js';
import type { CheckedIntent } from './fsck.repository.js';

const BATCH = 10_000;
const FIRST_UUID = '00000000-0000-0000-0000-000000000000';

/** What rows say of each other. */
export class RowChecks {
  constructor(private readonly context: FsckContext) {}

  async checkReferences(): Promise<void> {
    const { context } = this;
    for (let after: string | null = '0'; after !== null;) {
      const from: string = after;
      const batch = await context.read((tx) => context.repository.danglingAfter(tx, from, BATCH));
      for (const { id, fileId, owner } of batch.dangling) {
        const message = `The ${owner} refers to file ${fileId}, which does not exist.`;
        context.report({ kind: 'reference-dangling', referenceId: id, fileId, message });
      }
      context.step();
      after = batch.next;
    }
  }

  async checkIntents(): Promise<void> {
    const { context } = this;
    for (let after = FIRST_UUID; ;) {
      const from = after;
      const intents = await context.read((tx) => context.repository.intentsAfter(tx, from, BATCH));
      for (const intent of intents) await this.checkIntent(intent);
      context.step();
      const last = intents.at(-1);
      if (!last) return;
      after = last.id;
    }
  }

  async checkUses(): Promise<void> {
    for (const uses of this.context.parts.uses) await this.checkUsesOf(uses);
  }

  private async checkUsesOf(uses: IFileUses): Promise<void> {
    for (let after: string | null = null, isFirst = true; isFirst || after !== null;) {
      isFirst = false;
      const from: string | null = after;
      const batch: { unheld: UnheldUse[]; next: string | null } = await this.context.read((tx) =>
        uses.unheldAfter(tx, from, BATCH),
      );
      for (const { fileId, what } of batch.unheld) {
        const message = `The ${what} uses file ${fileId} without a reference on it.`;
        this.context.report({ kind: 'use-unheld', fileId, message });
      }
      this.context.step();
      after = batch.next;
    }
  }

  private async checkIntent(intent: CheckedIntent): Promise<void> {
    const { id, kind, storageKey, lastError } = intent;
    const named = { intentId: id, storageKey };
    if (intent.isConflicting) {
      const message = `A ${kind} intent names ${storageKey}, which is the object of a file.`;
      await this.context.settle({ kind: 'intent-conflicting', message, ...named }, (tx) =>
        this.context.repairs.removeConflict(tx, id, storageKey),
      );
      return;
    }
    if (!intent.isOverdue) return;
    this.context.report({
      kind: kind === 'write' ? 'intent-dead' : 'delete-overdue',
      message:
        kind === 'write'
          ? `The upload to ${storageKey} was given up, and is not cleared away.`
          : `${storageKey} is not removed yet${lastError ? `: ${lastError}` : '.'}`,
      ...named,
    });
  }
}
