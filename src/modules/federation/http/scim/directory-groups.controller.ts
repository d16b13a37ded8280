import { Body, Controller, Get, Param, Patch, Query } from '@nestjs/common';
import { ApiProperty, ApiTags } from '@nestjs/swagger';
import { IsIn, ValidateIf } from 'class-validator';
import type { OrganisationId, ScimGroupId } from '../../../../kernel/ids.js';
import { ApiProblem, CurrentPrincipal, Requires, RequiresRecentProof } from '../../../../platform/http/access.js';
import { organisationScope } from '../../../../platform/http/organisation-scope.js';
import { ApiPage, decodeCursor, type Page, PageQuery, pageOf } from '../../../../platform/http/pagination.js';
import { ORGANISATION_ROLES } from '../../../../platform/http/permissions.js';
import type { Principal } from '../../../../platform/http/principal.js';
import { ParseIdPipe } from '../../../../platform/http/validation.js';
import { ChangeGroup } from '../../core/scim/change-group.js';
import { ReadDirectory } from '../../core/scim/read-directory.js';
import type { GroupRole, ScimGroupRow } from '../../data/scim-group.entity.js';

const GROUP_ROLES = ORGANISATION_ROLES.filter((role) => role !== 'owner');

/** What the members of a group are in the organisation. */
export class MapGroupDto {
  /** Null: the group says nothing about it. Of several roles admin counts before developer, billing, privacy_officer and viewer. */
  @ApiProperty({ enum: GROUP_ROLES, nullable: true })
  @ValidateIf((_, value) => value !== null)
  @IsIn(GROUP_ROLES, { message: `must be one of ${GROUP_ROLES.join(', ')}, or null` })
  role: GroupRole | null;
}

/** A group of the organisation's directory. */
export class DirectoryGroupDto {
  id: string;

  organisationId: string;

  /** As the directory writes it. */
  displayName: string;

  /** What its members are here; null: the group says nothing about it. */
  @ApiProperty({ enum: GROUP_ROLES, nullable: true })
  role: GroupRole | null;

  static of(this: void, { id, organisationId, displayName, role }: ScimGroupRow): DirectoryGroupDto {
    return { id, organisationId, displayName, role };
  }
}

@ApiTags('Directories')
@Controller('api/v1/organisations/:organisationId/directory-groups')
export class DirectoryGroupsController {
  constructor(
    private readonly directory: ReadDirectory,
    private readonly changes: ChangeGroup,
  ) {}

  /** Lists the groups the organisation's directory has sent, in the order they came. */
  @Get()
  @Requires('members:read')
  @ApiPage(DirectoryGroupDto)
  async list(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Query() query: PageQuery,
    @CurrentPrincipal() principal: Principal,
  ): Promise<Page<DirectoryGroupDto>> {
    organisationScope(principal, organisationId);
    const after = decodeCursor(query.cursor, { id: 'id' })?.id as ScimGroupId | undefined;
    const rows = await this.directory.page(organisationId, after, query.limit + 1);
    return pageOf(rows, query.limit, ({ id }) => ({ id }), DirectoryGroupDto.of);
  }

  /** Says what the members of a group are in the organisation; those it has get the role at once. Nobody becomes an owner this way. */
  @Patch(':groupId')
  @Requires('members:write')
  @RequiresRecentProof()
  @ApiProblem(404, 'The directory of the organisation has no such group (`scim/resource_not_found`).')
  async mapRole(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Param('groupId', ParseIdPipe) id: ScimGroupId,
    @Body() body: MapGroupDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<DirectoryGroupDto> {
    organisationScope(principal, organisationId);
    return DirectoryGroupDto.of(await this.changes.mapRole(organisationId, id, body.role, principal));
  }
}
