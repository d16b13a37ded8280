import { isUtf8 } from 'node:buffer';
import { Controller, Get, Header, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { CallId, OrganisationId } from '../../../kernel/ids.js';
import { ApiProblem, CurrentPrincipal, Requires } from '../../../platform/http/access.js';
import { organisationScope } from '../../../platform/http/organisation-scope.js';
import type { Principal } from '../../../platform/http/principal.js';
import { ParseIdPipe } from '../../../platform/http/validation.js';
import { ReadContent } from '../core/reading/read-content.js';
import { CallContentDto, type ContentPartDto, ReadContentQuery } from './content.dto.js';

@ApiTags('Content')
@Controller('api/v1/organisations/:organisationId/calls/:callId/content')
export class ContentController {
  constructor(private readonly readContent: ReadContent) {}

  /** Read what was kept of a call, for a purpose. The organisation's audit log tells of it (C7). */
  @Get()
  @Header('cache-control', 'no-store')
  @Requires('content:read')
  @ApiOkResponse({ type: CallContentDto })
  @ApiProblem(400, 'The purpose is missing, or not one of the closed list.')
  @ApiProblem(404, 'Nothing is kept of this call (`content/not_kept`), or there is no such organisation.')
  @ApiProblem(
    410,
    'The window is over (`content/expired`), the key it was sealed under is destroyed (`content/destroyed`), or its object should be in the blob store and is not (`content/gone`).',
  )
  @ApiProblem(
    503,
    'The key management service or the blob store cannot be used (`kms/*`, `blob/*`: `unavailable`, `denied`, `misconfigured`).',
  )
  async read(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Param('callId', ParseIdPipe) callId: CallId,
    @Query() { purpose }: ReadContentQuery,
    @CurrentPrincipal() principal: Principal,
  ): Promise<CallContentDto> {
    organisationScope(principal, organisationId);
    const kept = await this.readContent.run(principal, { organisationId, callId, purpose });
    return {
      callId,
      organisationId,
      store: kept.store,
      grantId: kept.grantId,
      writtenAt: kept.writtenAt,
      expiresOn: kept.expiresOn,
      keyVersion: kept.keyVersion,
      redacted: kept.redacted,
      request: part(kept.request, kept.requestCut),
      answer: kept.answer === null ? null : part(kept.answer, kept.answerCut),
    };
  }
}

function part(body: Buffer, cut: boolean): ContentPartDto {
  const encoding = isUtf8(body) ? 'utf8' : 'base64';
  return { encoding, body: body.toString(encoding), bytes: body.length, cut };
}
