import { type LookupAddress, lookup as systemLookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';
import { withoutBrackets } from '../../kernel/endpoint.js';
import { errorCatalogue } from '../../kernel/errors.js';

const outboundErrors = errorCatalogue('outbound', {
  address_not_allowed: { status: 400, message: 'This address is not a public one, and the operator has not allowed it.' },
  invalid_url: { status: 400, message: 'This is not an http or https URL without credentials, query and fragment.' },
});

type Range = [ipaddr.IPv4 | ipaddr.IPv6, number];

/**
 * Guards against requests into private networks (SSRF) through a URL a user gave. A URL is checked when it is stored, and the
 * address it resolves to is checked again at every connection, because a name may point elsewhere by then (DNS rebinding).
 */
export class OutboundAddresses {
  private readonly allowed: readonly Range[];

  /** `allowedNetworks`: CIDR blocks that may be reached although they are not public. */
  constructor(allowedNetworks: readonly string[]) {
    this.allowed = allowedNetworks.map((network) => ipaddr.parseCIDR(network));
  }

  /** The URL without trailing slashes. Raises when it is not plain http(s), names a forbidden address, or is http to a public one. */
  checkUrl(text: string): string {
    const url = URL.canParse(text) ? new URL(text) : null;
    const plain = url && /^https?:$/.test(url.protocol) && !url.username && !url.password && !url.search && !url.hash;
    if (!plain) throw outboundErrors.invalid_url();
    // A trailing dot names the same host.
    const host = withoutBrackets(url.hostname).replace(/\.$/, '');
    const named = isIP(host) === 0;
    if (named && isLocalName(host) && !this.allows('127.0.0.1')) throw outboundErrors.address_not_allowed();
    if (!named && !this.allows(host)) throw outboundErrors.address_not_allowed();
    // A key must not cross the public network in the clear.
    if (url.protocol === 'http:' && (named ? !isLocalName(host) : isPublic(host)))
      throw outboundErrors.invalid_url({ message: 'A public address needs https.' });
    return url.toString().replace(/\/+$/, '');
  }

  /** Whether a connection may go to this IP address. */
  allows(address: string): boolean {
    if (isIP(address) === 0) return false;
    if (isPublic(address)) return true;
    const ip = ipaddr.process(address);
    return this.allowed.some(([network, bits]) => network.kind() === ip.kind() && ip.match(network, bits));
  }

  /** A DNS look-up that answers allowed addresses only, for the connector of a client. An IP literal never gets here: see {@link checkUrl}. */
  readonly lookup: LookupFunction = (hostname, options, callback) => {
    systemLookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, '', 0);
      const allowed = (addresses as LookupAddress[]).filter(({ address }) => this.allows(address));
      const [first] = allowed;
      if (!first) return callback(Object.assign(new Error('address not allowed'), { code: 'EADDRNOTALLOWED' }), '', 0);
      if (options.all) return callback(null, allowed);
      callback(null, first.address, first.family);
    });
  };
}

/** What the Internet assigns to IPv6 hosts (RFC 4291 §2.4 and IANA's registry); all else is reserved, local or a translation of IPv4. */
const GLOBAL_IPV6 = ipaddr.IPv6.parseCIDR('2000::/3');

/** Globally reachable unicast, also when an IPv4 address is wrapped in an IPv6 one. */
function isPublic(address: string): boolean {
  const ip = ipaddr.process(address);
  return ip.range() === 'unicast' && (ip.kind() === 'ipv4' || ip.match(GLOBAL_IPV6));
}

function isLocalName(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost');
}
