const PATH = {
  type: 'string',
  minLength: 1,
  description: 'Of a file, at most 1,024 bytes in UTF-8 (NFC), its segments parted by /.',
};
const TEXT_OR_NULL = { type: ['string', 'null'] };

const COUNT = { type: 'integer', minimum: 0 };

const PATCHES = {
  type: 'object',
  description:
    'Changes of rows that lie over the file, oldest first: Parquet files with the columns `op`, `new` and `old`.',
  properties: {
    key: { type: 'array', minItems: 1, items: { type: 'string' }, description: 'Columns.' },
    chain: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        properties: {
          contentHash: { type: 'string', pattern: '^sha256:[0-9a-f]{64}$' },
          size: { type: 'integer', minimum: 0, description: 'Bytes.' },
          inserts: COUNT,
          updates: COUNT,
          deletes: COUNT,
        },
        required: ['contentHash', 'size', 'inserts', 'updates', 'deletes'],
        additionalProperties: false,
      },
    },
  },
  required: ['key', 'chain'],
  additionalProperties: false,
};

const PUT = {
  type: 'object',
  title: 'A file goes to a path; what was there before is replaced.',
  properties: {
    op: { const: 'put' },
    path: PATH,
    contentHash: { type: 'string', pattern: '^sha256:[0-9a-f]{64}$' },
    size: { type: 'integer', minimum: 0, description: 'Bytes.' },
    fileType: { type: 'string' },
    fileName: TEXT_OR_NULL,
    mimeType: TEXT_OR_NULL,
    compressionType: TEXT_OR_NULL,
    index: { type: ['integer', 'null'], minimum: 0 },
    metadata: { type: 'object' },
    patches: PATCHES,
  },
  required: [
    'op',
    'path',
    'contentHash',
    'size',
    'fileType',
    'fileName',
    'mimeType',
    'compressionType',
    'index',
    'metadata',
  ],
  additionalProperties: false,
};

const DELETE = {
  type: 'object',
  title: 'The file at a path goes.',
  properties: { op: { const: 'delete' }, path: PATH },
  required: ['op', 'path'],
  additionalProperties: false,
};

const MOVE = {
  type: 'object',
  title: 'What is at `from` goes to `path` (RFC 6902 section 4.4).',
  properties: { op: { const: 'move' }, from: PATH, path: PATH },
  required: ['op', 'from', 'path'],
  additionalProperties: false,
};

/** What an overlay document looks like, for whoever reads one without this service. */
export const OVERLAY_SCHEMA = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $id: 'urn:stratum:overlay:1',
  title: 'Overlay document of a dataset version',
  description:
    'The changes of a version against its parent, ordered by the bytes of their paths, as canonical JSON (RFC 8785).',
  type: 'object',
  properties: {
    version: { const: 1 },
    changes: { type: 'array', items: { oneOf: [PUT, DELETE, MOVE] } },
  },
  required: ['version', 'changes'],
  additionalProperties: false,
};
