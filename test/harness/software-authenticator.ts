import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

/** What a page gets of the server, as far as an authenticator looks at it. */
interface CreationOptions {
  readonly challenge: string;
  readonly rp: { readonly id?: string };
  readonly user: { readonly id: string };
}

interface RequestOptions {
  readonly challenge: string;
  readonly rpId?: string;
  readonly allowCredentials?: readonly { readonly id: string }[];
}

/** What an attacker, or a broken device, would make otherwise. */
export interface Deviation {
  readonly origin?: string;
  readonly rpId?: string;
  readonly challenge?: string;
  /** `webauthn.create` or `webauthn.get`. */
  readonly type?: string;
  readonly crossOrigin?: boolean;
  readonly userPresent?: boolean;
  readonly userVerified?: boolean;
  readonly counter?: number;
  readonly userHandle?: string | null;
  /** Signs with this key instead of the credential's. */
  readonly key?: KeyObject;
  readonly attestation?: { readonly fmt: string; readonly attStmt: Cbor };
}

interface Resident {
  readonly id: Buffer;
  readonly rpId: string;
  readonly userHandle: string;
  readonly key: KeyObject;
  counter: number;
}

export type Credential = Readonly<Record<string, unknown>> & { readonly id: string };

const FLAG = { userPresent: 0x01, userVerified: 0x04, attestedData: 0x40 };

/** A WebAuthn authenticator and its browser in one, in software, of which a test may ask any lie (ES256, no attestation). */
export class SoftwareAuthenticator {
  private residents: Resident[] = [];

  constructor(private readonly origin: string) {}

  /** `navigator.credentials.create`, as `toJSON()` gives it. */
  create(options: CreationOptions, lie: Deviation = {}): Credential {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const rpId = options.rp.id ?? '';
    const resident = { id: randomBytes(32), rpId, userHandle: options.user.id, key: privateKey, counter: 0 };
    this.residents.push(resident);
    const idLength = Buffer.alloc(2);
    idLength.writeUInt16BE(resident.id.length);
    const attested = Buffer.concat([Buffer.alloc(16), idLength, resident.id, encodeCbor(coseKeyOf(publicKey))]);
    const authData = Buffer.concat([this.authenticatorData(resident, lie, FLAG.attestedData), attested]);
    const { fmt, attStmt } = lie.attestation ?? { fmt: 'none', attStmt: new Map() };
    const entries: [string, Cbor][] = [
      ['fmt', fmt],
      ['attStmt', attStmt],
      ['authData', authData],
    ];
    return {
      ...namesOf(resident),
      response: {
        clientDataJSON: this.clientData('webauthn.create', options.challenge, lie).toString('base64url'),
        attestationObject: encodeCbor(new Map(entries)).toString('base64url'),
        transports: ['usb'],
      },
    };
  }

  /** `navigator.credentials.get`, as `toJSON()` gives it: with the first credential that is allowed, or the only one the site has here. */
  get(options: RequestOptions, lie: Deviation = {}): Credential {
    const allowed = options.allowCredentials?.map(({ id }) => id) ?? [];
    const resident = this.residents.find(
      ({ id, rpId }) => rpId === options.rpId && (allowed.length === 0 || allowed.includes(id.toString('base64url'))),
    );
    if (!resident) throw new Error('the authenticator has no credential for this');
    resident.counter += 1;
    const authData = this.authenticatorData(resident, lie, 0);
    const clientData = this.clientData('webauthn.get', options.challenge, lie);
    const signed = Buffer.concat([authData, createHash('sha256').update(clientData).digest()]);
    const userHandle = lie.userHandle === undefined ? resident.userHandle : lie.userHandle;
    return {
      ...namesOf(resident),
      response: {
        clientDataJSON: clientData.toString('base64url'),
        authenticatorData: authData.toString('base64url'),
        signature: sign('sha256', signed, lie.key ?? resident.key).toString('base64url'),
        ...(userHandle === null ? {} : { userHandle }),
      },
    };
  }

  /** Another device with the same keys and counters as this one has now: what the counter is there to find out. */
  clone(): SoftwareAuthenticator {
    const copy = new SoftwareAuthenticator(this.origin);
    copy.residents = this.residents.map((resident) => ({ ...resident }));
    return copy;
  }

  private authenticatorData(resident: Resident, lie: Deviation, flags: number): Buffer {
    const present = (lie.userPresent ?? true) ? FLAG.userPresent : 0;
    const verified = (lie.userVerified ?? true) ? FLAG.userVerified : 0;
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(lie.counter ?? resident.counter);
    const rpIdHash = createHash('sha256')
      .update(lie.rpId ?? resident.rpId)
      .digest();
    return Buffer.concat([rpIdHash, Buffer.from([flags | present | verified]), counter]);
  }

  private clientData(type: string, challenge: string, lie: Deviation): Buffer {
    return Buffer.from(
      JSON.stringify({
        type: lie.type ?? type,
        challenge: lie.challenge ?? challenge,
        origin: lie.origin ?? this.origin,
        crossOrigin: lie.crossOrigin ?? false,
      }),
    );
  }
}

function namesOf({ id }: Resident): Credential {
  const name = id.toString('base64url');
  return { id: name, rawId: name, type: 'public-key', authenticatorAttachment: 'cross-platform', clientExtensionResults: {} };
}

/** RFC 9053 §7.1.1: an EC2 key on P-256 for ES256. */
function coseKeyOf(publicKey: KeyObject): Map<number, Cbor> {
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
  const entries: [number, Cbor][] = [
    [1, 2],
    [3, -7],
    [-1, 1],
    [-2, Buffer.from(x, 'base64url')],
    [-3, Buffer.from(y, 'base64url')],
  ];
  return new Map(entries);
}

type Cbor = number | string | Uint8Array | readonly Cbor[] | ReadonlyMap<number | string, Cbor>;

/** As much of RFC 8949 as authenticators speak. */
function encodeCbor(value: Cbor): Buffer {
  if (typeof value === 'number') return value < 0 ? cborHead(1, -1 - value) : cborHead(0, value);
  if (typeof value === 'string') return Buffer.concat([cborHead(3, Buffer.byteLength(value)), Buffer.from(value)]);
  if (value instanceof Uint8Array) return Buffer.concat([cborHead(2, value.length), value]);
  if (value instanceof Map) {
    const entries = [...(value as ReadonlyMap<number | string, Cbor>)];
    return Buffer.concat([cborHead(5, entries.length), ...entries.flatMap(([name, item]) => [encodeCbor(name), encodeCbor(item)])]);
  }
  const items = value as readonly Cbor[];
  return Buffer.concat([cborHead(4, items.length), ...items.map(encodeCbor)]);
}

function cborHead(major: number, length: number): Buffer {
  const type = major << 5;
  if (length < 24) return Buffer.from([type | length]);
  if (length < 0x1_00) return Buffer.from([type | 24, length]);
  const head = Buffer.alloc(3);
  head.writeUInt8(type | 25);
  head.writeUInt16BE(length, 1);
  return head;
}
