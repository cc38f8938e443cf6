import { once } from 'node:events';
import { buffer } from 'node:stream/consumers';
import yauzl, { type Entry, type ZipFile } from 'yauzl';

export interface Unzipped {
  name: string;
  content: Buffer;
  entry: Entry;
}

/** The entries of a zip in their order, read by the central directory; each checksum is compared. */
export async function unzip(bytes: Buffer): Promise<Unzipped[]> {
  const zip = await new Promise<ZipFile>((resolve, reject) => {
    yauzl.fromBuffer(bytes, { lazyEntries: false, strictFileNames: true }, (error, opened) =>
      error ? reject(error) : resolve(opened),
    );
  });
  const entries: Entry[] = [];
  zip.on('entry', (entry: Entry) => entries.push(entry));
  await once(zip, 'end');
  const files: Unzipped[] = [];
  for (const entry of entries) {
    const content = await new Promise<Buffer>((resolve, reject) => {
      zip.openReadStream(entry, (error, stream) =>
        error ? reject(error) : buffer(stream).then(resolve, reject),
      );
    });
    files.push({ name: entry.fileName, content, entry });
  }
  return files;
}
