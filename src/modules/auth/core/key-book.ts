import { timingSafeEqual } from 'node:crypto';
import type { ApiKeyId, OrganisationId, ProjectId } from '../../../kernel/ids.js';
import { EVERY_CALLERS, type Permission } from '../../../platform/http/permissions.js';
import type { ServiceKeyPrincipal } from '../../../platform/http/principal.js';
import { AllowedNetworks } from '../../../platform/http/allowed-networks.js';

/** An API key as the request path needs it. */
export interface KeyRow {
  readonly id: ApiKeyId;
  readonly organisationId: OrganisationId;
  readonly projectId: ProjectId;
  readonly secretHash: Buffer;
  readonly scopes: readonly Permission[];
  readonly allowedNetworks: readonly string[];
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
  readonly blockedAt: Date | null;
  /** The secret before the last rotation, and when it stops; null when there is none. */
  readonly previousHash: Buffer | null;
  readonly previousExpiresAt: Date | null;
}

/** Until when the secret with this hash works, epoch milliseconds: a rotated one until its own time, and no longer than its key. */
export function expiryMs(row: KeyRow, hash: Buffer): number {
  const keyMs = row.expiresAt?.getTime() ?? Number.POSITIVE_INFINITY;
  return isPrevious(row, hash) ? Math.min(keyMs, row.previousExpiresAt?.getTime() ?? 0) : keyMs;
}

export function isPrevious(row: KeyRow, hash: Buffer): boolean {
  return row.previousHash?.equals(hash) === true;
}

/** A secret in memory, with the one principal that all calls of its key share. */
export interface KnownKey {
  readonly hash: Buffer;
  /** A newer secret of the same key has been made. */
  readonly rotated: boolean;
  readonly blocked: boolean;
  readonly principal: ServiceKeyPrincipal;
  /** Infinity: never. */
  readonly expiresAtMs: number;
  /** Null: from anywhere. */
  readonly networks: AllowedNetworks | null;
}

/** API keys in memory, found by the hash of their secret, a rotated one too. Holds at most `capacity` secrets; then the one that came first leaves. */
export class KeyBook {
  private readonly byHash = new Map<string, KnownKey>();
  private readonly hashById = new Map<string, string>();
  /** Of the few that are being rotated. */
  private readonly previousHashById = new Map<string, string>();
  /** Texts and sets that many keys have in common are kept once. */
  private readonly texts = new Map<string, string>();
  private readonly permissionSets = new Map<string, ReadonlySet<Permission>>();

  constructor(private readonly capacity: number) {}

  get size(): number {
    return this.byHash.size;
  }

  /** The key whose secret has this hash. The comparison takes the same time wherever two hashes differ. */
  find(hash: Buffer): KnownKey | undefined {
    const known = this.byHash.get(hash.toString('latin1'));
    return known !== undefined && timingSafeEqual(known.hash, hash) ? known : undefined;
  }

  /** Takes a key in, or what has changed of it, and answers the secret with this hash, its newest unless told. */
  put(row: KeyRow, hash: Buffer = row.secretHash): KnownKey {
    this.remove(row.id);
    const newest = this.knownKey(row);
    this.hashById.set(row.id, this.hold(newest));
    if (row.previousHash === null) return this.within(newest);
    const previous = { ...newest, hash: row.previousHash, rotated: true, expiresAtMs: expiryMs(row, row.previousHash) };
    this.previousHashById.set(row.id, this.hold(previous));
    return this.within(isPrevious(row, hash) ? previous : newest);
  }

  remove(id: ApiKeyId): void {
    const hash = this.hashById.get(id);
    if (hash === undefined) return;
    this.byHash.delete(hash);
    this.hashById.delete(id);
    const previous = this.previousHashById.get(id);
    if (previous === undefined) return;
    this.byHash.delete(previous);
    this.previousHashById.delete(id);
  }

  private hold(known: KnownKey): string {
    const hash = known.hash.toString('latin1');
    this.byHash.set(hash, known);
    return hash;
  }

  /** `known`, once there are no more than there may be. */
  private within(known: KnownKey): KnownKey {
    if (this.byHash.size > this.capacity) this.removeFirst();
    return known;
  }

  private removeFirst(): void {
    for (const known of this.byHash.values()) {
      this.remove(known.principal.id);
      return;
    }
  }

  private knownKey(row: KeyRow): KnownKey {
    return {
      hash: row.secretHash,
      rotated: false,
      blocked: row.blockedAt !== null,
      principal: {
        kind: 'service_key',
        id: row.id,
        organisationId: this.shared(row.organisationId),
        projectId: this.shared(row.projectId),
        permissions: this.permissions(row.scopes),
      },
      expiresAtMs: expiryMs(row, row.secretHash),
      networks: row.allowedNetworks.length === 0 ? null : new AllowedNetworks(row.allowedNetworks),
    };
  }

  private shared<T extends string>(text: T): T {
    const known = this.texts.get(text);
    if (known !== undefined) return known as T;
    this.texts.set(text, text);
    return text;
  }

  private permissions(scopes: readonly Permission[]): ReadonlySet<Permission> {
    const name = scopes.join(' ');
    const known = this.permissionSets.get(name) ?? new Set<Permission>([...EVERY_CALLERS, ...scopes]);
    this.permissionSets.set(name, known);
    return known;
  }
}
