import { applyDecorators, Controller, Get, Header, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { OrganisationId } from '../../../kernel/ids.js';
import { ApiProblem, CurrentPrincipal, Requires } from '../../../platform/http/access.js';
import { organisationScope } from '../../../platform/http/organisation-scope.js';
import type { Principal } from '../../../platform/http/principal.js';
import { ParseIdPipe } from '../../../platform/http/validation.js';
import { ExportBundle } from '../core/log/export-bundle.js';
import { BundleQueryDto } from './audit-log.dto.js';

/** The bytes are the format: the answer is written as it is. */
function AnswersBundle(): MethodDecorator {
  return applyDecorators(
    Header('content-type', 'application/json; charset=utf-8'),
    ApiOkResponse({
      description: 'A bundle, byte for byte as docs/audit-log.md describes it. `lethe verify` checks it offline.',
      schema: { type: 'object', required: ['checkpoint', 'entries', 'format', 'scope', 'since'], additionalProperties: true },
    }),
    ApiProblem(404, 'No checkpoint has been signed, or none of the size `since` (`audit/no_checkpoint`, `audit/unknown_checkpoint`).'),
  ) as MethodDecorator;
}

/** Exports of the audit log that an outsider can verify (O6). */
@ApiTags('Audit')
@Controller('api/v1')
export class AuditBundlesController {
  constructor(private readonly bundles: ExportBundle) {}

  /** Exports events of the whole installation with proof that they are in the log; those past their time as hashes only. */
  @Get('audit-log/bundle')
  @Requires('audit:read')
  @AnswersBundle()
  exportAll(@Query() query: BundleQueryDto, @CurrentPrincipal() principal: Principal): Promise<string> {
    return this.bundles.run(organisationScope(principal), query);
  }

  /** Exports events of one organisation, numbered without gaps, with proof that they are in the log. */
  @Get('organisations/:organisationId/audit-log/bundle')
  @Requires('audit:read')
  @AnswersBundle()
  export(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Query() query: BundleQueryDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<string> {
    return this.bundles.run(organisationScope(principal, organisationId), query);
  }
}
