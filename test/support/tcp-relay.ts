import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** An address of its own for a service that may move: clients keep it, and what they send is counted. */
export interface TcpRelay {
  url: string;
  /** Bytes from clients so far. */
  sent: number;
  /** Called with each piece of them. */
  onSent: (total: number) => void;
  /** Sends new connections to another service. */
  turnTo(url: string): void;
  close(): void;
}

export async function startTcpRelay(to: string): Promise<TcpRelay> {
  let target = new URL(to);
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => other.destroy());
    }
    client.on('data', (bytes) => {
      relay.sent += bytes.length;
      relay.onSent(relay.sent);
    });
    client.pipe(upstream).pipe(client);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const relay: TcpRelay = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sent: 0,
    onSent: () => undefined,
    turnTo: (url) => {
      target = new URL(url);
    },
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
  return relay;
}
