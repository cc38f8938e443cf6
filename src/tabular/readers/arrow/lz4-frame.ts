/**
 * Unpacks an LZ4 frame, as Arrow compresses buffers. Checksums are not compared: what was stored is
 * checked by its digest. Blocks may refer to those before them.
 * @throws RangeError for what is damaged
 */
export function unpackLz4Frame(frame: Uint8Array): Uint8Array {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  if (view.getUint32(0, true) !== 0x184d2204) throw new RangeError('it is no LZ4 frame');
  const flags = view.getUint8(4);
  const blockChecksums = (flags & 0x10) !== 0 ? 4 : 0;
  // Behind flags and block size: the size, a dictionary's id, a byte of checksum.
  let at = 6 + ((flags & 0x08) !== 0 ? 8 : 0) + ((flags & 0x01) !== 0 ? 4 : 0) + 1;
  const out = new Output();
  for (;;) {
    const size = view.getUint32(at, true);
    at += 4;
    if (size === 0) return out.bytes.subarray(0, out.length);
    const length = size & 0x7fffffff;
    const block = frame.subarray(at, at + length);
    if (block.length < length) throw new RangeError('an LZ4 block is cut off');
    if (size > 0x7fffffff) out.append(block);
    else unpackBlock(block, out);
    at += length + blockChecksums;
  }
}

class Output {
  bytes = new Uint8Array(64 * 1024);
  length = 0;

  private reserve(more: number): void {
    if (this.length + more <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(this.length + more, this.bytes.length * 2));
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
  }

  append(part: Uint8Array): void {
    this.reserve(part.length);
    this.bytes.set(part, this.length);
    this.length += part.length;
  }

  /** Copies from what is there, byte by byte: the copy may overlap what it makes. */
  repeat(distance: number, count: number): void {
    if (distance === 0 || distance > this.length)
      throw new RangeError('an LZ4 match has no source');
    this.reserve(count);
    const { bytes, length } = this;
    for (let n = 0; n < count; n++) bytes[length + n] = bytes[length + n - distance] as number;
    this.length += count;
  }
}

function unpackBlock(block: Uint8Array, out: Output): void {
  let at = 0;
  const byte = (): number => {
    const value = block[at++];
    if (value === undefined) throw new RangeError('an LZ4 block ends too early');
    return value;
  };
  const extended = (start: number): number => {
    let length = start;
    if (start === 15) {
      let more;
      do length += more = byte();
      while (more === 255);
    }
    return length;
  };
  while (at < block.length) {
    const token = byte();
    const literals = extended(token >> 4);
    if (at + literals > block.length) throw new RangeError('an LZ4 block ends too early');
    out.append(block.subarray(at, at + literals));
    at += literals;
    if (at === block.length) return;
    const distance = byte() | (byte() << 8);
    out.repeat(distance, extended(token & 15) + 4);
  }
}
