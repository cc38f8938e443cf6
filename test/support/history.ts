import { createHash } from 'node:crypto';
import type { Api } from './api.js';

/** `unknown`: no answer came, or one that says so. It may have been done, now or a little later. */
export type Outcome = 'ok' | 'fail' | 'unknown';
type State = 'never' | 'present' | 'absent' | 'unknown';

/**
 * What clients were told, content by content, to compare with what is there in the end. Of one
 * content only one client may write, one request at a time; otherwise "last" has no meaning.
 */
export class History {
  acknowledged = 0;
  private readonly states = new Map<string, State>();

  record(operation: 'upload' | 'delete', sha256: string, outcome: Outcome): void {
    if (outcome === 'ok') this.acknowledged += 1;
    if (outcome === 'fail') return;
    const before = this.states.get(sha256) ?? 'never';
    this.states.set(sha256, operation === 'upload' ? uploaded(before, outcome) : deleted(outcome));
  }

  /** Every promise that the service does not keep, in words. */
  async brokenPromises(api: Api): Promise<string[]> {
    const broken: string[] = [];
    for (const [sha256, state] of this.states) {
      const found = await read(api, sha256);
      if (state === 'present' && found !== sha256) {
        broken.push(`${sha256} was acknowledged and is ${found ?? 'gone'}`);
      }
      if (state === 'absent' && found !== null) broken.push(`${sha256} was deleted and is there`);
      if (found !== null && found !== sha256) broken.push(`${sha256} is read as ${found}`);
    }
    return broken;
  }
}

const uploaded = (before: State, outcome: Outcome): State =>
  outcome === 'ok' || before === 'present' ? 'present' : 'unknown';
const deleted = (outcome: Outcome): State => (outcome === 'ok' ? 'absent' : 'unknown');

async function read(api: Api, sha256: string): Promise<string | null> {
  const { items } = await api.json<{ items: { id: number }[] }>(
    200,
    `/v1/files?contentHash=sha256:${sha256}`,
  );
  const [file] = items;
  if (!file) return null;
  const response = await api.fetch(`/v1/files/${file.id}/content`);
  if (!response.ok) return `answered with ${response.status}`;
  return sha256Of(new Uint8Array(await response.arrayBuffer()));
}

export const sha256Of = (bytes: Uint8Array): string =>
  createHash('sha256').update(bytes).digest('hex');

/** The outcome that an answer, or its absence, tells. */
export async function outcomeOf(response: Promise<Response>): Promise<[Outcome, Response | null]> {
  try {
    const answer = await response;
    if (answer.ok) return ['ok', answer];
    return [(await answer.text()).includes('"outcome-unknown"') ? 'unknown' : 'fail', answer];
  } catch {
    return ['unknown', null];
  }
}

/** A small seeded generator (mulberry32): a failing schedule can be run again. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The seed of this run: FAULT_SEED, or a new one. Printed, so that a failure can be repeated. */
export function faultSeed(name: string): number {
  const seed = Number(process.env['FAULT_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
  process.stderr.write(`${name}: FAULT_SEED=${seed}\n`);
  return seed;
}
