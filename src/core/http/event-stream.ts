import { once } from 'node:events';
import type { Request, Response } from 'express';

/** How soon a client comes again whose connection was lost, in milliseconds. */
const RETRY_MS = 1_000;

/** Server-sent events to one client. Whoever sends waits until the client has taken what was sent before. */
export class EventStream {
  private readonly gone = new AbortController();

  constructor(
    request: Request,
    private readonly response: Response,
  ) {
    response.once('close', () => this.gone.abort());
    // A stream is small writes, each of which is to come at once.
    request.socket.setNoDelay(true);
  }

  /** Aborted when the client has gone. */
  get closed(): AbortSignal {
    return this.gone.signal;
  }

  begin(): void {
    this.response.status(200).set({
      'Content-Type': 'text/event-stream; charset=utf-8',
      'Cache-Control': 'no-store',
      // Else nginx keeps events until it has a buffer full.
      'X-Accel-Buffering': 'no',
    });
    this.response.flushHeaders();
    this.response.write(`retry: ${RETRY_MS}\n\n`);
  }

  async send(event: string, id: string, data: object): Promise<void> {
    await this.write(`event: ${event}\nid: ${id}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  /** Says that the stream is alive. */
  async comment(): Promise<void> {
    await this.write(':\n\n');
  }

  end(): void {
    this.response.end();
  }

  private async write(text: string): Promise<void> {
    const { signal } = this.gone;
    if (signal.aborted || this.response.write(text)) return;
    await once(this.response, 'drain', { signal }).catch(() => undefined);
  }
}
