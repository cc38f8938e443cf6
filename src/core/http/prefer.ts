/** Seconds that a request waits for what takes long, unless it says otherwise. */
const DEFAULT_WAIT = 10;
const MAX_WAIT = 60;

/** `Prefer: wait=N` (RFC 7240 section 4.3), in seconds; of several the first counts. */
export function waitPreferredBy(header: string | string[] | undefined): number {
  const text = Array.isArray(header) ? header.join(',') : (header ?? '');
  const wait = /(?:^|[,;])\s*wait\s*=\s*"?(\d{1,9})"?\s*(?:[,;]|$)/i.exec(text)?.[1];
  return wait === undefined ? DEFAULT_WAIT : Math.min(Number(wait), MAX_WAIT);
}
