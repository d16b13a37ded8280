import { ApiProperty } from '@nestjs/swagger';
import type { Principal } from '../../../platform/http/principal.js';

/** Who is calling. */
export class MeDto {
  @ApiProperty({ enum: ['operator', 'service_key', 'account'] })
  kind: Principal['kind'];

  /** The operator's id, the key's or the account's. */
  id: string;

  /** The key's organisation; null for an operator, who acts for all, and for a person, who may belong to several. */
  @ApiProperty({ type: 'string', nullable: true })
  organisationId: string | null;

  /** The key's project; null for anyone else. */
  @ApiProperty({ type: 'string', nullable: true })
  projectId: string | null;

  permissions: string[];

  static of(this: void, principal: Principal): MeDto {
    const isKey = principal.kind === 'service_key';
    return {
      kind: principal.kind,
      id: principal.id,
      organisationId: isKey ? principal.organisationId : null,
      projectId: isKey ? principal.projectId : null,
      permissions: [...principal.permissions].sort(),
    };
  }
}
