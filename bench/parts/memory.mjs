import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { atMost, row, sizeText } from '../lib/figures.mjs';
import { freshContent } from '../lib/content.mjs';
import { download } from '../lib/http.mjs';
import { startService } from '../lib/programs.mjs';
import { uploadForm, uploadRaw } from '../lib/uploads.mjs';

const MIB = 2 ** 20;

/** Resident memory of the service process, ten times a second, while one large file goes through. */
export async function run({ workspace, options, log }) {
  const size = options.size ?? (options.quick ? 2 ** 30 : 8 * 2 ** 30);
  const service = await startService(workspace);
  // Idle is after some work: what the first requests load is no cost of a large file.
  const small = freshContent(MIB);
  const { file } = await uploadRaw(service, small, small.sha256());
  await download(`${service.url}/v1/files/${file.id}/content`, service.headers);
  await delay(2000);
  const idle = residentBytes(service.pid);
  const rows = [];
  const measure = async (what, work) => {
    const { peak, result } = await peakDuring(service.pid, work);
    const over = (peak - idle) / MIB;
    log(`${what}: ${Math.round(over)} MiB over ${Math.round(idle / MIB)} MiB`);
    const [measured, against] = [peak, idle].map((bytes) => `${Math.round(bytes / MIB)} MiB`);
    rows.push(
      row(
        `memory, ${what} of ${sizeText(size)}`,
        `peak ${measured}`,
        `idle ${against}`,
        `${Math.round(over)} MiB over idle`,
        atMost(150, over, ' MiB'),
      ),
    );
    return result;
  };
  const [content, form] = [freshContent(size), freshContent(size)];
  const sha256 = content.sha256();
  const large = await measure('raw upload', () => uploadRaw(service, content, sha256));
  const url = `${service.url}/v1/files/${large.file.id}/content`;
  const got = await measure('download', () => download(url, service.headers, { hash: true }));
  if (got.sha256 !== sha256) throw new Error('The download differs from what was uploaded.');
  const formSha256 = form.sha256();
  await measure('multipart upload', () => uploadForm(service, form, formSha256));
  await service.stop();
  workspace.remove(service.dataDir);
  return rows;
}

async function peakDuring(pid, work) {
  let peak = 0;
  const sample = () => (peak = Math.max(peak, residentBytes(pid)));
  const timer = setInterval(sample, 100);
  try {
    const result = await work();
    sample();
    return { peak, result };
  } finally {
    clearInterval(timer);
  }
}

function residentBytes(pid) {
  const status = `/proc/${pid}/status`;
  const kibibytes = existsSync(status)
    ? /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(status, 'utf8'))[1]
    : execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' });
  return Number(kibibytes) * 1024;
}
