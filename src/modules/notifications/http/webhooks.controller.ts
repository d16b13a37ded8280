import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { OrganisationId } from '../../../kernel/ids.js';
import { ApiProblem, CurrentPrincipal, Requires } from '../../../platform/http/access.js';
import { organisationScope } from '../../../platform/http/organisation-scope.js';
import { ApiPage, decodeCursor, type Page, PageQuery, pageOf } from '../../../platform/http/pagination.js';
import type { Principal } from '../../../platform/http/principal.js';
import { ParseIdPipe } from '../../../platform/http/validation.js';
import { ChangeWebhook } from '../core/webhooks/change-webhook.js';
import { CreateWebhook } from '../core/webhooks/create-webhook.js';
import { ReadWebhooks } from '../core/webhooks/read-webhooks.js';
import { RotateWebhookSecret } from '../core/webhooks/rotate-webhook-secret.js';
import type { WebhookId } from '../data/webhook-endpoint.entity.js';
import { ChangeWebhookDto, CreateWebhookDto, RotateWebhookSecretDto, WebhookDto, WebhookWithSecretDto } from './webhooks.dto.js';

@ApiTags('Webhooks')
@Controller('api/v1/organisations/:organisationId/webhooks')
export class WebhooksController {
  constructor(
    private readonly createWebhook: CreateWebhook,
    private readonly changeWebhook: ChangeWebhook,
    private readonly rotateSecret: RotateWebhookSecret,
    private readonly webhooks: ReadWebhooks,
  ) {}

  /** Make a webhook. The answer shows its signing secret, once. */
  @Post()
  @Requires('webhooks:write')
  @ApiCreatedResponse({ type: WebhookWithSecretDto })
  @ApiProblem(400, 'A field is not valid, or the address may not be called (`outbound/address_not_allowed`, `outbound/invalid_url`).')
  @ApiProblem(404, 'No such organisation.')
  @ApiProblem(409, 'The organisation has as many as it may have (`notifications/webhook_limit`).')
  create(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Body() body: CreateWebhookDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<WebhookWithSecretDto> {
    organisationScope(principal, organisationId);
    return this.createWebhook.run(principal, organisationId, body);
  }

  /** List an organisation's webhooks, oldest first. */
  @Get()
  @Requires('webhooks:read')
  @ApiPage(WebhookDto)
  async list(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Query() { cursor, limit }: PageQuery,
    @CurrentPrincipal() principal: Principal,
  ): Promise<Page<WebhookDto>> {
    organisationScope(principal, organisationId);
    const after = decodeCursor(cursor, { id: 'id' })?.id as WebhookId | undefined;
    const rows = await this.webhooks.list(organisationId, { after, limit: limit + 1 });
    return pageOf(
      rows,
      limit,
      ({ id }) => ({ id }),
      (row) => row,
    );
  }

  /** Show one webhook. */
  @Get(':webhookId')
  @Requires('webhooks:read')
  @ApiOkResponse({ type: WebhookDto })
  @ApiProblem(404, 'No such webhook (`notifications/webhook_not_found`).')
  get(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Param('webhookId', ParseIdPipe) id: WebhookId,
    @CurrentPrincipal() principal: Principal,
  ): Promise<WebhookDto> {
    organisationScope(principal, organisationId);
    return this.webhooks.get({ organisationId, id });
  }

  /** Change a webhook, or switch it off and on. */
  @Patch(':webhookId')
  @Requires('webhooks:write')
  @ApiOkResponse({ type: WebhookDto })
  @ApiProblem(400, 'There is nothing to change, a field is not valid, or the address may not be called.')
  @ApiProblem(404, 'No such webhook (`notifications/webhook_not_found`).')
  change(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Param('webhookId', ParseIdPipe) id: WebhookId,
    @Body() { url, description, eventTypes, status }: ChangeWebhookDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<WebhookDto> {
    organisationScope(principal, organisationId);
    // JSON null says the same as leaving a field out.
    const change = {
      url: url ?? undefined,
      description: description ?? undefined,
      eventTypes: eventTypes ?? undefined,
      status: status ?? undefined,
    };
    return this.changeWebhook.run(principal, { organisationId, id }, change);
  }

  /** Delete a webhook. What waits for it is not delivered. */
  @Delete(':webhookId')
  @HttpCode(204)
  @Requires('webhooks:write')
  @ApiNoContentResponse()
  @ApiProblem(404, 'No such webhook (`notifications/webhook_not_found`).')
  delete(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Param('webhookId', ParseIdPipe) id: WebhookId,
    @CurrentPrincipal() principal: Principal,
  ): Promise<void> {
    organisationScope(principal, organisationId);
    return this.changeWebhook.remove(principal, { organisationId, id });
  }

  /** Give a webhook a new signing secret, shown once. Deliveries are signed with the old one too until the overlap is over. */
  @Post(':webhookId/rotate-secret')
  @HttpCode(200)
  @Requires('webhooks:write')
  @ApiOkResponse({ type: WebhookWithSecretDto })
  @ApiProblem(404, 'No such webhook (`notifications/webhook_not_found`).')
  rotate(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Param('webhookId', ParseIdPipe) id: WebhookId,
    @Body() { overlapHours }: RotateWebhookSecretDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<WebhookWithSecretDto> {
    organisationScope(principal, organisationId);
    return this.rotateSecret.run(principal, { organisationId, id }, overlapHours);
  }
}
