import { Injectable, Logger } from '@nestjs/common';
import type {
  EventHandler,
  EventName,
  IEventBus,
  StratumEvents,
} from '../contracts/event-bus.contract.js';

type AnyHandler = (payload: never) => void | Promise<void>;

/** Events within this process. */
@Injectable()
export class InProcessEventBus implements IEventBus {
  private readonly logger = new Logger(InProcessEventBus.name);
  private readonly handlers = new Map<EventName, Set<AnyHandler>>();

  publish<N extends EventName>(name: N, payload: StratumEvents[N]): void {
    const handlers = this.handlers.get(name);
    // Those of this moment: a handler may subscribe another, or end one that has yet to be called.
    for (const handler of Array.from(handlers ?? [])) {
      if (handlers?.has(handler)) void this.deliver(name, handler as EventHandler<N>, payload);
    }
  }

  subscribe<N extends EventName>(name: N, handler: EventHandler<N>): () => void {
    const handlers = this.handlers.get(name) ?? new Set<AnyHandler>();
    this.handlers.set(name, handlers);
    // Wrapped, so that a function subscribed twice is called twice and ended one by one.
    const subscription: AnyHandler = (payload) => handler(payload);
    handlers.add(subscription);
    return () => void handlers.delete(subscription);
  }

  private async deliver<N extends EventName>(
    name: N,
    handler: EventHandler<N>,
    payload: StratumEvents[N],
  ): Promise<void> {
    try {
      await handler(payload);
    } catch (error) {
      this.logger.error({ err: error, event: name }, 'A handler of an event failed.');
    }
  }
}
