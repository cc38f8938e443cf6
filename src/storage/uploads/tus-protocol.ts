import type { RequestHandler } from 'express';

/** tus, https://tus.io/protocols/resumable-upload */
export const TUS_VERSION = '1.0.0';

export const TUS_EXTENSIONS = [
  'creation',
  'creation-with-upload',
  'creation-defer-length',
  'termination',
  'expiration',
  'checksum',
  'concatenation',
];

/** SHA-1 is what every server of tus has; it guards against accidents and nobody relies on it here. */
export const CHECKSUM_ALGORITHMS: Readonly<Record<string, number>> = { sha256: 32, sha1: 20 };

/** Media type of bytes that belong at an offset. */
export const OFFSET_STREAM = 'application/offset+octet-stream';

const COLLECTION = /^\/v1\/uploads\/?$/i;
const UPLOAD = /^\/v1\/uploads\/[^/]+\/?$/i;
const OVERRIDES = new Set(['PATCH', 'DELETE', 'HEAD']);

/**
 * What tus asks of every request and answer, failures too: the version in each answer, what the service can
 * do in answers to OPTIONS (also those that CORS gives), and methods that a client could not send. Those are
 * set here, before a guard looks at what the method is permitted.
 */
export function tusProtocol(maxBytes: number): RequestHandler {
  return (request, response, next) => {
    const isUpload = UPLOAD.test(request.path);
    if (isUpload || COLLECTION.test(request.path)) {
      response.setHeader('Tus-Resumable', TUS_VERSION);
      if (request.method === 'OPTIONS') {
        response.set({
          'Tus-Version': TUS_VERSION,
          'Tus-Extension': TUS_EXTENSIONS.join(','),
          'Tus-Max-Size': String(maxBytes),
          'Tus-Checksum-Algorithm': Object.keys(CHECKSUM_ALGORITHMS).join(','),
        });
      }
      const override = request.header('x-http-method-override')?.toUpperCase() ?? '';
      if (isUpload && request.method === 'POST' && OVERRIDES.has(override)) {
        request.method = override;
      }
    }
    next();
  };
}
