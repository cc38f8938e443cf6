/** `files.id`: a positive 32-bit integer. Sequential, so it says nothing of who may read the file. */
export type FileId = number;

/** The largest value of PostgreSQL's `serial`. */
export const MAX_FILE_ID = 2 ** 31 - 1;

/** Id of whoever calls: a UUID. */
export type PrincipalId = string;

/** A UUIDv7. */
export type DatasetId = string;

/** A UUIDv7. */
export type VersionId = string;
