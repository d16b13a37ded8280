import { Injectable } from '@nestjs/common';
import type { IdentityProviderId } from '../../../../kernel/ids.js';
import { Settings } from '../../../../platform/config/settings.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { IdentityProvidersRepository } from '../../data/identity-providers.repository.js';
import { ownMetadata } from './own-metadata.js';
import { requireSaml, samlAddresses } from './service-provider.js';

/** Our side of a connection, for the identity provider on the other. Nothing in it is secret. */
@Injectable()
export class ShowOwnMetadata {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly providers: IdentityProvidersRepository,
    private readonly settings: Settings,
  ) {}

  /** Raises `federation/provider_not_found`. */
  async run(id: IdentityProviderId): Promise<string> {
    const provider = requireSaml(await this.unitOfWork.asSystem((tx) => this.providers.findAny(tx, id)));
    return ownMetadata({ ...samlAddresses(this.settings, id), certificate: provider.settings.requestCertificate });
  }
}
