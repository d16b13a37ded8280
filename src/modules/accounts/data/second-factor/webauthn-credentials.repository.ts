import { Injectable } from '@nestjs/common';
import type { AccountId } from '../../../../kernel/ids.js';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import { WebauthnCredentialEntity, type WebauthnCredentialId } from './webauthn-credential.entity.js';

/** A credential as it is read: the counter stays in the database, where it is compared. */
export type WebauthnCredentialRow = Omit<WebauthnCredentialEntity, 'signCount'>;

/** Security keys and passkeys. Only the system role reaches them (A3). */
@Injectable()
export class WebauthnCredentialsRepository {
  /** False when some account, perhaps another, has this credential already. */
  async insert(tx: Tx, credential: WebauthnCredentialEntity): Promise<boolean> {
    const { raw } = await tx
      .createQueryBuilder()
      .insert()
      .into(WebauthnCredentialEntity)
      .values(credential)
      .orIgnore()
      .returning('id')
      .execute();
    return (raw as readonly unknown[]).length === 1;
  }

  /** Oldest first, suspended ones too. */
  list(tx: Tx, accountId: AccountId): Promise<WebauthnCredentialRow[]> {
    return tx.find(WebauthnCredentialEntity, { where: { accountId }, order: { id: 'ASC' } });
  }

  /** By the authenticator's own name for it, whosever it is. */
  findByCredentialId(tx: Tx, credentialId: Buffer): Promise<WebauthnCredentialRow | null> {
    return tx.findOneBy(WebauthnCredentialEntity, { credentialId });
  }

  /**
   * Moves the counter of an active credential on: false when it did not grow, so that of two that show the same one only the first gets
   * through, on however many replicas. A device that does not count says 0 every time (WebAuthn §6.1.1).
   */
  async advance(
    tx: Tx,
    id: WebauthnCredentialId,
    use: { readonly counter: number; readonly backedUp: boolean; readonly at: Date },
  ): Promise<boolean> {
    const [, moved] = await tx.query<[unknown, number]>(
      `UPDATE webauthn_credential SET sign_count = $2, backed_up = $3, last_used_at = $4
       WHERE id = $1 AND status = 'active' AND (sign_count < $2 OR (sign_count = 0 AND $2 = 0))`,
      [id, use.counter, use.backedUp, use.at],
    );
    return moved === 1;
  }

  /** False when it was suspended, or gone, already. */
  async suspend(tx: Tx, id: WebauthnCredentialId): Promise<boolean> {
    const { affected } = await tx.update(WebauthnCredentialEntity, { id, status: 'active' }, { status: 'suspended' });
    return affected === 1;
  }

  /** False when the account has no such credential. */
  async rename(tx: Tx, accountId: AccountId, id: WebauthnCredentialId, name: string): Promise<boolean> {
    const { affected } = await tx.update(WebauthnCredentialEntity, { id, accountId }, { name });
    return affected === 1;
  }

  /** False when the account has no such credential. */
  async remove(tx: Tx, accountId: AccountId, id: WebauthnCredentialId): Promise<boolean> {
    const { affected } = await tx.delete(WebauthnCredentialEntity, { id, accountId });
    return affected === 1;
  }

  async removeAll(tx: Tx, accountId: AccountId): Promise<void> {
    await tx.delete(WebauthnCredentialEntity, { accountId });
  }
}
