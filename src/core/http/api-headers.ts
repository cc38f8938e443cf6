import { ApiExtension, type OpenAPIObject } from '@nestjs/swagger';

/** Headers of answers that the document describes, each once. */
const HEADERS = {
  ETag: {
    description: 'For `If-Match` of an edit, or `If-None-Match` of a download.',
    schema: { type: 'string', example: '"3"' },
  },
  Location: {
    description: 'Path of what was made.',
    schema: { type: 'string', format: 'uri-reference' },
  },
  'Repr-Digest': {
    description: 'SHA-256 of the whole content (RFC 9530): `sha-256=:<base64>:`.',
    schema: { type: 'string' },
  },
  RateLimit: {
    description:
      'What is left of the limit, and seconds to the end of the minute. Absent where none is set.',
    schema: { type: 'string', example: '"key";r=5999;t=42' },
  },
  'RateLimit-Policy': {
    description: 'Whose limit it is (`key` or `address`), and requests a minute. As `RateLimit`.',
    schema: { type: 'string', example: '"key";q=6000;w=60' },
  },
  'Retry-After': {
    description: 'Seconds after which a repeat may succeed.',
    schema: { type: 'integer', minimum: 0, example: 5 },
  },
  'WWW-Authenticate': {
    description: 'How to show who calls (RFC 6750).',
    schema: { type: 'string', example: 'Bearer realm="stratum"' },
  },
  'X-Request-Id': {
    description: 'The request in the log: the id that the caller has sent, or a new one.',
    schema: { type: 'string' },
  },
} as const;

export type DocumentedHeader = keyof typeof HEADERS;

const OF_SUCCESS = 'x-headers-of-success';
const PROBLEM_JSON = 'application/problem+json';

/** Documents headers of a route's successful answers. Those that any route has are added for all. */
export const AnswersWith = (...headers: DocumentedHeader[]): MethodDecorator =>
  ApiExtension(OF_SUCCESS, headers);

interface Operation {
  security?: object[];
  responses: Record<string, Answer>;
  [OF_SUCCESS]?: DocumentedHeader[];
}

interface Answer {
  headers?: Record<string, unknown>;
  content?: Record<string, { examples?: Record<string, unknown> }>;
}

/** Says of every answer which headers it has. After `documentCommonProblems`, which adds answers. */
export function documentHeaders(document: OpenAPIObject): OpenAPIObject {
  const operations = Object.values(document.paths).flatMap(
    (path) => Object.values(path) as Operation[],
  );
  for (const operation of operations) {
    for (const [status, answer] of Object.entries(operation.responses)) {
      const headers = headersOf(operation, Number(status), answer).map((name) => [
        name,
        refTo(name),
      ]);
      operation.responses[status] = {
        ...answer,
        headers: { ...answer.headers, ...Object.fromEntries(headers) },
      };
    }
    delete operation[OF_SUCCESS];
  }
  document.components = { ...document.components, headers: { ...HEADERS } };
  return document;
}

function headersOf(operation: Operation, status: number, answer: Answer): DocumentedHeader[] {
  const problems = Object.keys(answer.content?.[PROBLEM_JSON]?.examples ?? {});
  const passes =
    (problems.length > 0 && (status === 429 || status === 503)) ||
    problems.includes('idempotency-in-progress');
  return [
    ...(status < 400 ? (operation[OF_SUCCESS] ?? []) : []),
    ...(passes ? (['Retry-After'] as const) : []),
    ...(status === 401 ? (['WWW-Authenticate'] as const) : []),
    ...(needsKey(operation) ? (['RateLimit', 'RateLimit-Policy'] as const) : []),
    'X-Request-Id',
  ];
}

/** Whether a caller has to show who they are. */
export const needsKey = ({ security }: { security?: object[] }): boolean =>
  security?.some((scheme) => 'bearer' in scheme) ?? false;

const refTo = (name: DocumentedHeader): { $ref: string } => ({
  $ref: `#/components/headers/${name}`,
});
