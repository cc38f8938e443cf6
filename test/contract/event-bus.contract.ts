import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type {
  EventHandler,
  IEventBus,
  StratumEvents,
} from '../../src/core/contracts/event-bus.contract.js';
import type { FileId, PrincipalId } from '../../src/core/contracts/ids.js';

const DELETED: StratumEvents['file.deleted'] = {
  fileId: 7 as FileId,
  principalId: '0192f3c4-7f7e-7b3e-9d0e-2f5b8a1c4d6e' as PrincipalId,
};
const UPLOADED: StratumEvents['file.uploaded'] = {
  ...DELETED,
  contentHash: `sha256:${'a'.repeat(64)}`,
  size: 3,
};

/** What `IEventBus` promises, for every bus. */
export function describeEventBus(name: string, createBus: () => IEventBus): void {
  describe(`the event bus ${name}`, () => {
    let sut: IEventBus;
    let logged: jest.SpiedFunction<Logger['error']>;
    let heard: string[];

    const hear =
      (who: string): EventHandler<'file.deleted'> =>
      () =>
        void heard.push(who);
    /** A round of the event loop: whatever was not waited for has been called by then. */
    const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

    beforeEach(() => {
      sut = createBus();
      heard = [];
      logged = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    });

    afterEach(() => {
      logged.mockRestore();
    });

    it('calls the handlers in the order of subscription, each once, with the payload', async () => {
      const payloads: unknown[] = [];
      for (const who of ['first', 'second', 'third']) {
        sut.subscribe('file.deleted', (payload) => {
          heard.push(who);
          payloads.push(payload);
        });
      }
      sut.publish('file.deleted', DELETED);
      await turn();
      expect(heard).toEqual(['first', 'second', 'third']);
      expect(payloads).toEqual([DELETED, DELETED, DELETED]);
    });

    it('calls the handlers of this event only', async () => {
      sut.subscribe('file.deleted', hear('deleted'));
      sut.subscribe('file.uploaded', () => void heard.push('uploaded'));
      sut.publish('file.uploaded', UPLOADED);
      await turn();
      expect(heard).toEqual(['uploaded']);
    });

    it('takes an event that nobody has subscribed to', () => {
      expect(() => sut.publish('file.deleted', DELETED)).not.toThrow();
      expect(logged).not.toHaveBeenCalled();
    });

    it.each<[string, EventHandler<'file.deleted'>]>([
      [
        'throws',
        () => {
          throw new Error('handler broke');
        },
      ],
      ['rejects', () => Promise.reject(new Error('handler broke'))],
      [
        'rejects later',
        async () => {
          await turn();
          throw new Error('handler broke');
        },
      ],
    ])(
      'logs a handler that %s, and disturbs neither publisher nor siblings',
      async (_how, broken) => {
        sut.subscribe('file.deleted', hear('before'));
        sut.subscribe('file.deleted', broken);
        sut.subscribe('file.deleted', hear('after'));
        expect(() => sut.publish('file.deleted', DELETED)).not.toThrow();
        await turn();
        await turn();
        expect(heard).toEqual(['before', 'after']);
        expect(logged).toHaveBeenCalledTimes(1);
        expect(
          JSON.stringify(logged.mock.calls[0], (_key, value: unknown) =>
            value instanceof Error ? value.message : value,
          ),
        ).toMatch(/handler broke.*file\.deleted/);
      },
    );

    it('goes on calling a handler that has failed before', async () => {
      sut.subscribe('file.deleted', () => {
        heard.push('called');
        throw new Error('each time');
      });
      sut.publish('file.deleted', DELETED);
      sut.publish('file.deleted', DELETED);
      await turn();
      expect(heard).toEqual(['called', 'called']);
    });

    it('does not wait for its handlers', async () => {
      let finish: () => void = () => undefined;
      sut.subscribe('file.deleted', async () => {
        await new Promise<void>((resolve) => (finish = resolve));
        heard.push('slow');
      });
      sut.subscribe('file.deleted', hear('quick'));
      sut.publish('file.deleted', DELETED);
      await turn();
      expect(heard).toEqual(['quick']);
      finish();
      await turn();
      expect(heard).toEqual(['quick', 'slow']);
    });

    it('calls a handler no more when its subscription has ended', async () => {
      const end = sut.subscribe('file.deleted', hear('ended'));
      sut.subscribe('file.deleted', hear('stays'));
      end();
      end();
      sut.publish('file.deleted', DELETED);
      await turn();
      expect(heard).toEqual(['stays']);
    });

    it('calls a function twice that was subscribed twice, and ends its subscriptions one by one', async () => {
      const handler = hear('same');
      const endFirst = sut.subscribe('file.deleted', handler);
      const endSecond = sut.subscribe('file.deleted', handler);
      const calls: number[] = [];
      for (const end of [undefined, endFirst, endSecond]) {
        end?.();
        heard = [];
        sut.publish('file.deleted', DELETED);
        await turn();
        calls.push(heard.length);
      }
      expect(calls).toEqual([2, 1, 0]);
    });

    it('tells a handler that is subscribed during delivery of the next event only', async () => {
      sut.subscribe('file.deleted', () => {
        heard.push('old');
        sut.subscribe('file.deleted', hear('new'));
      });
      sut.publish('file.deleted', DELETED);
      await turn();
      expect(heard).toEqual(['old']);
      sut.publish('file.deleted', DELETED);
      await turn();
      expect(heard).toEqual(['old', 'old', 'new']);
    });

    it('does not go round for ever with a handler that subscribes itself anew', async () => {
      let end: () => void = () => undefined;
      const once = (): void => {
        heard.push('once');
        if (heard.length > 50) return;
        end();
        end = sut.subscribe('file.deleted', once);
      };
      end = sut.subscribe('file.deleted', once);
      sut.publish('file.deleted', DELETED);
      await turn();
      expect(heard).toEqual(['once']);
    });

    it('skips nobody when a handler ends its own subscription during delivery', async () => {
      const end = sut.subscribe('file.deleted', () => {
        heard.push('once');
        end();
      });
      sut.subscribe('file.deleted', hear('always'));
      sut.publish('file.deleted', DELETED);
      sut.publish('file.deleted', DELETED);
      await turn();
      expect(heard).toEqual(['once', 'always', 'always']);
    });

    it('does not call a handler that an earlier one has ended during delivery', async () => {
      let endLater: () => void = () => undefined;
      sut.subscribe('file.deleted', () => endLater());
      endLater = sut.subscribe('file.deleted', hear('later'));
      sut.publish('file.deleted', DELETED);
      await turn();
      expect(heard).toEqual([]);
    });

    it('delivers an event that a handler publishes', async () => {
      sut.subscribe('file.uploaded', () => sut.publish('file.deleted', DELETED));
      sut.subscribe('file.deleted', hear('deleted'));
      sut.publish('file.uploaded', UPLOADED);
      await turn();
      expect(heard).toEqual(['deleted']);
    });
  });
}
