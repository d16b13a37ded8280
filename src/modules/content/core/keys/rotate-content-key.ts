import { Injectable } from '@nestjs/common';
import { Clock } from '../../../../kernel/clock.js';
import type { OrganisationId } from '../../../../kernel/ids.js';
import { Tenants } from '../../../tenants/tenants.contract.js';
import type { AuditActor } from '../../../audit/audit.contract.js';
import { contentErrors } from '../../content.errors.js';
import type { ContentKeyRow } from '../../data/content-key.entity.js';
import { ContentKeyDesk } from './content-key-desk.js';
import { wrapNewKey } from './key-wrapping.js';

/** Puts a new version of an organisation's content key in use. What was sealed under the ones before it opens as it did. */
@Injectable()
export class RotateContentKey {
  constructor(
    private readonly desk: ContentKeyDesk,
    private readonly tenants: Tenants,
    private readonly clock: Clock,
  ) {}

  /** The version now in use. Raises `tenants/organisation_not_found`, `content/key_changed` when another rotation was first, and `kms/*`. */
  async run(actor: AuditActor, organisationId: OrganisationId): Promise<number> {
    const next = await this.beginNext(actor, organisationId, () => true);
    if (next === null) throw contentErrors.key_changed();
    return next;
  }

  /** For a rotation by age: leaves a version alone that is younger, and one that somebody else has just rotated. */
  async runIfOlder(actor: AuditActor, organisationId: OrganisationId, thanMs: number): Promise<boolean> {
    const isOld = (present: ContentKeyRow | null) => present !== null && this.clock.nowMs() - present.createdAt.getTime() > thanMs;
    return (await this.beginNext(actor, organisationId, isOld)) !== null;
  }

  /** For whoever has something to seal: the first version, unless there is one by now. */
  async beginFirst(actor: AuditActor, organisationId: OrganisationId): Promise<void> {
    await this.beginNext(actor, organisationId, (present) => present === null);
  }

  private async beginNext(
    actor: AuditActor,
    organisationId: OrganisationId,
    isDue: (present: ContentKeyRow | null) => boolean,
  ): Promise<number | null> {
    const { present, versions } = await this.desk.unitOfWork.forOrganisation(organisationId, async (tx) => {
      await this.tenants.requireOrganisation(tx, organisationId);
      const [newest] = await this.desk.keys.list(tx, organisationId);
      return {
        versions: newest?.version ?? 0,
        present: await this.desk.unitOfWork.withContent(tx, (content) => this.desk.keys.findCurrent(content, organisationId)),
      };
    });
    if (!isDue(present)) return null;
    const version = versions + 1;
    // Between two transactions, because it asks a key management service; the version decides whether the ground held.
    const wrapped = await wrapNewKey(this.desk.kms, { organisationId, version });
    const isBegun = await this.desk.unitOfWork
      .forOrganisation(organisationId, async (tx) => {
        const begun = await this.desk.audited.begin(tx, actor, { organisationId, version, wrapped }, present);
        // A version that was retired must not stay so without the next one: what was written here is undone.
        if (!begun) throw new Overtaken();
        return true;
      })
      .catch((error: unknown) => {
        if (error instanceof Overtaken) return false;
        throw error;
      });
    return isBegun ? version : null;
  }
}

class Overtaken extends Error {}
