import type { IsExpected } from '../core/contracts/dataset-service.contract.js';
import { listsEtag } from '../core/http/content/conditions.js';

/** Changes with each edit; a commit is none. */
export const etagOf = ({ revision }: { revision: number }): string => `"${revision}"`;

/** What `If-Match` demands of the dataset to be edited; nothing when it is absent. */
export const isExpectedBy =
  (ifMatch: string | undefined): IsExpected =>
  (revision) =>
    ifMatch === undefined || listsEtag(ifMatch, etagOf({ revision }), 'strong');
