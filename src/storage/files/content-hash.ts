/** How a content hash is written in the API: the algorithm is part of it. */
export const CONTENT_HASH = /^(?:sha256:)?[0-9a-f]{64}$/;

export const toContentHash = (hex: string): string => `sha256:${hex}`;
export const hexOfContentHash = (hash: string): string => hash.replace('sha256:', '');
