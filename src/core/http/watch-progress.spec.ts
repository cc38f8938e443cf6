import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Request } from 'express';
import { RequestTimeoutError } from '../errors/index.js';
import { watchProgress } from './watch-progress.js';

const STALL_SECONDS = 30;

describe('watchProgress', () => {
  let request: { socket: { bytesRead: number }; readableLength: number; complete: boolean };
  let abort: AbortController;
  let stop: () => void;

  beforeEach(() => {
    jest.useFakeTimers();
    request = { socket: { bytesRead: 5_000 }, readableLength: 0, complete: false };
    abort = new AbortController();
    stop = watchProgress(request as unknown as Request, STALL_SECONDS, abort);
  });

  afterEach(() => {
    stop();
    jest.useRealTimers();
  });

  const pass = (seconds: number): unknown => jest.advanceTimersByTime(seconds * 1000);

  it('ends a request that has sent nothing for the whole of the time, and not earlier', () => {
    pass(STALL_SECONDS - 1);
    expect(abort.signal.aborted).toBe(false);
    pass(1);
    expect(abort.signal.aborted).toBe(true);
    expect(abort.signal.reason).toBeInstanceOf(RequestTimeoutError);
    expect((abort.signal.reason as Error).message).toContain('30 s');
  });

  it('lets a request take for ever that goes on sending, however slowly', () => {
    for (let turn = 0; turn < 1000; turn += 1) {
      request.socket.bytesRead += 1024;
      pass(STALL_SECONDS);
    }
    expect(abort.signal.aborted).toBe(false);
  });

  it('ends a request that trickles, byte by byte', () => {
    for (let turn = 0; turn < STALL_SECONDS; turn += 1) {
      request.socket.bytesRead += 1;
      pass(1);
    }
    expect(abort.signal.aborted).toBe(true);
  });

  it('ends a request that stops after it had made progress', () => {
    request.socket.bytesRead += 1_000_000;
    pass(STALL_SECONDS);
    expect(abort.signal.aborted).toBe(false);
    pass(STALL_SECONDS);
    expect(abort.signal.aborted).toBe(true);
  });

  it('does not blame the client while its bytes wait here for us', () => {
    request.readableLength = 65_536;
    pass(STALL_SECONDS * 10);
    expect(abort.signal.aborted).toBe(false);
    request.readableLength = 0;
    pass(STALL_SECONDS);
    expect(abort.signal.aborted).toBe(true);
  });

  it('lets a request rest that has arrived whole', () => {
    request.complete = true;
    pass(STALL_SECONDS * 10);
    expect(abort.signal.aborted).toBe(false);
  });

  it('watches no more when it is told to stop', () => {
    stop();
    pass(STALL_SECONDS * 10);
    expect(abort.signal.aborted).toBe(false);
    expect(jest.getTimerCount()).toBe(0);
  });
});
