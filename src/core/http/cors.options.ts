import type { CorsOptions } from '@nestjs/common/interfaces/external/cors-options.interface.js';

/** What a page may read of an answer beside what browsers show of any. */
const EXPOSED = [
  'Accept-Ranges',
  'Content-Disposition',
  'Content-Range',
  'ETag',
  'Link',
  'Location',
  'RateLimit',
  'RateLimit-Policy',
  'Repr-Digest',
  'Retry-After',
  'Stratum-File-Id',
  'Tus-Checksum-Algorithm',
  'Tus-Extension',
  'Tus-Max-Size',
  'Tus-Resumable',
  'Tus-Version',
  'Upload-Concat',
  'Upload-Defer-Length',
  'Upload-Expires',
  'Upload-Length',
  'Upload-Metadata',
  'Upload-Offset',
  'X-Request-Id',
];

/**
 * Pages of these origins may call the API with a key that they have: no cookie is looked at, so none
 * is asked for. Any header of a request will do: what is not known is passed over.
 */
export const corsOptions = (origins: readonly string[]): CorsOptions => ({
  origin: [...origins],
  methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
  exposedHeaders: EXPOSED,
  credentials: false,
  // Chromium remembers a preflight for two hours at most.
  maxAge: 7200,
});
