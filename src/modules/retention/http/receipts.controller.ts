import { Body, Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { WINDOWED_CLASSES } from '../../../contracts/data-classes.js';
import { PolicyProfile } from '../../../contracts/policy-profile.js';
import { type FieldError, invalidRequest } from '../../../kernel/errors.js';
import { CurrentPrincipal, Requires } from '../../../platform/http/access.js';
import { httpErrors } from '../../../platform/http/http.errors.js';
import { ApiPage, decodeCursor, type Page, pageOf } from '../../../platform/http/pagination.js';
import type { Principal } from '../../../platform/http/principal.js';
import { ListReceipts } from '../core/receipts/list-receipts.js';
import { PreviewRetention } from '../core/survey/preview-retention.js';
import { PreviewDto, PreviewedTableDto, PreviewResultDto, ReceiptDto, ReceiptsQuery } from './receipts.dto.js';

/** As many as twenty years have. */
const MOST_DAYS = 7305;

/** What retention did, and what it would do. */
@ApiTags('Retention')
@Controller('api/v1/retention')
export class ReceiptsController {
  constructor(
    private readonly receipts: ListReceipts,
    private readonly previewing: PreviewRetention,
    private readonly profile: PolicyProfile,
  ) {}

  /** Lists receipts of purges, sweeps and whatever else let data go, newest first. Each store has at least one a day. */
  @Get('receipts')
  @Requires('receipts:read')
  @ApiPage(ReceiptDto)
  async list(@Query() query: ReceiptsQuery, @CurrentPrincipal() principal: Principal): Promise<Page<ReceiptDto>> {
    if (principal.kind !== 'operator') throw httpErrors.forbidden();
    const before = decodeCursor(query.cursor, { id: 'id' })?.id;
    const rows = await this.receipts.run(query.store, before, query.limit + 1);
    return pageOf(rows, query.limit, ({ id }) => ({ id }), ReceiptDto.of);
  }

  /** Says what would be gone by a day, or with other windows, by table and day. Changes nothing; figures of large days are estimates. */
  @Post('preview')
  @HttpCode(200)
  @Requires('receipts:read')
  async preview(@Body() body: PreviewDto, @CurrentPrincipal() principal: Principal): Promise<PreviewResultDto> {
    if (principal.kind !== 'operator') throw httpErrors.forbidden();
    const problems = [...planProblems(body, this.profile), ...dayProblems(body)];
    if (problems.length > 0) throw invalidRequest(problems);
    const { on = this.previewing.today(), days = {}, plan = null } = body;
    return { tables: (await this.previewing.run({ on, days, plan })).map(PreviewedTableDto.of) };
  }
}

function planProblems({ plan }: PreviewDto, { plans }: PolicyProfile): FieldError[] {
  return plan === undefined || plans.includes(plan) ? [] : [{ field: 'plan', message: `must be one of ${plans.join(', ')}` }];
}

function dayProblems({ on, days = {} }: PreviewDto): FieldError[] {
  const isDay = on === undefined || (!Number.isNaN(Date.parse(on)) && new Date(on).toISOString().startsWith(on));
  const problems = isDay ? [] : [{ field: 'on', message: 'must be a day the calendar has, such as "2026-12-31"' }];
  for (const [dataClass, value] of Object.entries(days)) {
    if (!(WINDOWED_CLASSES as readonly string[]).includes(dataClass))
      problems.push({ field: 'days', message: `must name data classes only: ${WINDOWED_CLASSES.join(', ')}` });
    else if (!Number.isInteger(value) || value < 0 || value > MOST_DAYS)
      problems.push({ field: `days.${dataClass}`, message: `must be whole days from 0 to ${MOST_DAYS}` });
  }
  return problems;
}
