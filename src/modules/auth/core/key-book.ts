import { timingSafeEqual } from 'node:crypto';
import type { ApiKeyId, OrganisationId, ProjectId } from '../../../kernel/ids.js';
import { EVERY_CALLERS, type Permission } from '../../../platform/http/permissions.js';
import type { ServiceKeyPrincipal } from '../../../platform/http/principal.js';
import { AllowedNetworks } from './allowed-networks.js';

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
}

/** A key in memory, with the one principal that all its calls share. */
export interface KnownKey {
  readonly hash: Buffer;
  readonly principal: ServiceKeyPrincipal;
  /** Infinity: never. */
  readonly expiresAtMs: number;
  /** Null: from anywhere. */
  readonly networks: AllowedNetworks | null;
}

/** API keys in memory, found by the hash of their secret. Holds at most `capacity`; then the one that came first leaves. */
export class KeyBook {
  private readonly byHash = new Map<string, KnownKey>();
  private readonly hashById = new Map<string, string>();
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

  put(row: KeyRow): KnownKey {
    this.remove(row.id);
    const known = this.knownKey(row);
    const hash = row.secretHash.toString('latin1');
    this.byHash.set(hash, known);
    this.hashById.set(row.id, hash);
    if (this.byHash.size > this.capacity) this.removeFirst();
    return known;
  }

  remove(id: ApiKeyId): void {
    const hash = this.hashById.get(id);
    if (hash === undefined) return;
    this.byHash.delete(hash);
    this.hashById.delete(id);
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
      principal: {
        kind: 'service_key',
        id: row.id,
        organisationId: this.shared(row.organisationId),
        projectId: this.shared(row.projectId),
        permissions: this.permissions(row.scopes),
      },
      expiresAtMs: row.expiresAt?.getTime() ?? Number.POSITIVE_INFINITY,
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
