import { mibPerSecond, ratios, row, sizeText, spread } from '../lib/figures.mjs';
import { freshContent } from '../lib/content.mjs';
import { download } from '../lib/http.mjs';
import { startBareSink, startService } from '../lib/programs.mjs';
import { uploadRaw, uploadToSink } from '../lib/uploads.mjs';

/** The same bytes from the service, which hashes them, and from a file that is only piped. */
export async function run({ workspace, options, log }) {
  const size = options.size ?? (options.quick ? 64 * 2 ** 20 : 2 ** 30);
  const runs = options.runs ?? (options.quick ? 2 : 7);
  const sink = await startBareSink(workspace);
  const service = await startService(workspace);
  const content = freshContent(size);
  const sha256 = content.sha256();
  const { name } = await uploadToSink(sink, content, sha256);
  const { file } = await uploadRaw(service, content, sha256);
  const fromSink = () => download(`${sink.url}/${name}`, {});
  const fromService = (how) =>
    download(`${service.url}/v1/files/${file.id}/content`, service.headers, how);
  // Untimed: whether they are the right bytes. Hashing in the client would take part of the time.
  if ((await fromService({ hash: true })).sha256 !== sha256) {
    throw new Error('The download differs from what was uploaded.');
  }
  await fromSink();
  const seconds = { sink: [], service: [] };
  for (let round = 1; round <= runs; round += 1) {
    seconds.sink.push((await fromSink()).seconds);
    seconds.service.push((await fromService()).seconds);
    const [theirs, ours] = [seconds.sink, seconds.service].map((all) =>
      mibPerSecond(size)(all.at(-1)),
    );
    log(`round ${round} of ${runs}: sink ${theirs}, service ${ours}`);
  }
  await Promise.all([sink.stop(), service.stop()]);
  return [
    row(
      `download of ${sizeText(size)}, verified`,
      spread(seconds.service, mibPerSecond(size)),
      `createReadStream piped, not verified: ${spread(seconds.sink, mibPerSecond(size))}`,
      spread(ratios(seconds.sink, seconds.service)),
    ),
  ];
}
