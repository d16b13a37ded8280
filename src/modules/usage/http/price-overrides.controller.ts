import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { ApiProblem, CurrentPrincipal, Requires } from '../../../platform/http/access.js';
import { ApiPage, decodeCursor, type Page, PageQuery, pageOf } from '../../../platform/http/pagination.js';
import type { Principal } from '../../../platform/http/principal.js';
import { ParseIdPipe } from '../../../platform/http/validation.js';
import { CreatePriceOverride } from '../core/create-price-override.js';
import { DeletePriceOverride } from '../core/delete-price-override.js';
import { ListPriceOverrides } from '../core/list-price-overrides.js';
import type { PriceOverrideId } from '../data/price-override.entity.js';
import { CreatePriceOverrideDto, PriceOverrideDto } from './price-overrides.dto.js';

@ApiTags('Price overrides')
@Controller('api/v1/price-overrides')
export class PriceOverridesController {
  constructor(
    private readonly createPriceOverride: CreatePriceOverride,
    private readonly listPriceOverrides: ListPriceOverrides,
    private readonly deletePriceOverride: DeletePriceOverride,
  ) {}

  /** Sets the price of a model over the catalogue's. */
  @Post()
  @Requires('prices:write')
  @ApiProblem(409, 'The model has a price for this provider already; delete that one first (`usage/already_exists`).')
  async create(@Body() body: CreatePriceOverrideDto, @CurrentPrincipal() principal: Principal): Promise<PriceOverrideDto> {
    return PriceOverrideDto.of(await this.createPriceOverride.run(principal, CreatePriceOverrideDto.wanted(body)));
  }

  /** Lists the prices set over the catalogue, newest first. */
  @Get()
  @Requires('prices:read')
  @ApiPage(PriceOverrideDto)
  async list(@Query() query: PageQuery): Promise<Page<PriceOverrideDto>> {
    const before = decodeCursor(query.cursor, { id: 'id' })?.id as PriceOverrideId | undefined;
    const rows = await this.listPriceOverrides.run({ before, limit: query.limit + 1 });
    return pageOf(rows, query.limit, ({ id }) => ({ id }), PriceOverrideDto.of);
  }

  /** Gives a model back its catalogue price. */
  @Delete(':priceOverrideId')
  @HttpCode(204)
  @Requires('prices:write')
  @ApiProblem(404, 'No such price override (`usage/price_override_not_found`).')
  delete(@Param('priceOverrideId', ParseIdPipe) id: PriceOverrideId, @CurrentPrincipal() principal: Principal): Promise<void> {
    return this.deletePriceOverride.run(principal, id);
  }
}
