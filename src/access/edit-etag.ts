import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { EtagMismatchError } from '../core/errors/index.js';
import { listsEtag } from '../core/http/content/conditions.js';

/** Of what can be edited, so that it changes with edits and with nothing else. */
export function etagOf(fields: object): string {
  const digest = createHash('sha256').update(canonicalize(fields) ?? '');
  return `"${digest.digest('base64url').slice(0, 22)}"`;
}

/** Whether the caller meant to edit what is there. */
export type IsExpected = (fields: object) => boolean;

/** What `If-Match` demands; nothing when it is absent. */
export const isExpectedBy =
  (ifMatch: string | undefined): IsExpected =>
  (fields) =>
    ifMatch === undefined || listsEtag(ifMatch, etagOf(fields), 'strong');

/** @throws EtagMismatchError */
export function expect(isExpected: IsExpected, fields: object): void {
  if (!isExpected(fields)) {
    throw new EtagMismatchError('It was edited meanwhile: read it, and edit what is there now.');
  }
}
