import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/**
 * Who is on the other end, as an IP address in its shortest form (an IPv4 one never wrapped in IPv6). `X-Forwarded-For` is believed only
 * as far as trusted proxies wrote it: from the right, the first address that is not one of theirs (RFC 7239 §7.4 gives the reasons).
 * A hop that is no address ends the search at the proxy that named it.
 */
export function clientAddressReader(trustedProxies: readonly string[]): (request: IncomingMessage) => string {
  const isTrusted = trustedPeerReader(trustedProxies);
  return (request) => {
    let address = plainAddress(request.socket.remoteAddress ?? '') ?? '';
    if (trustedProxies.length === 0) return address;
    const hops = String(request.headers['x-forwarded-for'] ?? '').split(',');
    while (isTrusted(address)) {
      const before = plainAddress(hops.pop() ?? '');
      if (before === null) break;
      address = before;
    }
    return address;
  };
}

/** Whether an address belongs to a proxy that the operator trusts. */
export function trustedPeerReader(trustedProxies: readonly string[]): (address: string) => boolean {
  const trusted = trustedProxies.map((network) => ipaddr.parseCIDR(network));
  return (address) => {
    if (!ipaddr.isValid(address)) return false;
    const ip = ipaddr.process(address);
    return trusted.some(([network, bits]) => network.kind() === ip.kind() && ip.match(network, bits));
  };
}

/** Whether an address is this machine's own, also when an IPv4 one is wrapped in IPv6. */
export function isLoopback(address: string): boolean {
  return ipaddr.isValid(address) && ipaddr.process(address).range() === 'loopback';
}

/** Some proxies add the port: `192.0.2.1:4711`, `[2001:db8::1]:4711`. */
function plainAddress(hop: string): string | null {
  const text = hop.trim();
  // The common case, on the path of every call: it has one spelling only.
  if (isIP(text) === 4) return text;
  const host = /^\[([^\]]+)\](?::\d+)?$/.exec(text)?.[1] ?? /^([\d.]+):\d+$/.exec(text)?.[1] ?? text;
  // ipaddr.js also reads 127.1 and 0x7f000001, which no proxy writes.
  return isIP(host) ? ipaddr.process(host).toString() : null;
}
