import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { KeyManagementService } from '../../../../platform/kms/key-management-service.js';
import { ContentKeysRepository } from '../../data/content-keys.repository.js';
import { AuditedContentKeys } from './audited-content-keys.js';

/** Where content keys are kept, and who wraps them. */
@Injectable()
export class ContentKeyDesk {
  constructor(
    readonly unitOfWork: UnitOfWork,
    readonly keys: ContentKeysRepository,
    readonly audited: AuditedContentKeys,
    readonly kms: KeyManagementService,
  ) {}
}
