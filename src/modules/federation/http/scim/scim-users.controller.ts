import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Put, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { isId, type ScimUserId } from '../../../../kernel/ids.js';
import { publicUrl } from '../../../../platform/config/public-url.js';
import { Settings } from '../../../../platform/config/settings.js';
import { ChangeUser } from '../../core/scim/change-user.js';
import type { Directory } from '../../core/scim/directory.js';
import { patchUser } from '../../core/scim/patch.js';
import { ProvisionUser } from '../../core/scim/provision-user.js';
import { ReadDirectory } from '../../core/scim/read-directory.js';
import { userOf } from '../../core/scim/user-draft.js';
import { scimErrors } from '../../scim.errors.js';
import { projected, type ScimQuery, sliceOf } from './scim-query.js';
import { listResource, type Resource, userResource } from './scim-resources.js';
import { CurrentDirectory, ScimRoute } from './scim-route.js';

/** Users of a directory (RFC 7644 §3). */
@Controller('scim/v2/Users')
export class ScimUsersController {
  private readonly base: string;

  constructor(
    private readonly directory: ReadDirectory,
    private readonly provisioning: ProvisionUser,
    private readonly changes: ChangeUser,
    settings: Settings,
  ) {
    this.base = `${publicUrl(settings)}/scim/v2`;
  }

  @Get()
  @ScimRoute()
  async list(@CurrentDirectory() directory: Directory, @Query() query: ScimQuery): Promise<Resource> {
    const slice = sliceOf(query);
    const listed = await this.directory.listUsers(directory, slice);
    return listResource(listed, slice, (user) => projected(userResource(user, this.base), query));
  }

  @Post()
  @ScimRoute()
  async create(
    @CurrentDirectory() directory: Directory,
    @Body() body: unknown,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Resource> {
    const user = await this.provisioning.run(directory, userOf(body));
    void reply.header('location', `${this.base}/Users/${user.id}`);
    return userResource(user, this.base);
  }

  @Get(':id')
  @ScimRoute()
  async read(@CurrentDirectory() directory: Directory, @Param('id') id: string, @Query() query: ScimQuery): Promise<Resource> {
    return projected(userResource(await this.directory.user(directory, userId(id)), this.base), query);
  }

  @Put(':id')
  @ScimRoute()
  async replace(@CurrentDirectory() directory: Directory, @Param('id') id: string, @Body() body: unknown): Promise<Resource> {
    const replacement = userOf(body);
    return userResource(await this.changes.run(directory, userId(id), () => replacement), this.base);
  }

  @Patch(':id')
  @ScimRoute()
  async change(@CurrentDirectory() directory: Directory, @Param('id') id: string, @Body() body: unknown): Promise<Resource> {
    return userResource(await this.changes.run(directory, userId(id), (user) => patchUser(user, body)), this.base);
  }

  @Delete(':id')
  @HttpCode(204)
  @ScimRoute()
  async remove(@CurrentDirectory() directory: Directory, @Param('id') id: string): Promise<void> {
    await this.changes.remove(directory, userId(id));
  }
}

/** What is no id is the id of nothing. */
function userId(text: string): ScimUserId {
  if (!isId(text)) throw scimErrors.resource_not_found();
  return text.toLowerCase() as ScimUserId;
}
