export interface FormPart {
  name: string;
  /** With a file name it is a file, without a field. Bytes are sent as they are, even broken ones. */
  fileName?: string | Buffer;
  type?: string;
  content: Uint8Array | string;
}

export interface Multipart {
  body: Buffer;
  /** The Content-Type header. */
  type: string;
}

export const BOUNDARY = 'test-boundary-7MA4YWxkTrZu0gW';

/** A form written byte by byte, so that a test can cut it or break it where it likes. */
export function multipart(parts: FormPart[], { close = true } = {}): Multipart {
  const chunks = parts.flatMap(({ name, fileName, type, content }) => [
    Buffer.from(`--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"`),
    ...(fileName === undefined
      ? []
      : [Buffer.from('; filename="'), Buffer.from(fileName as string), Buffer.from('"')]),
    Buffer.from(type === undefined ? '\r\n\r\n' : `\r\nContent-Type: ${type}\r\n\r\n`),
    Buffer.from(content as string),
    Buffer.from('\r\n'),
  ]);
  if (close) chunks.push(Buffer.from(`--${BOUNDARY}--\r\n`));
  return { body: Buffer.concat(chunks), type: `multipart/form-data; boundary=${BOUNDARY}` };
}

/** The form of one file with fields before it and after it. */
export const fileForm = (
  content: Uint8Array | string,
  fileName: string | Buffer = 'data.bin',
  fields: { before?: Record<string, string>; after?: Record<string, string> } = {},
): Multipart =>
  multipart([
    ...fieldParts(fields.before),
    { name: 'file', fileName, type: 'application/octet-stream', content },
    ...fieldParts(fields.after),
  ]);

const fieldParts = (fields: Record<string, string> = {}): FormPart[] =>
  Object.entries(fields).map(([name, content]) => ({ name, content }));
