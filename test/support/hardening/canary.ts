import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';

/** A listener that nobody should connect to. */
export interface Canary {
  port: number;
  /** How many have. */
  connections(): number;
  stop(): Promise<void>;
}

export async function startCanary(): Promise<Canary> {
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.on('error', () => undefined).resume();
    socket.end('HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\ncanary');
  });
  // On every address of this machine, of both families where there are two.
  server.listen(0);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => connections,
    stop: async () => {
      server.close();
      await once(server, 'close');
    },
  };
}
