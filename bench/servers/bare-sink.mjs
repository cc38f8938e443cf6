/**
 * The least that a durable upload costs in Node: SHA-256 over the bytes, write, fsync, answer. No
 * parser, no database, no access check, no rename. GET sends the file back, DELETE removes it.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, stat, unlink } from 'node:fs/promises';
import { createServer } from 'node:http';
import { basename, join } from 'node:path';

const [port, folder] = process.argv.slice(2);

const METHODS = {
  async PUT(request, response, file) {
    const hash = createHash('sha256');
    const handle = await open(file, 'wx');
    for await (const chunk of request) {
      hash.update(chunk);
      await handle.write(chunk);
    }
    await handle.sync();
    await handle.close();
    response.writeHead(201).end(hash.digest('hex'));
  },
  async GET(request, response, file) {
    if (request.url === '/') return void response.end();
    response.setHeader('Content-Length', (await stat(file)).size);
    createReadStream(file).pipe(response);
  },
  async DELETE(_request, response, file) {
    await unlink(file);
    response.writeHead(204).end();
  },
};

const server = createServer((request, response) => {
  METHODS[request.method](request, response, join(folder, basename(request.url))).catch((error) => {
    response.writeHead(500).end(String(error));
  });
});
server.requestTimeout = 0;
server.listen(Number(port), '127.0.0.1');
