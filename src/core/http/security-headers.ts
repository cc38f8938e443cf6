import type { RequestHandler } from 'express';
import helmet from 'helmet';

/**
 * Of Swagger UI: its scripts are files, its style sheets are not all, and its images are data. Both
 * policies leave `upgrade-insecure-requests` out, and no HSTS is sent: TLS is the proxy's, and who
 * reaches the service without one would be locked out by either.
 */
const DOCS_POLICY = {
  'default-src': ["'none'"],
  'script-src': ["'self'"],
  'style-src': ["'self'", "'unsafe-inline'"],
  'img-src': ["'self'", 'data:'],
  'connect-src': ["'self'"],
  'base-uri': ["'none'"],
  'form-action': ["'none'"],
  'frame-ancestors': ["'none'"],
};

/** Of all other answers, which no browser shall run or show; downloads tighten it further. */
const API_POLICY = { 'default-src': ["'none'"], 'frame-ancestors': ["'none'"] };

const DOCS = /^\/docs(?:[/?]|$)/;

const withPolicy = (directives: Record<string, string[]>) =>
  helmet({
    contentSecurityPolicy: { useDefaults: false, directives },
    strictTransportSecurity: false,
    xFrameOptions: { action: 'deny' },
  });

/** The headers that tell browsers what not to do with an answer. */
export function securityHeaders(): RequestHandler {
  const [docs, others] = [withPolicy(DOCS_POLICY), withPolicy(API_POLICY)];
  return (request, response, next) => {
    const isDocs = DOCS.test(request.url);
    (isDocs ? docs : others)(request, response, next);
  };
}
