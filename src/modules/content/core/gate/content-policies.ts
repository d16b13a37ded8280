import { Injectable } from '@nestjs/common';
import type { OrganisationId } from '../../../../kernel/ids.js';
import { type Change, ChangeFeed, type ChangeSubscriber } from '../../../../platform/database/change-feed.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { type ContentSetting, USUAL_SETTING } from '../../data/content-setting.entity.js';
import { ContentSettingsRepository } from '../../data/content-settings.repository.js';
import type { TroubleshootingGrantRow } from '../../data/troubleshooting-grant.entity.js';
import { TroubleshootingGrantsRepository } from '../../data/troubleshooting-grants.repository.js';

/** A grant that is not closed. Whether its end has come is for the clock to say. */
export interface OpenGrant {
  readonly id: string;
  /** The organisation's, the project's or the key's id. */
  readonly scopeId: string;
  readonly endsAtMs: number;
}

const NO_GRANTS: readonly OpenGrant[] = [];

/**
 * What organisations have said of their content, in memory: settings and open grants. A change is heard of when it commits, on every replica; after a
 * lost connection everything is read again.
 */
@Injectable()
export class ContentPolicies implements ChangeSubscriber {
  readonly tables = ['content_setting', 'troubleshooting_grant'];
  private settings = new Map<OrganisationId, ContentSetting>();
  private grants = new Map<OrganisationId, readonly OpenGrant[]>();
  private wasRead = false;

  constructor(
    feed: ChangeFeed,
    private readonly unitOfWork: UnitOfWork,
    private readonly settingRows: ContentSettingsRepository,
    private readonly grantRows: TroubleshootingGrantsRepository,
  ) {
    feed.subscribe(this);
  }

  /** False until everything was read once: until then nobody knows who switched what off. */
  get isRead(): boolean {
    return this.wasRead;
  }

  settingOf(organisationId: OrganisationId): ContentSetting {
    return this.settings.get(organisationId) ?? USUAL_SETTING;
  }

  grantsOf(organisationId: OrganisationId): readonly OpenGrant[] {
    return this.grants.get(organisationId) ?? NO_GRANTS;
  }

  /** Both tables are small, a row an organisation and a few open grants: a change reads the one it is in again. */
  async onChange({ table, id }: Change): Promise<void> {
    if (table === 'troubleshooting_grant') return this.readGrants();
    const organisationId = id as OrganisationId;
    const setting = await this.unitOfWork.asSystem((tx) => this.settingRows.find(tx, organisationId));
    if (setting) this.settings.set(organisationId, setting);
    else this.settings.delete(organisationId);
  }

  async onResync(): Promise<void> {
    const settings = await this.unitOfWork.asSystem((tx) => this.settingRows.all(tx));
    this.settings = new Map(settings.map((setting) => [setting.id, setting]));
    await this.readGrants();
    this.wasRead = true;
  }

  private async readGrants(): Promise<void> {
    const rows = await this.unitOfWork.asSystem((tx) => this.grantRows.notClosed(tx));
    const byOrganisation = new Map<OrganisationId, OpenGrant[]>();
    for (const row of rows) byOrganisation.set(row.organisationId, [...(byOrganisation.get(row.organisationId) ?? []), inMemory(row)]);
    this.grants = byOrganisation;
  }
}

function inMemory({ id, scopeId, endsAt }: TroubleshootingGrantRow): OpenGrant {
  return { id, scopeId, endsAtMs: endsAt.getTime() };
}
