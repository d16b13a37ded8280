import { Injectable } from '@nestjs/common';
import type { OrganisationId } from '../../../../kernel/ids.js';
import { Log } from '../../../../platform/telemetry/logger.js';
import type { AuditActor } from '../../../audit/audit.contract.js';
import { Tenants } from '../../../tenants/tenants.contract.js';
import { contentErrors } from '../../content.errors.js';
import type { ContentKeyFacts } from '../../data/content-key.entity.js';
import { ContentKeyDesk } from './content-key-desk.js';
import { ErasedKeys } from './erased-keys.js';

/**
 * Destroys content keys, and with them all that was sealed under them, in every store and every backup (C4). There is no way back. The next content of
 * the organisation, if it still wants any kept, begins with a new version.
 */
@Injectable()
export class DestroyContentKeys {
  constructor(
    private readonly desk: ContentKeyDesk,
    private readonly tenants: Tenants,
    private readonly erased: ErasedKeys,
    private readonly log: Log,
  ) {}

  /**
   * One version. Destroying a destroyed one changes nothing. Raises `content/key_not_found`, `tenants/organisation_not_found`, and `retention/held`
   * while a legal hold covers content of the organisation.
   */
  runOne(actor: AuditActor, organisationId: OrganisationId, version: number): Promise<ContentKeyFacts[]> {
    return this.run(actor, organisationId, (versions) => {
      if (!versions.includes(version)) throw contentErrors.key_not_found();
      return [version];
    });
  }

  /** All versions there are. Raises as {@link runOne}. */
  runAll(actor: AuditActor, organisationId: OrganisationId): Promise<ContentKeyFacts[]> {
    return this.run(actor, organisationId, (versions) => versions);
  }

  private async run(
    actor: AuditActor,
    organisationId: OrganisationId,
    choose: (versions: readonly number[]) => readonly number[],
  ): Promise<ContentKeyFacts[]> {
    const { unitOfWork, keys, audited } = this.desk;
    const left = await unitOfWork.forOrganisation(organisationId, async (tx) => {
      await this.tenants.requireOrganisation(tx, organisationId);
      const versions = choose((await keys.list(tx, organisationId)).map((key) => key.version));
      await this.erased.assertFree(tx, organisationId);
      await this.erased.record(tx, organisationId, await audited.destroy(tx, actor, organisationId, versions));
      return keys.list(tx, organisationId);
    });
    await this.leaveNothing();
    return left;
  }

  /** Takes the destroyed key out of the table's file at once, if nobody uses the table; a round of retention does it otherwise. */
  private async leaveNothing(): Promise<void> {
    const isDone = await this.desk.unitOfWork.asSystem((tx) => this.desk.keys.rewrite(tx)).catch(() => false);
    if (!isDone) this.log.info('the table of content keys is in use and will be written anew later', { component: 'content' });
  }
}
