/** `files.id`: a positive 32-bit integer. Sequential, so it says nothing of who may read the file. */
export type FileId = number;

/** The largest value of PostgreSQL's `serial`. */
export const MAX_FILE_ID = 2 ** 31 - 1;

/** Id of whoever calls: a UUID. */
export type PrincipalId = string;

declare const BRAND: unique symbol;

/** A UUIDv7. Branded, so that no version id, slug or other text passes for one. */
export type DatasetId = string & { readonly [BRAND]: 'DatasetId' };

/** A UUIDv7. */
export type VersionId = string & { readonly [BRAND]: 'VersionId' };
