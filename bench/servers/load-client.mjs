/**
 * A load client in a process of its own: keep-alive connections that each send the same GET again
 * when it is answered. On bare sockets, since on few cores a dear client is what would be measured.
 * Told `{ url, headers, connections, seconds }` by its parent, it answers `{ perSecond, failed }`.
 */
import { connect } from 'node:net';

const END_OF_HEAD = Buffer.from('\r\n\r\n');

process.on('message', (task) => {
  void load(task).then((answer) => process.send(answer));
});

async function load({ url, headers, connections, seconds }) {
  const { hostname, port, pathname } = new URL(url);
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const request = `GET ${pathname} HTTP/1.1\r\nHost: ${hostname}\r\n${lines.join('')}\r\n`;
  const state = { done: 0, failed: 0, isOver: false };
  const begun = performance.now();
  setTimeout(() => (state.isOver = true), seconds * 1000);
  const all = Array.from({ length: connections }, () =>
    ask(hostname, Number(port), request, state),
  );
  await Promise.all(all);
  const elapsed = (performance.now() - begun) / 1000;
  return { perSecond: state.done / elapsed, failed: state.failed };
}

function ask(host, port, request, state) {
  return new Promise((resolve, reject) => {
    const socket = connect(port, host, () => socket.write(request));
    socket.setNoDelay(true);
    socket.once('error', reject).once('close', resolve);
    let pending = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
      const head = pending.indexOf(END_OF_HEAD);
      if (head < 0) return;
      const text = pending.latin1Slice(0, head);
      const [, length] = /\r\ncontent-length: (\d+)/i.exec(text) ?? [];
      if (pending.length < head + END_OF_HEAD.length + Number(length)) return;
      pending = Buffer.alloc(0);
      state.done += 1;
      if (!text.startsWith('HTTP/1.1 200')) state.failed += 1;
      if (state.isOver) socket.end();
      else socket.write(request);
    });
  });
}
