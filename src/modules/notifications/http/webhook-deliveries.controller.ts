import { Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiAcceptedResponse, ApiTags } from '@nestjs/swagger';
import type { OrganisationId } from '../../../kernel/ids.js';
import { ApiProblem, CurrentPrincipal, Requires } from '../../../platform/http/access.js';
import { organisationScope } from '../../../platform/http/organisation-scope.js';
import { ApiPage, decodeCursor, type Page, PageQuery, pageOf } from '../../../platform/http/pagination.js';
import type { Principal } from '../../../platform/http/principal.js';
import { ParseIdPipe } from '../../../platform/http/validation.js';
import { AskForDelivery } from '../core/webhooks/ask-for-delivery.js';
import { ReadWebhooks } from '../core/webhooks/read-webhooks.js';
import type { DeliveryId } from '../data/webhook-delivery.entity.js';
import type { WebhookId } from '../data/webhook-endpoint.entity.js';
import { WebhookDeliveryDto } from './webhooks.dto.js';

@ApiTags('Webhooks')
@Controller('api/v1/organisations/:organisationId/webhooks/:webhookId')
export class WebhookDeliveriesController {
  constructor(
    private readonly webhooks: ReadWebhooks,
    private readonly askFor: AskForDelivery,
  ) {}

  /** List what was sent to a webhook and how that went, newest first. */
  @Get('deliveries')
  @Requires('webhooks:read')
  @ApiPage(WebhookDeliveryDto)
  @ApiProblem(404, 'No such webhook (`notifications/webhook_not_found`).')
  async list(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Param('webhookId', ParseIdPipe) id: WebhookId,
    @Query() { cursor, limit }: PageQuery,
    @CurrentPrincipal() principal: Principal,
  ): Promise<Page<WebhookDeliveryDto>> {
    organisationScope(principal, organisationId);
    const before = decodeCursor(cursor, { id: 'id' })?.id as DeliveryId | undefined;
    const rows = await this.webhooks.deliveriesOf({ organisationId, id }, { before, limit: limit + 1 });
    return pageOf(
      rows,
      limit,
      (row) => ({ id: row.id }),
      (row) => row,
    );
  }

  /** Send a `webhook.test` event to a webhook. The log of deliveries tells how it went. */
  @Post('test')
  @HttpCode(202)
  @Requires('webhooks:write')
  @ApiAcceptedResponse({ type: WebhookDeliveryDto })
  @ApiProblem(404, 'No such webhook (`notifications/webhook_not_found`).')
  @ApiProblem(409, 'It is disabled (`notifications/webhook_disabled`).')
  test(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Param('webhookId', ParseIdPipe) id: WebhookId,
    @CurrentPrincipal() principal: Principal,
  ): Promise<WebhookDeliveryDto> {
    organisationScope(principal, organisationId);
    return this.askFor.test(principal, { organisationId, id });
  }

  /** Send the event of an earlier delivery again, with the same `webhook-id` and the same bytes. */
  @Post('deliveries/:deliveryId/replay')
  @HttpCode(202)
  @Requires('webhooks:write')
  @ApiAcceptedResponse({ type: WebhookDeliveryDto })
  @ApiProblem(404, 'No such webhook or delivery (`notifications/webhook_not_found`, `notifications/delivery_not_found`).')
  @ApiProblem(409, 'The webhook is disabled (`notifications/webhook_disabled`).')
  replay(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Param('webhookId', ParseIdPipe) id: WebhookId,
    @Param('deliveryId', ParseIdPipe) deliveryId: DeliveryId,
    @CurrentPrincipal() principal: Principal,
  ): Promise<WebhookDeliveryDto> {
    organisationScope(principal, organisationId);
    return this.askFor.replay(principal, { organisationId, id }, deliveryId);
  }
}
