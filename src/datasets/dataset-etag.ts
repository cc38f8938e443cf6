import { listsEtag } from '../core/http/content/conditions.js';

/** The ETag of a dataset: it changes with edits, not with commits and figures. */
export const datasetEtag = ({ revision }: { revision: number }): string => `"${revision}"`;

/** Whether the caller meant this revision; without an `If-Match` any. */
export const meantBy =
  (ifMatch: string | undefined) =>
  (revision: number): boolean =>
    ifMatch === undefined || listsEtag(ifMatch, datasetEtag({ revision }), 'strong');
