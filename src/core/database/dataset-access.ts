/**
 * The one rule of who has which role on a dataset, as SQL, for every slice that asks it: the table
 * `dataset_access` holds a row for each subject of each dataset that is not deleted, derived by
 * triggers from its owner, its visibility and its grants.
 */

/** Roles as `dataset_access.role` has them; a higher one may do what a lower one may do. */
const RANKS = { reader: 1, writer: 2, admin: 3 } as const;

/**
 * That one of these subjects has at least this role on the dataset.
 * @param dataset an SQL expression: the id of the dataset
 * @param subjects an SQL expression: `uuid[]`
 */
export const hasRole = (
  dataset: string,
  subjects: string,
  role: keyof typeof RANKS = 'reader',
): string => `EXISTS (
  SELECT FROM dataset_access access
  WHERE access.dataset_id = ${dataset} AND access.subject_id = ANY(${subjects})
    ${role === 'reader' ? '' : `AND access.role >= ${RANKS[role]}`})`;

/** The highest role that these subjects have on the dataset; NULL: none. */
export const roleOf = (dataset: string, subjects: string): string => `(
  SELECT (ARRAY['reader', 'writer', 'admin'])[max(access.role)] FROM dataset_access access
  WHERE access.dataset_id = ${dataset} AND access.subject_id = ANY(${subjects}))`;
