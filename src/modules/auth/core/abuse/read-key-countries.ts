import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import type { ApiKeyRef } from '../../auth.contract.js';
import { authErrors } from '../../auth.errors.js';
import { ApiKeysRepository } from '../../data/api-keys.repository.js';
import { KeyCountriesRepository } from '../../data/key-countries.repository.js';
import type { KeyCountryEntity } from '../../data/key-country.entity.js';

/** Where a key has been used from. */
@Injectable()
export class ReadKeyCountries {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly keys: ApiKeysRepository,
    private readonly countries: KeyCountriesRepository,
  ) {}

  /** In the order they were first seen. Raises `auth/key_not_found`. */
  run(ref: ApiKeyRef): Promise<KeyCountryEntity[]> {
    return this.unitOfWork.forOrganisation(ref.organisationId, async (tx) => {
      if ((await this.keys.find(tx, ref.organisationId, ref.id)) === null) throw authErrors.key_not_found();
      return this.countries.list(tx, ref);
    });
  }
}
