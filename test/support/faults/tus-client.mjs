/**
 * The official client as a process of its own, to be killed: `tus-client.mjs <endpoint> <file> <memory>`.
 * It goes on with what an earlier one has begun, and prints the id of the file.
 */
import { createReadStream, statSync } from 'node:fs';
import { FileUrlStorage, Upload } from 'tus-js-client';

const [endpoint, path, memory] = process.argv.slice(2);
const upload = new Upload(createReadStream(path), {
  endpoint,
  uploadSize: statSync(path).size,
  chunkSize: Number(process.env['PART_BYTES']),
  headers: { Authorization: `Bearer ${process.env['STRATUM_KEY']}` },
  metadata: { filename: 'large.bin' },
  urlStorage: new FileUrlStorage(memory),
  fingerprint: async () => path,
  // For as long as a killed server's lock and its next start may take.
  retryDelays: Array.from({ length: 300 }, () => 300),
  onError: (error) => {
    console.error(String(error));
    process.exitCode = 1;
  },
  onSuccess: ({ lastResponse }) => console.log(lastResponse.getHeader('Stratum-File-Id')),
});
const [previous] = await upload.findPreviousUploads();
if (previous) upload.resumeFromPreviousUpload(previous);
upload.start();
