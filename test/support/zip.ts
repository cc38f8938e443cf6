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
  const { zip, entries } = await opened(bytes);
  const files: Unzipped[] = [];
  for (const entry of entries) {
    const content = await new Promise<Buffer>((resolve, reject) => {
      zip.openReadStream(entry, (error, stream) => {
        if (error) reject(error);
        else buffer(stream).then(resolve, reject);
      });
    });
    files.push({ name: entry.fileName, content, entry });
  }
  return files;
}

/** Their names alone. */
export const namesInZip = async (bytes: Buffer): Promise<string[]> =>
  (await opened(bytes)).entries.map(({ fileName }) => fileName);

async function opened(bytes: Buffer): Promise<{ zip: ZipFile; entries: Entry[] }> {
  const zip = await new Promise<ZipFile>((resolve, reject) => {
    yauzl.fromBuffer(bytes, { lazyEntries: false, strictFileNames: true }, (error, found) =>
      error ? reject(error) : resolve(found),
    );
  });
  const entries: Entry[] = [];
  zip.on('entry', (entry: Entry) => entries.push(entry));
  await once(zip, 'end');
  return { zip, entries };
}
