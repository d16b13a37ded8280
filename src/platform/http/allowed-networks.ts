import ipaddr from 'ipaddr.js';

type Address = ipaddr.IPv4 | ipaddr.IPv6;
type Network = readonly [Address, number];

/** An IPv4-mapped IPv6 network covers the last 32 of its 128 bits (RFC 4291 §2.5.5.2). */
const MAPPED_BITS = 96;

/** The canonical CIDR block that `text` names, such as `10.0.0.0/8` for `10.1.2.3/8` or `192.0.2.7/32` for an address; undefined when it names none. */
export function canonicalNetwork(text: string): string | undefined {
  const network = parseNetwork(text);
  if (network === undefined) return undefined;
  const [address, bits] = network;
  const first = address.toByteArray().map((byte, index) => byte & maskByte(bits, index));
  return `${ipaddr.fromByteArray(first).toString()}/${bits}`;
}

/** The networks a key may be used from, or the members of an organisation may act from. */
export class AllowedNetworks {
  private readonly networks: readonly Network[];

  /** What cannot be read allows nothing: a broken list closes, it does not open. */
  constructor(networks: readonly string[]) {
    this.networks = networks.flatMap((text) => {
      const network = parseNetwork(text);
      return network === undefined ? [] : [network];
    });
  }

  /** `remoteAddress` as sockets give it; an IPv4 address written as IPv6 (`::ffff:10.0.0.1`) counts as what it is. */
  includes(remoteAddress: string): boolean {
    if (!ipaddr.isValid(remoteAddress)) return false;
    const address = ipaddr.process(remoteAddress);
    return this.networks.some(([range, bits]) => covers(range, bits, address));
  }
}

/** The part of an address that one subscriber holds: all of an IPv4 address, the first 64 bits of an IPv6 one. */
export function subscriberOf(remoteAddress: string): string {
  if (!ipaddr.isValid(remoteAddress)) return 'unknown';
  const address = ipaddr.process(remoteAddress);
  return address.kind() === 'ipv4' ? address.toString() : address.toByteArray().slice(0, 8).join('.');
}

function covers(range: Address, bits: number, address: Address): boolean {
  if (range instanceof ipaddr.IPv4) return address instanceof ipaddr.IPv4 && address.match(range, bits);
  return address instanceof ipaddr.IPv6 && address.match(range, bits);
}

function parseNetwork(text: string): Network | undefined {
  const slash = text.lastIndexOf('/');
  const written = slash === -1 ? text : text.slice(0, slash);
  if (written.includes('%') || !isPlainAddress(written)) return undefined;
  const parsed = ipaddr.parse(written);
  const width = parsed.kind() === 'ipv4' ? 32 : 128;
  const suffix = slash === -1 ? String(width) : text.slice(slash + 1);
  const bits = /^\d{1,3}$/.test(suffix) ? Number(suffix) : Number.NaN;
  if (!(bits <= width)) return undefined;
  const isMapped = parsed instanceof ipaddr.IPv6 && parsed.isIPv4MappedAddress() && bits >= MAPPED_BITS;
  return isMapped ? [parsed.toIPv4Address(), bits - MAPPED_BITS] : [parsed, bits];
}

/** Four decimal parts or IPv6: the short, octal and hexadecimal forms of IPv4 read differently in different programs. */
function isPlainAddress(text: string): boolean {
  return ipaddr.IPv4.isValidFourPartDecimal(text) || (text.includes(':') && ipaddr.IPv6.isValid(text));
}

function maskByte(bits: number, index: number): number {
  const kept = Math.min(8, Math.max(0, bits - index * 8));
  return (0xff << (8 - kept)) & 0xff;
}
