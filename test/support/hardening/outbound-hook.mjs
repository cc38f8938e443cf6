/**
 * Loaded by `--import` before a service: writes down where the process connects to and which names it
 * looks up, one a line, in the file that OUTBOUND_LOG names.
 */
import dgram from 'node:dgram';
import dns from 'node:dns';
import { appendFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';

const file = process.env['OUTBOUND_LOG'];
const note = (what, where) => appendFileSync(file, `${what} ${JSON.stringify(where)}\n`);

/** Calls the original after it was written down. */
function watch(object, method, what, whereOf) {
  const original = object[method];
  object[method] = function (...args) {
    note(what, whereOf(args));
    return original.apply(this, args);
  };
}

/** Every TCP connection and unix socket, of whatever client: http, https, tls, fetch and pg as well. */
watch(net.Socket.prototype, 'connect', 'connect', ([first, second]) => {
  const options = Array.isArray(first) ? first[0] : first;
  const isObject = typeof options === 'object' && options !== null;
  return isObject
    ? { host: options.host, port: options.port, path: options.path }
    : [first, second];
});
watch(dgram.Socket.prototype, 'send', 'send', (args) =>
  args.filter((arg) => typeof arg !== 'object'),
);
for (const method of Object.keys(dns).filter((name) => /^(lookup|resolve|reverse)/.test(name))) {
  watch(dns, method, 'look up', ([name]) => name);
  if (dns.promises[method]) watch(dns.promises, method, 'look up', ([name]) => name);
}
syncBuiltinESMExports();
