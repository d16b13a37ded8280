import type { KeyObject } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { present } from '../../../../kernel/assert.js';
import type { ContentKeyId, OrganisationId } from '../../../../kernel/ids.js';
import type { AuditActor } from '../../../audit/audit.contract.js';
import type { ContentKeyRow } from '../../data/content-key.entity.js';
import { ContentKeyDesk } from './content-key-desk.js';
import { unwrapKey } from './key-wrapping.js';
import { RotateContentKey } from './rotate-content-key.js';

/** A version of a content key, open. */
export interface OpenKey {
  readonly id: ContentKeyId;
  readonly version: number;
  readonly key: KeyObject;
}

const ACTOR: AuditActor = { kind: 'system', id: 'content-keys' };

/** Opens content keys at the key management service. */
@Injectable()
export class OpenContentKey {
  constructor(
    private readonly desk: ContentKeyDesk,
    private readonly rotate: RotateContentKey,
  ) {}

  /** The one to seal under, made when there is none. Rejects with `kms/*` and the database's errors. */
  async current(organisationId: OrganisationId): Promise<OpenKey> {
    let row = await this.find(organisationId);
    if (row === null) {
      await this.rotate.beginFirst(ACTOR, organisationId);
      row = present(await this.find(organisationId), 'a content key that was just made');
    }
    return { id: row.id, version: row.version, key: await this.of(row) };
  }

  /** That of a row which is not destroyed. Raises `content/unreadable` and `kms/*`. */
  of({ organisationId, version, kmsKeyId, wrappedKey }: ContentKeyRow): Promise<KeyObject> {
    const wrapped = {
      kmsKeyId: present(kmsKeyId, 'a key that is not destroyed'),
      blob: present(wrappedKey, 'a key that is not destroyed'),
    };
    return unwrapKey(this.desk.kms, wrapped, { organisationId, version });
  }

  private find(organisationId: OrganisationId): Promise<ContentKeyRow | null> {
    const { unitOfWork, keys } = this.desk;
    return unitOfWork.forOrganisation(organisationId, (tx) =>
      unitOfWork.withContent(tx, (content) => keys.findCurrent(content, organisationId)),
    );
  }
}
