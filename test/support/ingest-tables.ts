import { RetryTransaction, Transaction } from '../../src/core/database/index.js';

/** These methods and no others: a call that the test has no answer for throws. */
export function only<T extends object>(answers: Partial<T>): T {
  return new Proxy(answers, {
    get: (target, name) => {
      const answer = Reflect.get(target, name) as unknown;
      if (answer === undefined) throw new Error(`The test has no answer for ${String(name)}.`);
      return answer;
    },
  }) as T;
}

interface NewObject {
  contentHash: string;
  size: number;
  backend: string;
  storageKey: string;
}

interface FileRow extends NewObject {
  id: number;
  health: 'ok' | 'unchecked' | 'corrupt' | 'missing';
  references: number;
  verifiedAt: Date;
}

/** The tables as the producer knows them; a transaction that fails leaves them as they were. */
export class Tables {
  files: FileRow[] = [];
  references: { fileId: number; attemptId: string | null }[] = [];
  intents = new Map<string, { kind: 'write' | 'delete'; storageKey: string }>();
  /** What somebody else does just before the next transaction begins. */
  beforeTransaction: (() => Promise<void> | void) | null = null;
  private lastId = 0;

  store(object: NewObject): FileRow {
    const file = {
      ...object,
      id: (this.lastId += 1),
      health: 'ok' as const,
      references: 1,
      verifiedAt: new Date(),
    };
    this.files.push(file);
    return file;
  }

  find = (contentHash: string): FileRow | undefined =>
    this.files.find((file) => file.contentHash === contentHash);

  /** What an intents repository answers. */
  intentAnswers() {
    return {
      openWrite: async ({ id, storageKey }: { id: string; storageKey: string }) =>
        void this.intents.set(id, { kind: 'write', storageKey }),
      lockWrite: async (_tx: Transaction, id: string) => this.intents.get(id)?.kind === 'write',
      remove: async (_tx: Transaction, id: string) => void this.intents.delete(id),
      forget: async (id: string) => void this.intents.delete(id),
      fence: async (id: string) => {
        const intent = this.intents.get(id);
        if (intent?.kind !== 'write') return false;
        intent.kind = 'delete';
        return true;
      },
      openDelete: async (_tx: Transaction, _backend: string, storageKey: string) =>
        void this.intents.set(`delete ${storageKey}`, { kind: 'delete', storageKey }),
    };
  }

  /** What a repository of stored files answers. */
  fileAnswers() {
    return {
      findByHash: async (hash: string) => this.find(hash) ?? null,
      ownsObject: async (key: string) => this.files.some(({ storageKey }) => storageKey === key),
      bumpByHash: async (_tx: Transaction, hash: string) => {
        const file = this.find(hash);
        if (file) file.references += 1;
        return file ? { ...file } : null;
      },
      insertOrBump: async (_tx: Transaction, object: NewObject) => ({ ...this.store(object) }),
      insertReference: async (
        _tx: Transaction,
        fileId: number,
        _owner: unknown,
        _use: unknown,
        attemptId: string | null,
      ) => void this.references.push({ fileId, attemptId }),
      replaceObject: async (
        _tx: Transaction,
        id: number,
        to: { backend: string; storageKey: string },
      ) =>
        void Object.assign(this.files.find((file) => file.id === id) ?? {}, to, { health: 'ok' }),
    };
  }

  /** What a unit of work answers. */
  transactionAnswers() {
    return {
      run: async <T>(work: (tx: Transaction) => Promise<T>): Promise<T> => {
        for (;;) {
          await this.beforeTransaction?.();
          this.beforeTransaction = null;
          const before = structuredClone([this.files, this.references, this.intents] as const);
          const tx = new Transaction();
          try {
            const result = await work(tx);
            for (const hook of tx.commitHooks) await hook();
            return result;
          } catch (error) {
            [this.files, this.references, this.intents] = before;
            if (!(error instanceof RetryTransaction)) throw error;
            await error.prepare();
          }
        }
      },
    };
  }
}
