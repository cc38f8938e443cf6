const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

/**
 * Whether nobody can have changed what comes from there: HTTPS, or this machine, where there is nobody
 * between.
 */
export function isSecureUrl(text: string): boolean {
  const url = URL.parse(text);
  return url?.protocol === 'https:' || (url?.protocol === 'http:' && LOOPBACK.has(url.hostname));
}
