import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { ArrayMaxSize, ArrayMinSize, IsArray, IsOptional, Matches, ValidateNested } from 'class-validator';
import type { CredentialId, OrganisationId, ProjectId, RouteId } from '../../../kernel/ids.js';
import { IsId } from '../../../platform/http/field-rules.js';
import { MAX_TARGETS, ROUTE_MODEL, ROUTE_MODEL_RULE, UPSTREAM_MODEL, UPSTREAM_MODEL_RULE } from '../core/route-rules.js';
import type { NewRoute, RouteView } from '../routing.contract.js';

/** One place a route leads to. */
export class WriteRouteTargetDto {
  /** A credential of the same organisation. */
  @ApiProperty({ type: 'string', format: 'uuid' })
  @IsId()
  credentialId: CredentialId;

  /** The model's name there. Absent: as the client wrote it. */
  @ApiPropertyOptional({ type: 'string', maxLength: 200, example: 'gpt-4o-2024-11-20' })
  @IsOptional()
  @Matches(UPSTREAM_MODEL, { message: UPSTREAM_MODEL_RULE })
  upstreamModel?: string;
}

/** A route as a whole: what a PUT leaves out is gone. */
export class WriteRouteDto implements NewRoute {
  /** What clients ask for: an exact model name, or the beginning of one followed by `*`. Exact names win, then longer beginnings. */
  @ApiProperty({ type: 'string', maxLength: 201, example: 'gpt-4o' })
  @Matches(ROUTE_MODEL, { message: ROUTE_MODEL_RULE })
  model: string;

  /** The only project it is for; it comes before the routes of the organisation. Absent: every project. */
  @ApiPropertyOptional({ type: 'string', format: 'uuid' })
  @IsOptional()
  @IsId()
  projectId?: ProjectId;

  /** Where calls go, in the order to try. */
  @ApiProperty({ type: [WriteRouteTargetDto], minItems: 1, maxItems: MAX_TARGETS })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(MAX_TARGETS)
  @ValidateNested({ each: true })
  @Type(() => WriteRouteTargetDto)
  targets: WriteRouteTargetDto[];
}

/** One place a stored route leads to. */
export class RouteTargetDto {
  @ApiProperty({ type: 'string', format: 'uuid' })
  credentialId: CredentialId;

  /** Null: the model name goes upstream as the client wrote it. */
  @ApiProperty({ type: 'string', nullable: true })
  upstreamModel: string | null;
}

/** A stored route. */
export class RouteDto implements RouteView {
  @ApiProperty({ type: 'string', format: 'uuid' })
  id: RouteId;

  @ApiProperty({ type: 'string', format: 'uuid' })
  organisationId: OrganisationId;

  /** Null: every project of the organisation. */
  @ApiProperty({ type: 'string', format: 'uuid', nullable: true })
  projectId: ProjectId | null;

  @ApiProperty({ type: 'string' })
  model: string;

  @ApiProperty({ type: [RouteTargetDto] })
  targets: readonly RouteTargetDto[];

  @ApiProperty({ type: 'string', format: 'date-time' })
  createdAt: Date;

  @ApiProperty({ type: 'string', format: 'date-time' })
  updatedAt: Date;
}
