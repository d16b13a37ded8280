import { Body, Controller, Delete, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { AccountId, OrganisationId } from '../../../../kernel/ids.js';
import { ApiProblem, CurrentAccount, CurrentPrincipal, Requires, RequiresRecentProof } from '../../../../platform/http/access.js';
import { organisationScope } from '../../../../platform/http/organisation-scope.js';
import type { AccountPrincipal, Principal } from '../../../../platform/http/principal.js';
import { ParseIdPipe } from '../../../../platform/http/validation.js';
import { AcceptOwnership } from '../../core/ownership/accept-ownership.js';
import { EndOwnershipOffer } from '../../core/ownership/end-ownership-offer.js';
import { OfferOwnership } from '../../core/ownership/offer-ownership.js';
import { OfferOwnershipDto, OwnershipOfferDto } from './ownership.dto.js';

@ApiTags('Ownership')
@Controller('api/v1/organisations/:organisationId/ownership-offer')
export class OwnershipController {
  constructor(
    private readonly offering: OfferOwnership,
    private readonly acceptance: AcceptOwnership,
    private readonly ending: EndOwnershipOffer,
  ) {}

  /** Offers the ownership to another member, for a week. Nothing changes until they take it. */
  @Post()
  @Requires('ownership:write')
  @RequiresRecentProof()
  @ApiProblem(409, 'It is on offer already (`members/offer_exists`), or that member owns it too (`members/not_for_yourself`).')
  async offer(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Body() { accountId }: OfferOwnershipDto,
    @CurrentAccount() owner: AccountPrincipal,
  ): Promise<OwnershipOfferDto> {
    organisationScope(owner, organisationId);
    return OwnershipOfferDto.of(await this.offering.run(organisationId, accountId.toLowerCase() as AccountId, owner));
  }

  /** Reads the offer there is. */
  @Get()
  @Requires('members:read')
  @ApiProblem(404, 'Nobody offers the ownership (`members/offer_not_found`).')
  async read(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @CurrentPrincipal() principal: Principal,
  ): Promise<OwnershipOfferDto> {
    organisationScope(principal, organisationId);
    return OwnershipOfferDto.of(await this.ending.read(organisationId));
  }

  /** Takes the ownership that is offered to oneself. Whoever offered it is an admin from then on. */
  @Post('accept')
  @HttpCode(204)
  @Requires('members:read')
  @RequiresRecentProof()
  @ApiProblem(404, 'Nobody offers the ownership to this member (`members/offer_not_found`).')
  @ApiProblem(409, 'The offer has expired, or whoever made it owns the organisation no more (`members/offer_not_valid`).')
  async accept(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @CurrentAccount() receiver: AccountPrincipal,
  ): Promise<void> {
    organisationScope(receiver, organisationId);
    await this.acceptance.run(organisationId, receiver);
  }

  /** Ends the offer: its receiver declines, or an owner withdraws it. */
  @Delete()
  @HttpCode(204)
  @Requires('members:read')
  @ApiProblem(404, 'Nobody offers the ownership (`members/offer_not_found`).')
  async end(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @CurrentAccount() account: AccountPrincipal,
  ): Promise<void> {
    organisationScope(account, organisationId);
    await this.ending.run(organisationId, account);
  }
}
