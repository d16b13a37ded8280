import { Injectable } from '@nestjs/common';
import { Clock } from '../../../kernel/clock.js';
import type { CredentialId } from '../../../kernel/ids.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import { type AuditActor, type AuditEntry, AuditLog } from '../../audit/audit.contract.js';
import { Tenants } from '../../tenants/tenants.contract.js';
import { credentialsErrors } from '../credentials.errors.js';
import { CredentialsRepository } from '../data/credentials.repository.js';
import type { CredentialRow } from '../data/provider-credential.entity.js';

export type CredentialRef = Pick<CredentialRow, 'organisationId' | 'id'>;
/** What a secret is stored as: everything of a row that a rotation replaces. */
export type StoredSecret = Pick<CredentialRow, 'version' | 'hint' | 'formatVersion' | 'kmsKeyId' | 'wrappedKey' | 'ciphertext'>;
export type NamedCredential = CredentialRef & Pick<CredentialRow, 'name' | 'provider' | 'baseUrl'>;

/** Writes credentials, each together with the audit row that tells of it. Use-cases have no other way to write one. */
@Injectable()
export class AuditedCredentials {
  constructor(
    private readonly repository: CredentialsRepository,
    private readonly audit: AuditLog,
    private readonly tenants: Tenants,
    private readonly clock: Clock,
  ) {}

  /** Raises `tenants/organisation_not_found` and `credentials/name_taken`. */
  async add(tx: Tx, actor: AuditActor, named: NamedCredential, secret: StoredSecret): Promise<CredentialRow> {
    await this.tenants.requireOrganisation(tx, named.organisationId);
    const now = this.clock.now();
    const credential: CredentialRow = { ...named, ...secret, status: 'active', createdAt: now, updatedAt: now };
    await this.repository.insert(tx, credential);
    await this.audit.record(tx, { actor, action: 'credential.issued', ...about(named), detail: { provider: named.provider } });
    return credential;
  }

  /** Raises `credentials/not_found`. */
  async get(tx: Tx, { organisationId, id }: CredentialRef): Promise<CredentialRow> {
    const credential = await this.repository.find(tx, organisationId, id);
    if (!credential) throw credentialsErrors.not_found();
    return credential;
  }

  /** Raises `credentials/changed_meanwhile` when another rotation, or a deletion, was first. */
  async replaceSecret(tx: Tx, actor: AuditActor, credential: CredentialRow, secret: StoredSecret): Promise<CredentialRow> {
    const next = { ...credential, ...secret, updatedAt: this.clock.now() };
    if (!(await this.repository.replaceSecret(tx, next))) throw credentialsErrors.changed_meanwhile();
    await this.audit.record(tx, { actor, action: 'credential.rotated', ...about(credential), detail: { version: secret.version } });
    return next;
  }

  /** Raises `credentials/not_found` and `credentials/name_taken`. */
  async change(
    tx: Tx,
    actor: AuditActor,
    ref: CredentialRef,
    change: Partial<Pick<CredentialRow, 'name' | 'status'>>,
  ): Promise<CredentialRow> {
    const changed = await this.repository.update(tx, ref, { ...change, updatedAt: this.clock.now() });
    if (!changed) throw credentialsErrors.not_found();
    const detail = { fields: Object.keys(change), ...(change.status ? { status: change.status } : {}) };
    await this.audit.record(tx, { actor, action: 'credential.changed', ...about(ref), detail });
    return this.get(tx, ref);
  }

  /** Raises `credentials/not_found` and `credentials/in_use`. */
  async remove(tx: Tx, actor: AuditActor, ref: CredentialRef): Promise<void> {
    if (!(await this.repository.delete(tx, ref.organisationId, ref.id))) throw credentialsErrors.not_found();
    await this.audit.record(tx, { actor, action: 'credential.deleted', ...about(ref) });
  }

  /** Credentials of all tenants whose data key is not wrapped under `kmsKeyId`: a page after the id `after`. */
  wrappedOtherwise(tx: Tx, kmsKeyId: string, page: { after: CredentialId | undefined; limit: number }): Promise<CredentialRow[]> {
    return this.repository.wrappedOtherwise(tx, kmsKeyId, page);
  }

  /** False, and nothing written, when the credential is no longer sealed as `credential` says. */
  async replaceWrappedKey(
    tx: Tx,
    actor: AuditActor,
    credential: CredentialRow,
    wrapped: Pick<CredentialRow, 'kmsKeyId' | 'wrappedKey'>,
  ): Promise<boolean> {
    if (!(await this.repository.replaceWrappedKey(tx, credential, wrapped))) return false;
    const detail = { from: credential.kmsKeyId, to: wrapped.kmsKeyId };
    await this.audit.record(tx, { actor, action: 'credential.rewrapped', ...about(credential), detail });
    return true;
  }
}

function about({ organisationId, id }: CredentialRef): Pick<AuditEntry, 'organisationId' | 'target'> {
  return { organisationId, target: { type: 'credential', id } };
}
