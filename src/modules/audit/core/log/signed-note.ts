import { createPrivateKey, createPublicKey, generateKeyPairSync, hash, type KeyObject, sign } from 'node:crypto';

/** Ed25519, as signed notes number their algorithms. */
const ED25519 = 1;
const SEED_BYTES = 32;
const KEY_ID_BYTES = 4;
/** What PKCS #8 writes before the seed of an Ed25519 key (RFC 8410 §7). */
const PKCS8_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex');
const PRIVATE_KEY = /^PRIVATE\+KEY\+([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]{44})$/;
/** Narrower than the specification asks: a name is shown to people and becomes part of object names. */
const NAME = /^[a-z0-9](?:[a-z0-9./_-]{0,198}[a-z0-9])?$/;

/** Whether `name` may name a log, such as `lethe.example/audit`. */
export function isLogName(name: string): boolean {
  return NAME.test(name) && !name.includes('..') && !name.includes('//');
}

/** A key that signs notes in the form of C2SP signed-note, and of golang.org/x/mod/sumdb/note before it. */
export class NoteSigner {
  private constructor(
    readonly name: string,
    private readonly privateKey: KeyObject,
    private readonly publicKey: Buffer,
  ) {}

  /** A fresh key in its text form, `PRIVATE+KEY+name+id+key`. */
  static generate(name: string): string {
    const { privateKey } = generateKeyPairSync('ed25519');
    const seed = privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(PKCS8_HEAD.length);
    const id = keyId(name, publicPart(privateKey));
    return `PRIVATE+KEY+${name}+${id.toString('hex')}+${Buffer.concat([Buffer.of(ED25519), seed]).toString('base64')}`;
  }

  /** The signer of a key in its text form; undefined when it is none, or was damaged. */
  static parse(text: string): NoteSigner | undefined {
    const [, name = '', id, key = ''] = PRIVATE_KEY.exec(text.trim()) ?? [];
    const bytes = Buffer.from(key, 'base64');
    if (bytes.length !== 1 + SEED_BYTES || bytes[0] !== ED25519) return undefined;
    const privateKey = createPrivateKey({ key: Buffer.concat([PKCS8_HEAD, bytes.subarray(1)]), format: 'der', type: 'pkcs8' });
    const signer = new NoteSigner(name, privateKey, publicPart(privateKey));
    return signer.keyId === id ? signer : undefined;
  }

  /** Eight hexadecimal digits. */
  get keyId(): string {
    return keyId(this.name, this.publicKey).toString('hex');
  }

  /** What others verify with: `name+id+key`. */
  get verifierKey(): string {
    return `${this.name}+${this.keyId}+${Buffer.concat([Buffer.of(ED25519), this.publicKey]).toString('base64')}`;
  }

  /** The note that says `text`, which ends with a line break. Signing the same text twice gives the same bytes. */
  sign(text: string): string {
    const signature = sign(null, Buffer.from(text, 'utf8'), this.privateKey);
    return `${text}\n— ${this.name} ${Buffer.concat([keyId(this.name, this.publicKey), signature]).toString('base64')}\n`;
  }
}

function keyId(name: string, publicKey: Buffer): Buffer {
  return hash('sha256', Buffer.concat([Buffer.from(name, 'utf8'), Buffer.of(0x0a, ED25519), publicKey]), 'buffer').subarray(
    0,
    KEY_ID_BYTES,
  );
}

function publicPart(privateKey: KeyObject): Buffer {
  return Buffer.from(createPublicKey(privateKey).export({ format: 'jwk' }).x ?? '', 'base64url');
}
