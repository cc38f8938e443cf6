/** The same bytes in pieces of exactly `blockBytes`, but for the last. */
export async function* inBlocks(
  source: AsyncIterable<unknown>,
  blockBytes: number,
): AsyncGenerator<Buffer> {
  let parts: Buffer[] = [];
  let gathered = 0;
  for await (const chunk of source) {
    for (let rest = chunk as Buffer; rest.length > 0;) {
      const part = rest.subarray(0, blockBytes - gathered);
      rest = rest.subarray(part.length);
      parts.push(part);
      gathered += part.length;
      if (gathered === blockBytes) {
        yield parts.length === 1 ? part : Buffer.concat(parts);
        parts = [];
        gathered = 0;
      }
    }
  }
  if (gathered > 0) yield Buffer.concat(parts);
}
