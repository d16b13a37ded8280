import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { BudgetId, OrganisationId } from '../../../kernel/ids.js';
import { ApiProblem, CurrentPrincipal, Requires } from '../../../platform/http/access.js';
import { organisationScope } from '../../../platform/http/organisation-scope.js';
import { ApiPage, decodeCursor, type Page, PageQuery, pageOf } from '../../../platform/http/pagination.js';
import type { Principal } from '../../../platform/http/principal.js';
import { ParseIdPipe } from '../../../platform/http/validation.js';
import { ChangeBudget } from '../core/change-budget.js';
import { CreateBudget } from '../core/create-budget.js';
import { DeleteBudget } from '../core/delete-budget.js';
import { ReadBudgets } from '../core/read-budgets.js';
import { BudgetDto, ChangeBudgetDto, CreateBudgetDto } from './budgets.dto.js';

@ApiTags('Budgets')
@Controller('api/v1/organisations/:organisationId/budgets')
export class BudgetsController {
  constructor(
    private readonly createBudget: CreateBudget,
    private readonly readBudgets: ReadBudgets,
    private readonly changeBudget: ChangeBudget,
    private readonly deleteBudget: DeleteBudget,
  ) {}

  /** Puts a budget on an organisation, a project or a key. */
  @Post()
  @Requires('limits:write')
  @ApiProblem(404, 'No such organisation, project or key.')
  @ApiProblem(409, 'A budget of this kind and period exists there already (`usage/already_exists`).')
  async create(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Body() { scopeId, ...body }: CreateBudgetDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<BudgetDto> {
    organisationScope(principal, organisationId);
    const wanted = { ...body, organisationId, scopeId: scopeId?.toLowerCase() ?? organisationId };
    return BudgetDto.of(await this.createBudget.run(principal, wanted));
  }

  /** Lists the budgets of an organisation with their current period, newest first. */
  @Get()
  @Requires('limits:read')
  @ApiPage(BudgetDto)
  async list(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Query() query: PageQuery,
    @CurrentPrincipal() principal: Principal,
  ): Promise<Page<BudgetDto>> {
    organisationScope(principal, organisationId);
    const before = decodeCursor(query.cursor, { id: 'id' })?.id as BudgetId | undefined;
    const views = await this.readBudgets.list(organisationId, { before, limit: query.limit + 1 });
    return pageOf(views, query.limit, ({ id }) => ({ id }), BudgetDto.of);
  }

  /** Shows a budget with its current period. */
  @Get(':budgetId')
  @Requires('limits:read')
  @ApiProblem(404, 'No such budget (`usage/budget_not_found`).')
  async get(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Param('budgetId', ParseIdPipe) id: BudgetId,
    @CurrentPrincipal() principal: Principal,
  ): Promise<BudgetDto> {
    organisationScope(principal, organisationId);
    return BudgetDto.of(await this.readBudgets.get({ organisationId, id }));
  }

  /** Changes what a budget allows or when it alerts. Alerts the new limit has not reached are due again. */
  @Patch(':budgetId')
  @Requires('limits:write')
  @ApiProblem(404, 'No such budget (`usage/budget_not_found`).')
  @ApiProblem(409, 'A budget of this kind and period exists there already (`usage/already_exists`).')
  async change(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Param('budgetId', ParseIdPipe) id: BudgetId,
    @Body() body: ChangeBudgetDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<BudgetDto> {
    organisationScope(principal, organisationId);
    return BudgetDto.of(await this.changeBudget.run(principal, { organisationId, id }, body));
  }

  /** Lifts a budget. */
  @Delete(':budgetId')
  @HttpCode(204)
  @Requires('limits:write')
  @ApiProblem(404, 'No such budget (`usage/budget_not_found`).')
  delete(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Param('budgetId', ParseIdPipe) id: BudgetId,
    @CurrentPrincipal() principal: Principal,
  ): Promise<void> {
    organisationScope(principal, organisationId);
    return this.deleteBudget.run(principal, { organisationId, id });
  }
}
