import { Controller, Get, Header, Query } from '@nestjs/common';
import { ApiOkResponse, ApiProduces, ApiTags } from '@nestjs/swagger';
import { ApiProblem, Public } from '../../../platform/http/access.js';
import { RateLimited } from '../../../platform/http/rate-limit.guard.js';
import { ReadProofs } from '../core/log/read-proofs.js';
import {
  CheckpointQuery,
  ConsistencyProofDto,
  ConsistencyQuery,
  InclusionProofDto,
  InclusionQuery,
  VerificationKeysDto,
} from './audit-log.dto.js';

/** Enough for somebody who follows the log; a proof costs a few reads of 8 KiB. */
const PER_MINUTE = 120;

/** What anybody may ask about the audit log (O6): only hashes, proofs and signatures. */
@ApiTags('Audit')
@Controller('api/v1/audit-log')
export class AuditLogController {
  constructor(private readonly proofs: ReadProofs) {}

  /** Gets the newest checkpoint, or the one of a given size: a signed note as C2SP tlog-checkpoint describes it. */
  @Get('checkpoint')
  @Public()
  @RateLimited(PER_MINUTE)
  @Header('content-type', 'text/plain; charset=utf-8')
  @ApiProduces('text/plain')
  @ApiOkResponse({ content: { 'text/plain': { schema: { type: 'string' } } } })
  @ApiProblem(404, 'There is no such checkpoint (`audit/unknown_checkpoint`, `audit/no_checkpoint`).')
  async checkpoint(@Query() { size }: CheckpointQuery): Promise<string> {
    return (await this.proofs.checkpoint(size)).note;
  }

  /** Proves that a leaf is in the log. */
  @Get('inclusion-proof')
  @Public()
  @RateLimited(PER_MINUTE)
  @ApiProblem(404, 'The log has no such leaf at this size (`audit/unknown_leaf`).')
  async inclusion(@Query() { leafIndex, leafHash, size }: InclusionQuery): Promise<InclusionProofDto> {
    return InclusionProofDto.of(await this.proofs.inclusion(leafIndex ?? Buffer.from(leafHash ?? '', 'base64'), size));
  }

  /** Proves that the log of one size begins with what it contained at another. */
  @Get('consistency-proof')
  @Public()
  @RateLimited(PER_MINUTE)
  async consistency(@Query() { from, to }: ConsistencyQuery): Promise<ConsistencyProofDto> {
    return ConsistencyProofDto.of(await this.proofs.consistency(from, to));
  }

  /** Gets the keys that checkpoints are verified with. Take yours once, and from elsewhere if you can. */
  @Get('keys')
  @Public()
  @RateLimited(PER_MINUTE)
  async keys(): Promise<VerificationKeysDto> {
    const keys = await this.proofs.keys();
    return { keys: keys.map(({ verifierKey, firstUsedAt }) => ({ verifierKey, firstUsedAt: firstUsedAt.toISOString() })) };
  }
}
