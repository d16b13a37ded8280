import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Put, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { isId, type ScimGroupId } from '../../../../kernel/ids.js';
import { publicUrl } from '../../../../platform/config/public-url.js';
import { Settings } from '../../../../platform/config/settings.js';
import { ChangeGroup } from '../../core/scim/change-group.js';
import type { Directory } from '../../core/scim/directory.js';
import { groupOf } from '../../core/scim/group-draft.js';
import { patchGroup } from '../../core/scim/patch.js';
import { ReadDirectory } from '../../core/scim/read-directory.js';
import { scimErrors } from '../../scim.errors.js';
import { projected, type ScimQuery, shows, sliceOf } from './scim-query.js';
import { groupResource, listResource, type Resource } from './scim-resources.js';
import { CurrentDirectory, ScimRoute } from './scim-route.js';

/** Groups of a directory (RFC 7644 §3). */
@Controller('scim/v2/Groups')
export class ScimGroupsController {
  private readonly base: string;

  constructor(
    private readonly directory: ReadDirectory,
    private readonly changes: ChangeGroup,
    settings: Settings,
  ) {
    this.base = `${publicUrl(settings)}/scim/v2`;
  }

  @Get()
  @ScimRoute()
  async list(@CurrentDirectory() directory: Directory, @Query() query: ScimQuery): Promise<Resource> {
    const slice = sliceOf(query);
    const listed = await this.directory.listGroups(directory, slice, shows(query, 'members'));
    return listResource(listed, slice, (group) => projected(groupResource(group, this.base), query));
  }

  @Post()
  @ScimRoute()
  async create(
    @CurrentDirectory() directory: Directory,
    @Body() body: unknown,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Resource> {
    const { id } = await this.changes.create(directory, groupOf(body));
    void reply.header('location', `${this.base}/Groups/${id}`);
    return this.shown(directory, id);
  }

  @Get(':id')
  @ScimRoute()
  async read(@CurrentDirectory() directory: Directory, @Param('id') id: string, @Query() query: ScimQuery): Promise<Resource> {
    return projected(await this.shown(directory, groupId(id)), query);
  }

  @Put(':id')
  @ScimRoute()
  async replace(@CurrentDirectory() directory: Directory, @Param('id') id: string, @Body() body: unknown): Promise<Resource> {
    const replacement = groupOf(body);
    await this.changes.run(directory, groupId(id), () => replacement);
    return this.shown(directory, groupId(id));
  }

  @Patch(':id')
  @ScimRoute()
  async change(@CurrentDirectory() directory: Directory, @Param('id') id: string, @Body() body: unknown): Promise<Resource> {
    await this.changes.run(directory, groupId(id), (group) => patchGroup(group, body));
    return this.shown(directory, groupId(id));
  }

  @Delete(':id')
  @HttpCode(204)
  @ScimRoute()
  async remove(@CurrentDirectory() directory: Directory, @Param('id') id: string): Promise<void> {
    await this.changes.remove(directory, groupId(id));
  }

  private async shown(directory: Directory, id: ScimGroupId): Promise<Resource> {
    return groupResource(await this.directory.group(directory, id), this.base);
  }
}

/** What is no id is the id of nothing. */
function groupId(text: string): ScimGroupId {
  if (!isId(text)) throw scimErrors.resource_not_found();
  return text.toLowerCase() as ScimGroupId;
}
