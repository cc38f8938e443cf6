/** What a request that hides a second one looks like. */
export interface Smuggling {
  kind: string;
  /** The bytes, up to and with the hidden request. */
  bytes: string;
}

/**
 * Sixty ways to have two servers disagree where a request ends. The hidden request lies where a server
 * that errs would see a new one; whoever reads by RFC 9112 finds a body there, or refuses.
 * @param line the request line that carries it, without version
 * @param hidden a whole request that must not be carried out
 */
export function smugglings(line: string, hidden: string): Smuggling[] {
  const parts: Parts = {
    line,
    hidden,
    length: Buffer.byteLength(hidden),
    head: (...headers) =>
      `${line} HTTP/1.1\r\nHost: test\r\n${headers.map((one) => `${one}\r\n`).join('')}\r\n`,
  };
  return Object.entries({ ...byCodings(parts), ...byLengths(parts), ...byChunks(parts) }).flatMap(
    ([kind, all]) => all.map((bytes) => ({ kind, bytes })),
  );
}

interface Parts {
  line: string;
  hidden: string;
  /** Of the hidden request, in bytes. */
  length: number;
  head: (...headers: string[]) => string;
}

function byCodings({ hidden, length, head }: Parts): Record<string, string[]> {
  const chunk = `${length.toString(16)}\r\n${hidden}\r\n0\r\n\r\n`;
  return {
    'CL.TE': [
      head(`Content-Length: ${length + 5}`, 'Transfer-Encoding: chunked') + `0\r\n\r\n${hidden}`,
      head('Transfer-Encoding: chunked', `Content-Length: ${length + 5}`) + `0\r\n\r\n${hidden}`,
      head('Content-Length: 0', 'Transfer-Encoding: chunked') + `0\r\n\r\n${hidden}`,
      head('Content-Length: 5', 'transfer-encoding: CHUNKED') + `0\r\n\r\n${hidden}`,
    ],
    'TE.CL': [
      head('Content-Length: 4', 'Transfer-Encoding: chunked') + chunk,
      head('Transfer-Encoding: chunked', 'Content-Length: 4') + chunk,
      head('Transfer-Encoding: chunked', 'Content-Length: 0') + chunk,
      head('Transfer-Encoding: chunked', 'content-length: 00004') + chunk,
    ],
    'TE.TE': [
      'xchunked',
      'chunked, identity',
      'chunked, chunked',
      'identity, chunked, identity',
      'chunked;q=1',
      'chunked\t,',
      '"chunked"',
      'chunk\u0065d\u000b',
      'chunked\u0000',
      ', chunked',
    ].map((coding) => head(`Transfer-Encoding: ${coding}`) + `0\r\n\r\n${hidden}`),
    'TE twice': [
      head('Transfer-Encoding: chunked', 'Transfer-Encoding: identity') + `0\r\n\r\n${hidden}`,
      head('Transfer-Encoding: x', 'Transfer-Encoding: chunked', 'Content-Length: 3') + chunk,
      head('Transfer-Encoding: chunked', 'Transfer-encoding: cow') + `0\r\n\r\n${hidden}`,
    ],
    'TE in another spelling': [
      'Transfer-Encoding : chunked',
      ' Transfer-Encoding: chunked',
      'X: x\nTransfer-Encoding: chunked',
      'X: x\rTransfer-Encoding: chunked',
      'Transfer\u0000-Encoding: chunked',
      'Transfer-Encoding\u000b: chunked',
      'Transfer-Encoding:\u000cchunked',
    ].map((header) => head(`Content-Length: ${length + 5}`, header) + `0\r\n\r\n${hidden}`),
  };
}

function byLengths({ line, hidden, length, head }: Parts): Record<string, string[]> {
  const size = length.toString(16);
  return {
    'Content-Length twice': [
      head('Content-Length: 0', `Content-Length: ${length}`) + hidden,
      head(`Content-Length: ${length}`, 'Content-Length: 0') + hidden,
      head(`Content-Length: ${length}, 0`) + hidden,
      head(`Content-Length: 0, ${length}`) + hidden,
      head(`Content-Length: ${length}`, `Content-length: ${length}`) + hidden,
    ],
    'a length that is none': [
      `+${length}`,
      `-${length}`,
      `${length}.0`,
      `0x${size}`,
      `${length} 0`,
      `${length}a`,
      '',
      `1${'0'.repeat(30)}`,
      `"${length}"`,
    ].map((value) => head(`Content-Length: ${value}`) + hidden),
    'folded headers': [
      head('X: x', ` Content-Length: 0`, `Content-Length: ${length}`) + hidden,
      head('Transfer-Encoding:', ' chunked', `Content-Length: ${length}`) + hidden,
      head(`Content-Length: ${length}`, '\tTransfer-Encoding: chunked') + hidden,
    ],
    'bare line feeds': [
      `${line} HTTP/1.1\nHost: test\nContent-Length: ${length}\n\n${hidden}`,
      `${line} HTTP/1.1\r\nHost: test\r\nContent-Length: ${length}\r\n\n${hidden}`,
      head('Transfer-Encoding: chunked') + `${size}\n${hidden}\n0\n\n`,
      `${line} HTTP/1.1\r\nHost: test\r\nX: a\n\n${hidden}`,
      `${line} HTTP/1.1\rHost: test\r\r${hidden}`,
    ],
  };
}

function byChunks({ hidden, length, head }: Parts): Record<string, string[]> {
  const size = length.toString(16);
  return {
    chunks: [
      `${size};a=b\r\n${hidden}\r\n0\r\n\r\n`,
      `${size};\n${hidden}\r\n0\r\n\r\n`,
      `${size};${'x'.repeat(20_000)}\r\n${hidden}\r\n0\r\n\r\n`,
      `${size} \r\n${hidden}\r\n0\r\n\r\n`,
      `0x${size}\r\n${hidden}\r\n0\r\n\r\n`,
      `-1\r\n${hidden}\r\n0\r\n\r\n`,
      `${'f'.repeat(17)}\r\n${hidden}\r\n0\r\n\r\n`,
      `1\r\nxx${hidden}\r\n0\r\n\r\n`,
    ].map((body) => head('Transfer-Encoding: chunked') + body),
    'the end of chunks': [
      head('Transfer-Encoding: chunked') + `0\r\nX: y${hidden}`,
      head('Transfer-Encoding: chunked') + `0\r\nContent-Length: ${length}\r\n ${hidden}`,
    ],
  };
}
