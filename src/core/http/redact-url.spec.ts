import { describe, expect, it } from '@jest/globals';
import { redactUrl } from './redact-url.js';

const KEY = `stratum_${'Ab3-_'.repeat(8)}xyz_0123abcd`;
const percentEncoded = (text: string): string =>
  Buffer.from(text)
    .toString('hex')
    .replaceAll(/../g, (byte) => `%${byte}`);

describe('a URL in the log', () => {
  it.each([
    '/v1/datasets/weather/versions/latest/content/data/stratum_results.csv',
    '/v1/search?q=weather&tag=a%20b&tag=c&limit=10',
    '/v1/files?cursor=eyJhIjoxfQ',
    '/v1/files?',
    '/?&&=&a',
    '/v1/files/%ff?x=%zz',
  ])('is as it came without a key: %s', (url) => {
    expect(redactUrl(url)).toBe(url);
  });

  it.each([
    ['/v1/files?key=a-chosen-secret', '/v1/files?key=redacted'],
    ['/v1/files?a=b&API_KEY=a-chosen-secret&c=d', '/v1/files?a=b&API_KEY=redacted&c=d'],
    ['/v1/files?access_token=a-chosen-secret', '/v1/files?access_token=redacted'],
    ['/v1/files?%6bey=a-chosen-secret', '/v1/files?%6bey=redacted'],
    ['/v1/files?x%5Bkey%5D=a-chosen-secret', '/v1/files?x%5Bkey%5D=redacted'],
    ['/v1/files?key=a=b&x=?key=a', '/v1/files?key=redacted&x=?key=a'],
    [`/v1/files?q=${KEY}`, '/v1/files?q=redacted'],
    [`/v1/files?${KEY}`, '/v1/files?redacted'],
    [`/v1/files?${KEY.replace('3', 'Key')}`, '/v1/files?redacted=redacted'],
    [`/v1/files/${KEY}/content`, '/v1/files/redacted/content'],
    [`//user:${KEY}@host/v1/files`, '//user:redacted@host/v1/files'],
    [`/v1/files?q=${percentEncoded(KEY)}`, '/v1/files?redacted'],
    [`/v1/files?q=${percentEncoded(percentEncoded(KEY))}`, '/v1/files?redacted'],
  ])('holds no key: %s', (url, logged) => {
    expect(redactUrl(url)).toBe(logged);
  });

  it.each(['/v1/files/a-chosen-key', '/v1/files?q=%61-chosen-key', 'a-chosen-key'])(
    'holds no key that the operator has chosen: %s',
    (url) => {
      expect(redactUrl(url, 'a-chosen-key')).toBe('redacted');
      expect(redactUrl(url, 'another-chosen-key')).toBe(url);
    },
  );
});
