/** How much of a name is kept: what every file system of a downloader takes. */
const MAX_BYTES = 255;

const CONTROL = /\p{Cc}/u;
/** Characters that reorder text and so make `exe.csv` out of `vsc.exe` (UAX #9). */
const BIDI = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/;
/** Names that Windows gives to devices, with any extension. */
const DEVICE = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?$/i;

/** What is wrong with a file name, or `null`. A name is data and never a path. */
export function faultOfFileName(name: string): string | null {
  if (name.length === 0) return 'must not be empty';
  if (Buffer.byteLength(name) > MAX_BYTES) return `must have at most ${MAX_BYTES} bytes in UTF-8`;
  // U+FFFD is what a decoder makes of bytes that are no UTF-8: the name is lost already.
  if (!name.isWellFormed() || name.includes('\ufffd')) return 'must be valid Unicode in UTF-8';
  if (CONTROL.test(name)) return 'must not hold control characters';
  if (/[/\\]/.test(name)) return 'must be a plain name without / or \\';
  if (name === '.' || name === '..') return 'must not be . or ..';
  if (BIDI.test(name)) return 'must not hold characters that reorder text';
  if (DEVICE.test(name)) return 'must not be the name of a device';
  if (/[. ]$/.test(name)) return 'must not end in a dot or a space';
  return null;
}

const COMPRESSED: Readonly<Record<string, string>> = {
  gz: 'gzip',
  zst: 'zstd',
  bz2: 'bzip2',
  xz: 'xz',
};

/** What a name says of its file: `a.csv.gz` is a csv, compressed by gzip. */
export function typesOfFileName(name: string): { fileType?: string; compressionType?: string } {
  const extensions = name.toLowerCase().split('.').slice(1);
  const last = extensions.at(-1) ?? '';
  const compressionType = Object.hasOwn(COMPRESSED, last) ? COMPRESSED[last] : undefined;
  const fileType = compressionType ? extensions.at(-2) : last;
  return { fileType: isFileType(fileType) ? fileType : undefined, compressionType };
}

const isFileType = (type: string | undefined): type is string =>
  type !== undefined && /^[a-z0-9][a-z0-9_+-]{0,31}$/.test(type);
